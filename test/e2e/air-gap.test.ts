import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Company, program } from '../support/companies.ts';
import { filesHolding, secretForms } from '../support/secret-forms.ts';

/** The part of the plant's connection string that nobody may read. */
const secret = 'amber-Lantern-2209';

const folder = mkdtempSync(join(tmpdir(), 'crossgap-air-gap-'));
const out = join(folder, 'story');
let told = '';
let exitCode: number | null = null;

beforeAll(async () => {
  const args = ['demo', '--story', 'air-gap', '--exit', '--out', out];
  const demo = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [demo.stdout, demo.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (told += text));
  }
  [exitCode] = (await once(demo, 'close')) as [number | null];
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const partsIn = (medium: string): string[] =>
  readdirSync(join(out, 'media', medium)).filter((name) => /\.\d{3}$/.test(name));

test('the story ends well and tells all its points in order', () => {
  expect(exitCode, told).toBe(0);
  expect([...told.matchAll(/^([1-9])\. /gm)].map(([, number]) => Number(number))).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8,
  ]);
});

test('J2.4 J2.5 each refusal is shown with its exit code, the altered part with the hop it passed before', () => {
  const refused = [...told.matchAll(/\[([A-Z_]+)\](?:(?!\$ crossgap)[^])*?└ exit (\d)/g)];
  expect(refused.map(([, code, exit]) => `${code} ${exit}`)).toEqual([
    'BUNDLE_PART_MISSING 4',
    'BUNDLE_PART_MISSING 4',
    'RELAY_PART_ALTERED 4',
  ]);
  expect(told).toMatch(/part 2 of bundle 1: it was altered after bankair-dmz \(/);
});

test('J2.4 only the lost part was made again, and the jump host passed all on as it came', () => {
  expect(partsIn('second-stick')).toEqual(['cg000001.003']);
  for (const part of partsIn('onward')) {
    const before = part === 'cg000001.003' ? 'second-stick' : 'stick';
    const [here, there] = ['onward', before].map((medium) => readFileSync(join(out, 'media', medium, part)));
    expect(here!.equals(there!), part).toBe(true);
  }
});

test('J2.5 J2.17 the vendor sees how far the bundle came, then the receipt and its age', async () => {
  expect(told).toMatch(/passed bankair-dmz \S.*, no receipt yet/);
  type Fleet = { customer: string; environment: string; release: string; state: string; ageSeconds: number };
  await using acme = new Company(out, 'acme');
  const fleet = await acme.does<Fleet[]>('fleet');
  expect(fleet).toMatchObject([
    { customer: 'bankair', environment: 'production', release: '1.0.0', state: 'succeeded' },
  ]);
  expect(fleet[0]!.ageSeconds).toBeGreaterThanOrEqual(0);
  type Listed = { receipted: boolean; hops: { name: string }[] }[];
  const list = await acme.does<Listed>('bundle', 'list', 'bankair');
  expect(list).toMatchObject([{ receipted: true, hops: [{ name: 'bankair-dmz' }, { name: 'bankair' }] }]);
});

test('the application ran at the plant', () => {
  expect(told).toContain('own page at the plant says: Orders 1.0.0 · Production');
});

test("INV-8 J2.10 the plant's secret lies in its own configuration and on no medium, at no other company", () => {
  const places = [...filesHolding(out, secretForms(secret)).keys()].map((file) => relative(out, file));
  expect(places).toContain('site/Web.config');
  const isAtPlant = (place: string): boolean =>
    /^(?:site|bankair\/apps\/production)\/(?:[^/]+\/)*Web\.config$/.test(place);
  expect(places.filter((place) => !isAtPlant(place))).toEqual([]);
  expect(told).not.toContain(secret);
});

test('the application that the story started has ended with it', () => {
  const pid = readFileSync(join(out, 'site.pid'), 'utf8').trim();
  let commandLine = '';
  try {
    commandLine = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOENT' });
  }
  expect(commandLine).not.toContain('server.js');
});
