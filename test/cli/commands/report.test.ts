import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { DeploymentView, FleetRow } from '../../../src/projections/index.ts';
import { makeInstance, makeVendor, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder } from '../typed.ts';

type Preview = { lines: { id: string; text: string; mayBeStruck: boolean }[]; log: string | null };
type Told = { changed: boolean; entry: number; struck: string[] };

const root = freshFolder(memory);
let acme: Company;
let bankair: Company;
let failed: DeploymentView;
let carried = 0;

const wordsOf = async (one: Company): Promise<string> =>
  (await one.asks<{ instance: { fingerprint: string } }>('status')).instance.fingerprint;

/** What one has for the other, as files that somebody carries; `preview` is what was told of them before. */
async function carry(from: Company, to: Company, name: string): Promise<string> {
  const medium = join(root, `medium-${(carried += 1)}`);
  mkdirSync(medium);
  const { stdout } = await from.types(['bundle', 'export', '--to', name, '--preview']);
  await from.asks(['bundle', 'export', '--to', name, '--out', medium]);
  await to.asks(['bundle', 'import', medium]);
  return stdout;
}

/** A plant that nobody reaches deployed acme's release, where a script of it fails; nothing was told of that. */
beforeAll(async () => {
  acme = await makeVendor(root);
  bankair = await makeInstance(root, 'bankair');
  const open = join(root, 'open.yaml');
  writeFileSync(
    open,
    `process: Orders
inputs:
  Db: { secret: true }
steps:
  - name: Hello
    run: { bash: "echo hello" }
  - name: Web
    package: Orders.Web
    features: { substitute-in-files: [settings.json] }
    scripts: { post-deploy: { bash: "echo the database said no; exit #{Exit.Code}" } }
  - name: Check
    run: { bash: "true" }
variables:
  Site.Title: Orders
  Site.Port: "80"
  Exit.Code: [{ value: 3, environments: [plant] }, { value: 0 }]
`,
  );
  await acme.asks(['process', 'publish', open]);
  await acme.asks('release create Orders 2.0.0 --package Orders.Web@1.0.0');
  await acme.asks('input set Db', { input: 'vendor-password' });
  await acme.asks('deploy 2.0.0 --env integration --wait');
  const [invitation, reply] = [join(root, 'invitation.json'), join(root, 'reply.json')];
  await acme.asks(['link', 'invite', 'bankair', '--by-hand', '--out', invitation]);
  const words = await wordsOf(acme);
  const accept = ['link', 'accept', invitation, '--by-hand', '--out', reply];
  await bankair.asks([...accept, '--fingerprint', words]);
  await acme.asks(['link', 'confirm', reply, '--fingerprint', await wordsOf(bankair)]);
  await acme.asks('release publish 2.0.0 --to bankair');
  await carry(acme, bankair, 'bankair');
  writeFileSync(join(bankair.data, 'crossgap.toml'), '[report]\nwhen = "asked"\n');
  await bankair.asks('environment add plant');
  await bankair.asks('input set Db', { input: 'plant-password' });
  const ended = await bankair.types('deploy 2.0.0 --env plant --wait --json');
  expect(ended.exitCode).toBe(6);
  [failed] = (await bankair.asks<DeploymentView[]>('deployment list')) as [DeploymentView];
  // What was appended so far is carried, so that what is asked for comes alone.
  await carry(bankair, acme, 'acme');
});

test('nothing of a run is told before somebody says so, and it is known which are not', async () => {
  expect(failed.state).toBe('failed');
  expect(await acme.asks('fleet')).toMatchObject([{ environment: null, release: null, lastAttempt: null }]);
  const { stdout } = await bankair.types(`deployment show ${failed.id}`);
  expect(stdout).toMatch(/^told: +nobody yet$/m);
  expect(await bankair.asks('report --untold')).toMatchObject([{ deployment: failed.id, link: 'acme' }]);
  expect((await acme.types(`deployment show ${failed.id} --json`)).exitCode).toBe(2);
});

test('every line that would leave is printed with its name, and nothing is written', async () => {
  const before = (await bankair.types('feed show acme')).stdout;
  const { lines, log } = await bankair.asks<Preview>('report --preview --with-log --rating 2');
  expect(lines.map(({ id }) => id)).toEqual(
    expect.arrayContaining([
      'release',
      'outcome',
      'step.2.times',
      'step.2.error',
      'last-lines.1',
      'log',
      'rating',
    ]),
  );
  expect(log).toContain('the database said no');
  const { stdout } = await bankair.types('report --preview --strike step.2.error');
  expect(stdout).toContain('  step.2.error\n      step 2, error: struck out\n');
  expect(stdout).toContain('  outcome (always told)\n      failed\n');
  expect((await bankair.types('feed show acme')).stdout).toBe(before);
});

