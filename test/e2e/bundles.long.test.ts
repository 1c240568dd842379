import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FleetRow } from '../../src/projections/index.ts';
import { Company, refusalOf } from '../support/companies.ts';
import { filesHolding, secretForms } from '../support/secret-forms.ts';

// A vendor and a bank without any line between them; each test goes on where the one before it ended.
const root = mkdtempSync(join(tmpdir(), 'crossgap-bundles-'));
const acme = new Company(root, 'acme');
const bank = new Company(root, 'bankair');
const media = join(root, 'media');
const back = join(root, 'back');
const password = 'Tr0ub4dor&3 at the bank';

const process = `
process: Orders
inputs:
  Db.Password: { secret: true }
steps:
  - name: Web
    package: Orders.Web
    features: { substitute-in-files: [settings.json] }
`;

type Made = {
  readonly bundle: number;
  readonly entries: number;
  readonly packages: number;
  readonly hasReceipt: boolean;
  readonly parts: { readonly part: number; readonly file: string; readonly size: number }[];
  readonly leftOut: { readonly package: string; readonly size: number; readonly carried: number }[];
};
type Taken = {
  readonly bundles: { readonly bundle: number; readonly outcome: string; readonly packages: string[] }[];
  readonly entries: number;
  readonly offered: string[];
};
type Seen = {
  readonly complete: boolean;
  readonly missing: number[];
  readonly parts: { readonly ok: boolean }[];
};
type Listed = { readonly bundle: number; readonly receipted: boolean }[];

// Does not compress, so that there is something to cut.
const filler = Buffer.concat(
  Array.from({ length: 4000 }, (_, at) => createHash('sha256').update(`${at}`).digest()),
);

async function release(number: string): Promise<void> {
  const file = await acme.package('Orders.Web', number, {
    'settings.json': '{ "password": "#{Db.Password}" }\n',
    'filler.bin': filler,
  });
  await acme.does('package', 'add', file);
  await acme.does('release', 'create', 'Orders', number, '--package', `Orders.Web@${number}`);
  await acme.does('release', 'publish', number, '--to', 'bankair');
}

const exportTo = (...more: string[]): Promise<Made> =>
  acme.does<Made>('bundle', 'export', '--to', 'bankair', '--out', media, ...more);

beforeAll(async () => {
  await Promise.all([acme.init(), bank.init()]);
  const invite = ['link', 'invite', 'bankair', '--by-hand', '--out', join(root, 'invitation')];
  const { words } = await acme.does<{ words: string }>(...invite);
  const accept = ['link', 'accept', join(root, 'invitation'), '--by-hand', '--fingerprint', words];
  const { ourWords } = await bank.does<{ ourWords: string }>(...accept, '--out', join(root, 'reply'));
  await acme.does('link', 'confirm', join(root, 'reply'), '--fingerprint', ourWords);
  acme.file('orders.yaml', process);
  await acme.does('process', 'publish', 'orders.yaml');
  await bank.does('environment', 'add', 'production');
  await release('3.2.0');
});
afterAll(async () => {
  await Promise.all([acme.endAll(), bank.endAll()]);
  rmSync(root, { recursive: true, force: true });
});

test('J2.14 a preview prints every line that would leave, and writes nothing', async () => {
  const answer = await acme.types(['bundle', 'export', '--to', 'bankair', '--preview']);
  expect(answer.exitCode).toBe(0);
  expect(answer.stdout).toContain('introduction: instance name, public keys and company certificate');
  expect(answer.stdout).toContain('release Orders 3.2.0 offered');
  expect(answer.stdout).toContain('Orders.Web 3.2.0');
  expect(await acme.does<Listed>('bundle', 'list')).toEqual([]);
});

test('J2.1 J2.2 an export says what is in it, in which parts, and that no receipt came', async () => {
  const made = await exportTo('--release', '3.2.0', '--part-size', '64KiB');
  expect(made).toMatchObject({ bundle: 1, packages: 1, hasReceipt: false });
  expect(made.parts.length).toBeGreaterThan(1);
  expect(readFileSync(join(media, 'transport-cg000001.txt'), 'utf8')).toContain('bundle 1 for bankair');
});

test('J2.17 a bundle without a receipt stands in the list, in the fleet and beside its link as such', async () => {
  const fleet = (await acme.types(['fleet'])).stdout;
  expect(fleet).toContain('BY BUNDLE');
  expect(fleet.replaceAll(/\s+/g, ' ')).toMatch(
    /\d sent, no receipt yet \(bundle 1, (?:just now|\d+ s ago)\)/,
  );
  expect((await acme.types(['link', 'list'])).stdout.replaceAll(/\s+/g, ' ')).toContain('no receipt yet');
  expect(await acme.does<Listed>('bundle', 'list', 'bankair')).toMatchObject([
    { bundle: 1, receipted: false },
  ]);
});

