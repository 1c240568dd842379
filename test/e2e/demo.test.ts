import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Company, program } from '../support/companies.ts';
import { filesHolding, secretForms } from '../support/secret-forms.ts';

/** The part of the demo's connection string that nobody may read. */
const secret = 'violet-Harbour-4711';

const folder = mkdtempSync(join(tmpdir(), 'crossgap-demo-test-'));
const out = join(folder, 'story');
let told = '';
let exitCode: number | null = null;

beforeAll(async () => {
  const demo = spawn(process.execPath, [program, 'demo', '--exit', '--out', out], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [demo.stdout, demo.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (told += text));
  }
  [exitCode] = (await once(demo, 'close')) as [number | null];
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the story ends well and tells all eight points in order', () => {
  expect(exitCode, told).toBe(0);
  expect([...told.matchAll(/^([1-9])\. /gm)].map(([, number]) => Number(number))).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8,
  ]);
  expect(told).toContain('try: `crossgap release verdict Orders/1.0.0 --ok`.');
  expect(told).toContain('page.html was changed on the way; it has been asked for again');
  expect(told).toMatch(/Everything stays in .*story until you remove it\.\nNext: /);
});

test('the story shows each refusal with its exit code, and what runs at the end', () => {
  const refused = [...told.matchAll(/\[([A-Z_]+)\](?:(?!\$ crossgap)[^])*?└ exit (\d)/g)];
  expect(refused.map(([, code, exit]) => `${code} ${exit}`)).toEqual([
    'GATE_CLOSED 3',
    'INPUT_MISSING 5',
    'DEPLOYMENT_FAILED 6',
    'RELEASE_PART_REFUSED 4',
  ]);
  expect(told).toMatch(/deploy 1\.1\.0 --env production --wait(?:(?!\$ crossgap)[^])*└ exit 6/);
  expect(told.match(/own page at contoso says: Orders 1\.0\.0 · Production/g)).toHaveLength(2);
});

test('INV-8 the secret stands in the configuration of the deployed application and in no other file', () => {
  const found = filesHolding(out, secretForms(secret));
  const places = [...found.keys()].map((file) => relative(out, file));
  expect(places).toEqual(expect.arrayContaining(['sites/production/Web.config', 'sites/uat/Web.config']));
  const elsewhere = places.filter(
    (place) => !/^(?:sites|contoso\/apps)\/(?:uat|production)\/(?:[^/]+\/)*Web\.config$/.test(place),
  );
  expect(elsewhere).toEqual([]);
  expect(told).not.toContain(secret);
});

test('INV-8 the search for a secret finds it in every form, whatever stands around it', () => {
  for (const [name, form] of secretForms('päss "<word>" & \'4711\'')) {
    expect(form.length, name).toBeGreaterThan(10);
  }
  for (const offset of [0, 1, 2]) {
    const around = Buffer.from(`${'x'.repeat(offset)}${secret}yz`).toString('base64');
    const forms = [...secretForms(secret).values()].map((form) => form.toString('latin1'));
    expect(
      forms.some((form) => around.includes(form)),
      `offset ${offset}`,
    ).toBe(true);
  }
});

test('both sides verify the whole history offline and hold the same heads of the feeds they share', async () => {
  type Report = { ok: boolean; feeds: { feed: string; seq: number; head: string; audience: string }[] };
  await using acme = new Company(out, 'acme');
  await using contoso = new Company(out, 'contoso');
  const [ours, theirs] = await Promise.all([
    acme.does<Report>('log', 'verify', '--full'),
    contoso.does<Report>('log', 'verify', '--full'),
  ]);
  expect([ours.ok, theirs.ok]).toEqual([true, true]);
  const shared = ({ feeds }: Report): string[] =>
    feeds
      .filter(({ audience }) => audience !== 'self')
      .map(({ feed, seq, head }) => `${feed} ${seq} ${head}`)
      .toSorted();
  expect(shared(ours)).toHaveLength(2);
  expect(shared(ours)).toEqual(shared(theirs));
});

test('INV-6 every view follows from the log: made again, it has the content it had', async () => {
  const rebuilt = await Promise.all(
    ['acme', 'contoso'].map(async (name) => {
      await using company = new Company(out, name);
      return await company.does<{ ok: boolean; changed: string[] }>('log', 'rebuild');
    }),
  );
  expect(rebuilt).toMatchObject([
    { ok: true, changed: [] },
    { ok: true, changed: [] },
  ]);
});

test('the applications that the story started have ended with it', () => {
  for (const place of ['integration', 'qa', 'uat', 'production']) {
    const pid = Number(readFileSync(join(out, 'sites', `${place}.pid`), 'utf8'));
    expect(commandOf(pid), place).not.toContain('server.js');
  }
});

/** Empty where the process has ended. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}