test.each([
  ['report --strike outcome', 'REPORT_WISH_UNFIT'],
  ['report --strike eror', 'REPORT_WISH_UNFIT'],
  ['report --rating 7', 'USAGE_INVALID'],
  ['report d-unknown-1', 'REPORT_UNKNOWN'],
])('crossgap %s is refused as %s', async (line, code) => {
  expect(await bankair.types(`${line} --json`)).toMatchObject({ exitCode: 2, error: { code } });
});

test('a run of an own release is told to nobody', async () => {
  const [own] = await acme.asks<DeploymentView[]>('deployment list');
  expect(await acme.types(`report ${own!.id} --json`)).toMatchObject({
    exitCode: 3,
    error: { code: 'REPORT_OWN' },
  });
});

test('J2.14 J2.17 what is struck out leaves a gap that can be seen, under a signature that holds', async () => {
  const strike = ['--strike', 'step.1', '--strike', 'step.2.error', '--strike', 'last-lines.1'];
  const said = ['--rating', '2', '--comment', 'the DBA was on holiday', '--with-log'];
  const told = await bankair.asks<Told>(['report', failed.id, ...strike, ...said]);
  expect(told).toMatchObject({ changed: true, struck: ['step.1', 'step.2.error', 'last-lines.1'] });
  expect(await bankair.asks(['report', failed.id, ...strike, ...said])).toMatchObject({ changed: false });
  const preview = await carry(bankair, acme, 'acme');
  for (const line of ['step 1: struck out', 'step 2, error: struck out', 'comment: the DBA was on holiday'])
    expect(preview).toContain(`\n      ${line}\n`);
  expect(preview).toMatch(new RegExp(`log of ${failed.id}$`, 'm'));
  expect(await acme.asks('log verify --full')).toMatchObject({ ok: true });
  const [row] = await acme.asks<FleetRow[]>('fleet');
  expect(row).toMatchObject({
    environment: 'plant',
    release: null,
    lastAttempt: { release: '2.0.0', state: 'failed', exitCode: 3, rating: 2, struck: 3 },
  });
  expect(row!.lastAttempt!.durationMs).toBeGreaterThan(0);
  const { stdout } = await acme.types('fleet');
  expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(/took [\d.]+ s, exit code 3, rated 2 of 5, 3 lines struck/);
});

test('J2.18 the vendor reads step, convention, exit status and last lines, and repeats the decisions', async () => {
  const { stdout } = await acme.types(`deployment show ${failed.id}`);
  expect(stdout).toMatch(/^stopped at: +step 2 "Web", convention 14 \(PostDeploy\)$/m);
  expect(stdout).toMatch(/^exit code: +3$/m);
  expect(stdout).toMatch(/^comment: +the DBA was on holiday$/m);
  expect(stdout).toMatch(/^struck out: +by the operator: step 1; step 2, error; last lines 1$/m);
  expect(stdout).toMatch(/^Step 1: struck out by the operator$/m);
  expect(stdout).toMatch(/^Step 2 Web: failed after [\d.]+ s, exit code 3$/m);
  expect(stdout).toMatch(/The last lines of its log\n {2}\(struck out\)$/m);
  const log = await acme.types(`deployment log ${failed.id}`);
  expect(log.stdout).toContain('the database said no');
  expect(log.stdout).not.toContain('plant-password');
  const replayed = await acme.asks<{ same: boolean; notRepeated: string[] }>(
    `deployment replay ${failed.id}`,
  );
  expect(replayed.same).toBe(true);
  expect(replayed.notRepeated).toContain('step 1: struck out by the operator');
});

test('what was told stays told: another report stands for it, and it is said what of it is known', async () => {
  const { stdout } = await bankair.types(['report', failed.id, '--strike', 'error', '--strike', 'step.1']);
  expect(stdout).toMatch(/Entry \d+ told of it before and stays: whoever holds it knows error$/m);
  expect(stdout).toContain('It goes with the next bundle: `crossgap bundle export --to acme --out DIR`');
  await carry(bankair, acme, 'acme');
  const view = await acme.asks<DeploymentView>(`deployment show ${failed.id}`);
  expect(view).toMatchObject({ error: null, report: { rating: null, struck: ['error', 'step 1'] } });
});