test('J2.3 J2.4 who has neither key nor data folder sees what is missing, and that part is made again', async () => {
  const courier = new Company(join(root, 'nowhere'), 'courier', join(root, 'courier-desk'));
  expect(await courier.does<Seen>('bundle', 'inspect', media)).toMatchObject({
    bundle: 1,
    from: 'acme',
    to: 'bankair',
    complete: true,
    missing: [],
    packages: 1,
    sealed: true,
  });
  const lost = join(media, 'cg000001.002');
  renameSync(lost, join(root, 'lost'));
  const answer = await courier.types(['bundle', 'inspect', media, '--json']);
  const { code, hint } = refusalOf(4, ['bundle', 'inspect'], answer);
  expect(code).toBe('BUNDLE_PART_MISSING');
  expect(hint).toContain('--bundle 1 --part 2');
  expect(JSON.parse(answer.stdout)).toMatchObject({ complete: false, missing: [2] });
  // What is there is taken in meanwhile, and nothing is lost by it.
  expect((await bank.isRefused(4, 'bundle', 'import', media)).code).toBe('BUNDLE_PART_MISSING');
  await exportTo('--bundle', '1', '--part', '2');
  expect(readFileSync(lost).equals(readFileSync(join(root, 'lost')))).toBe(true);
});

test('J2.7 an import says what came, and twice changes nothing', async () => {
  const taken = await bank.does<Taken>('bundle', 'import', media);
  expect(taken.bundles).toMatchObject([{ bundle: 1, outcome: 'taken in', packages: ['Orders.Web 3.2.0'] }]);
  const again = await bank.types(['bundle', 'import', media]);
  expect(again.exitCode).toBe(0);
  expect(again.stdout).toContain('nothing new');
  const offers = await bank.does<{ release: string }[]>('inbox');
  expect(JSON.stringify(offers)).toContain('3.2.0');
});

test('J2.16 the plant reaches out to nobody, and listens where its status page is alone', async () => {
  const notes = join(root, 'network');
  const env = {
    NETWORK_NOTES: notes,
    NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/note-network.mjs')}`,
  };
  await bank.gives(password, 'input', 'set', 'Db.Password', '--secret', '--env', 'production');
  {
    await using daemon = await bank.daemon(env);
    await bank.types(['bundle', 'import', media], { env });
    const run = ['deploy', '3.2.0', '--env', 'production', '--wait', '--json'];
    const deployed = await bank.types(run, { env });
    expect(deployed.exitCode, deployed.stderr).toBe(0);
    expect(daemon.address).toContain('127.0.0.1');
    await bank.types(['bundle', 'export', '--to', 'acme', '--out', back], { env });
  }
  const noted = readFileSync(notes, 'utf8').trimEnd().split('\n');
  expect(noted).toHaveLength(1);
  expect(noted[0]).toMatch(/^listen .*"127\.0\.0\.1"/);
});

test('J2.6 J2.10 the way back is a few kB without any secret', async () => {
  const bytes = readdirSync(back).map((name) => readFileSync(join(back, name)));
  expect(bytes.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(20_000);
  expect(filesHolding(back, secretForms(password))).toEqual(new Map());
});

test('J2.17 the fleet knows what runs at the plant once the receipt came', async () => {
  const fleet = (): Promise<FleetRow[]> => acme.does<FleetRow[]>('fleet');
  expect((await fleet()).some(({ environment }) => environment === 'production')).toBe(false);
  await acme.does<Taken>('bundle', 'import', back);
  expect(await fleet()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        customer: 'bankair',
        environment: 'production',
        release: '3.2.0',
        bundle: expect.objectContaining({ number: 1, receipted: true, receiptedNumber: 1 }),
      }),
    ]),
  );
  expect(await acme.does<Listed>('bundle', 'list', 'bankair')).toMatchObject([
    { bundle: 1, receipted: true },
  ]);
});

test('J2.8 a bundle that came before the one it builds on waits; one for somebody else is refused', async () => {
  await release('3.3.0');
  // The filler is in the package that the receipt tells of; it is not carried again.
  const preview = (await acme.types(['bundle', 'export', '--to', 'bankair', '--preview'])).stdout;
  expect(preview).toMatch(/Left out[^]*Orders\.Web 3\.3\.0: .* the rest is in Orders\.Web 3\.2\.0/);
  const { leftOut } = await exportTo();
  expect(leftOut).toMatchObject([{ package: 'Orders.Web 3.3.0', heldIn: ['Orders.Web 3.2.0'] }]);
  expect(leftOut[0]!.carried).toBeLessThan(leftOut[0]!.size / 4);
  await acme.does('release', 'withdraw', '3.2.0', '--reason', 'loses orders');
  const last = await exportTo('--after', '2');
  expect(last).toMatchObject({ bundle: 3, packages: 0, entries: 1 });
  const early = join(root, 'early');
  mkdirSync(early);
  for (const { file } of last.parts) copyFileSync(file, join(early, 'RENAMED.BIN'));
  const waiting = await bank.isRefused(7, 'bundle', 'import', early);
  expect(waiting.message).toMatch(/have \d+, this begins at \d+, bundle 2 is missing/);
  expect((await acme.isRefused(4, 'bundle', 'import', media)).code).toBe('BUNDLE_NOT_FOR_US');
  const taken = await bank.does<Taken>('bundle', 'import', media);
  expect(taken.bundles.map(({ bundle, outcome }) => [bundle, outcome])).toEqual([
    [1, 'nothing new'],
    [2, 'taken in'],
    [3, 'taken in'],
  ]);
  expect(taken.offered).toEqual(['acme:Orders/3.3.0']);
});

test('what contradicts itself on the command line is refused', async () => {
  for (const wrong of [
    ['--part', '1'],
    ['--bundle', '1', '--again'],
    ['--after', '9'],
    ['--part-size', 'much'],
  ])
    expect(
      (await acme.isRefused(2, 'bundle', 'export', '--to', 'bankair', '--out', media, ...wrong)).code,
    ).toBe('USAGE_INVALID');
});
