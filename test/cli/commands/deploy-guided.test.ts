import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { exitCodes } from '../../../src/errors.ts';
import { tryLock } from '../../../src/lock.ts';
import type { Check } from '../../../src/guide/index.ts';
import { effectsIn } from '../../support/companies.ts';
import { endsExecutor, makeVendor, processText, secret, type Vendor } from '../site/vendor.ts';
import { freshFolder, personAt, type Answer, type How, type Person } from '../typed.ts';

type Checked = { readonly did: string; readonly checks: readonly Check[] };
type Deployment = { readonly id: string; readonly state: string; readonly release: string };

const root = freshFolder();
const answers = join(root, 'answers.yaml');
const cut = join(root, 'cut');
const once = { stop: 1, deploy: 1, start: 1 };
let vendor: Vendor;
let acme: Person;
let turn = 0;

const guided = (number: string, more: readonly string[] = [], how?: How): Promise<Answer> =>
  acme.types(['deploy', number, '--env', 'production', '--guided', ...more, '--json'], how);
const byAnswers = (number: string, ...more: readonly string[]): Promise<Answer> =>
  guided(number, ['--answers', answers, ...more]);
const runs = (): Promise<Deployment[]> => acme.asks('deployment list');

function answering(...lines: readonly string[]): void {
  writeFileSync(answers, `${lines.join('\n')}\n`);
}

/** 1.0.0 asks three questions, 1.1.0 one more and a person; nothing of it was deployed anywhere. */
beforeAll(async () => {
  vendor = await makeVendor(root);
  await vendor.asks('environment add production');
  await vendor.release('1.0.0', { to: [], more: endsExecutor(cut) });
  const manual = '  - name: Ask the DBA\n    manual: { instructions: "Note the ticket" }\n';
  const file = join(root, 'next.yaml');
  const text = processText(vendor.marks, 'true', manual);
  writeFileSync(file, text.replace('  Smtp.Host:', '  Site.Name: { label: Name of the site }\n  Smtp.Host:'));
  await vendor.asks(['process', 'publish', file]);
  await vendor.asks('release create Orders 1.1.0 --package Orders.Web@1.0.0');
  writeFileSync(join(root, 'password'), `${secret}\n`);
});

beforeEach(() => {
  turn += 1;
  const data = join(root, `acme-${turn}`);
  cpSync(vendor.data, data, { recursive: true });
  for (const folder of [data, join(data, 'keys')]) chmodSync(folder, 0o700);
  acme = personAt(data);
  writeFileSync(vendor.marks, '');
  answering('values:', '  Db.Password: { file: password }', '  Site.Port: 9090');
});

describe('what contradicts itself is refused before anything is looked at:', () => {
  test.each([
    [['--guided', '--plan'], '--guided and --plan exclude one another'],
    [['--guided', '--checks'], '--guided and --checks exclude one another'],
    [['--guided', '--collect', '*'], '--guided and --collect exclude one another'],
    [['--guided', '--on-failure', 'retry'], '--guided and --on-failure exclude one another'],
    [['--guided', '--web', '--answers', 'x.yaml'], '--web and --answers exclude one another'],
    [['--guided', '--if-interrupted', 'rseume'], 'there is no such way'],
    [['--check'], '--check: that is for the guide'],
    [['--answers', 'x.yaml'], '--answers: that is for the guide'],
  ])('%j', async (more, why) => {
    const answer = await acme.types(['deploy', '1.0.0', '--env', 'production', ...more, '--json']);
    expect(answer.exitCode).toBe(exitCodes.misused);
    expect(answer.error).toMatchObject({ code: 'USAGE_INVALID' });
    expect(answer.error.message).toContain(why);
  });
});

test.each([
  ['7.0.0', 'production', 'RELEASE_UNKNOWN'],
  ['1.0.0', 'nowhere', 'ENVIRONMENT_UNKNOWN'],
])('%s to %s is refused as by a plain deploy', async (number, env, code) => {
  const answer = await acme.types(['deploy', number, '--env', env, '--guided', '--json']);
  expect(answer).toMatchObject({ exitCode: exitCodes.misused, stdout: '', error: { code } });
});

test('J2.9 where nobody can be asked what is missing is named; a file to fill in is written, looked through, and deployed by', async () => {
  const nothing = await guided('1.0.0');
  expect(nothing).toMatchObject({ exitCode: exitCodes.inputMissing, error: { code: 'ANSWERS_MISSING' } });
  expect(nothing.error.message).toContain('Db.Password (Main database), a secret');

  const template = join(root, `template-${turn}.yaml`);
  const written = await guided('1.0.0', ['--write-answers', template]);
  expect(written).toMatchObject({ exitCode: exitCodes.done, json: { did: 'asked', answers: template } });
  const text = readFileSync(template, 'utf8');
  expect(text).toContain('  # Main database (a secret, needed). As your DBA wrote it down\n');
  expect(text).toContain('environment: production\n');
  expect(text).not.toMatch(/^#? ?(?:maker|certificate|name|result):/m);
  writeFileSync(template, text.replace('{ file: "" }', '{ file: password }'));

  const looked = await guided('1.0.0', ['--answers', template, '--check']);
  expect(looked).toMatchObject({ exitCode: exitCodes.done, json: { did: 'checked', deployment: null } });
  const daemon = (looked.json as Checked).checks.find(({ id }) => id === 'daemon');
  expect(daemon).toMatchObject({ state: 'good', found: 'none runs here; this program does the work itself' });
  expect(await runs()).toEqual([]);
  expect(await acme.asks('input list')).toMatchObject({ inputs: [] });

  const done = await guided('1.0.0', ['--answers', template]);
  expect(done).toMatchObject({
    exitCode: exitCodes.done,
    json: { did: 'installed', environment: 'production', deployment: { state: 'succeeded' }, result: null },
  });
  expect(effectsIn(vendor.marks)).toEqual(once);
  for (const said of [looked, done]) expect(said.stdout + said.stderr).not.toContain('tr0ub4dor');
  const told = done.stderr.trimEnd().split('\n');
  const pages = told.flatMap((line) => (JSON.parse(line) as { page?: string }).page ?? []);
  expect([...new Set(pages)]).toEqual(['release', 'inputs', 'checks', 'summary', 'running']);
});

test('J2.9 answers are kept as `input set` keeps them, and of the next version only what is new is asked', async () => {
  expect(await byAnswers('1.0.0')).toMatchObject({ exitCode: exitCodes.done });
  const kept = await acme.asks<{ inputs: object[] }>('input list');
  expect(kept.inputs).toMatchObject([
    { name: 'Db.Password', environment: 'production', secret: true },
    { name: 'Site.Port', environment: 'production', value: '9090' },
  ]);
  expect(JSON.stringify(kept)).not.toContain('tr0ub4dor');

  answering('steps: { ask-the-dba: { answer: approve, by: Ann } }');
  const next = await byAnswers('1.1.0');
  expect(next).toMatchObject({ exitCode: exitCodes.inputMissing, error: { code: 'ANSWERS_MISSING' } });
  expect(next.error.message).toContain(': Site.Name (Name of the site) is not answered');
  answering('values: { Site.Name: Hill }', 'steps: { ask-the-dba: { answer: approve, by: Ann } }');
  expect(await byAnswers('1.1.0')).toMatchObject({ exitCode: exitCodes.done, json: { did: 'installed' } });
});

test('what an installer asks and what is for another environment is refused with all of it, and nothing is done', async () => {
  answering('maker: one two three', 'environment: uat', 'new-environment: true', 'result: { rating: 5 }');
  const { exitCode, error } = await byAnswers('1.0.0');
  expect({ exitCode, code: error.code }).toEqual({ exitCode: exitCodes.misused, code: 'ANSWERS_INVALID' });
  expect(error.message).toContain('line 1, column 8: maker is asked of an installer only (and 3 more)');
  expect(JSON.stringify(error.details)).toContain('new-environment is asked of an installer only');
  expect(JSON.stringify(error.details)).toContain('these are answers for uat, and it goes to production');
  expect(await runs()).toEqual([]);
});

test('a step of a person waits, exit 3; with its answer the same run goes on', async () => {
  const values = readFileSync(answers, 'utf8');
  answering(values, '  Site.Name: Hill');
  const waits = await byAnswers('1.1.0');
  expect(waits).toMatchObject({ exitCode: exitCodes.refused, error: { code: 'INSTALL_WAITS' } });
  answering('steps: { ask-the-dba: { answer: approve, by: M. Example, note: ticket 4711 } }');
  expect(await byAnswers('1.1.0')).toMatchObject({ exitCode: exitCodes.done, json: { did: 'installed' } });
  expect(await runs()).toHaveLength(1);
  expect(effectsIn(vendor.marks)).toEqual(once);
});

describe('J2.12 a run that was cut off is told where it stopped, and there is no default:', () => {
  beforeEach(async () => {
    writeFileSync(cut, acme.data);
    const broken = await byAnswers('1.0.0');
    expect(broken).toMatchObject({
      exitCode: exitCodes.deploymentFailed,
      error: { code: 'INSTALL_INTERRUPTED' },
    });
    const again = await byAnswers('1.0.0');
    expect(again).toMatchObject({
      exitCode: exitCodes.deploymentFailed,
      error: { code: 'INSTALL_INTERRUPTED', details: { ways: ['resume', 'start-over', 'leave'] } },
    });
    expect(again.error.message).toContain('step 2 of 3, Web, at convention 10 of 15');
  });

  test.each([
    ['resume', exitCodes.done, { ...once, deploy: 2 }, 1],
    ['start-over', exitCodes.done, { stop: 2, deploy: 2, start: 1 }, 2],
    ['leave', exitCodes.refused, { stop: 1, deploy: 1 }, 1],
    ['roll-back', exitCodes.refused, { stop: 1, deploy: 1 }, 1],
  ] as const)('%s', async (way, exitCode, effects, count) => {
    expect((await byAnswers('1.0.0', '--if-interrupted', way)).exitCode).toBe(exitCode);
    expect(effectsIn(vendor.marks)).toEqual(effects);
    expect(await runs()).toHaveLength(count);
  });
});

test('a release that failed keeps nobody from deploying the one that mends it', async () => {
  const file = join(root, `fails-${turn}.yaml`);
  writeFileSync(file, processText(vendor.marks, 'exit 1'));
  await acme.asks(['process', 'publish', file]);
  await acme.asks('release create Orders 0.9.0 --package Orders.Web@1.0.0');
  const failed = await byAnswers('0.9.0');
  expect(failed).toMatchObject({ exitCode: exitCodes.deploymentFailed, error: { code: 'INSTALL_FAILED' } });
  // Values are kept; that it may begin is said each time.
  expect(await guided('1.0.0')).toMatchObject({
    exitCode: exitCodes.inputMissing,
    error: { code: 'ANSWERS_MISSING', details: { missing: ['whether it may begin'] } },
  });
  expect(await runs()).toHaveLength(1);
  answering('');
  expect(await byAnswers('1.0.0')).toMatchObject({ exitCode: exitCodes.done, json: { did: 'installed' } });
  expect((await runs()).map(({ release, state }) => [release, state])).toEqual([
    ['1.0.0', 'succeeded'],
    ['0.9.0', 'failed'],
  ]);
});

test('what runs already is said, exit 0; --again deploys it once more, and an older one that is named is deployed', async () => {
  const values = readFileSync(answers, 'utf8');
  answering(values, '  Site.Name: Hill', 'steps: { ask-the-dba: { answer: approve, by: Ann } }');
  await byAnswers('1.1.0');
  expect(await guided('1.1.0')).toMatchObject({ exitCode: exitCodes.done, json: { did: 'nothing' } });
  answering('steps: { ask-the-dba: { answer: approve, by: Ann } }');
  expect(await byAnswers('1.1.0', '--again')).toMatchObject({ exitCode: 0, json: { did: 'installed' } });
  answering('');
  expect(await byAnswers('1.0.0')).toMatchObject({ exitCode: exitCodes.done, json: { did: 'installed' } });
  expect((await runs()).map(({ release }) => release)).toEqual(['1.0.0', '1.1.0', '1.1.0']);
});

test('a release of another company says whose it is, and why it may not be deployed with what to do about it', async () => {
  const plant = personAt(join(root, 'plant'));
  await plant.asks(['init', '--name', 'plant', '--new-certificate', join(root, 'plant.pfx')]);
  await plant.asks('environment add production');
  await vendor.invite('plant');
  await vendor.release('0.9.0', { to: ['plant'] });
  const { words } = await vendor.asks<{ words: string }>('identity show');
  const accept = ['link', 'accept', join(root, 'plant.json'), '--by-hand', '--fingerprint', words];
  await plant.asks([...accept, '--out', join(root, 'reply.json')]);
  await plant.asks(['bundle', 'import', await vendor.bundle('plant', '0.9.0')]);
  await plant.asks(['release', 'refuse', '0.9.0', '--reason', 'not this week']);
  acme = plant;
  const refused = await byAnswers('0.9.0');
  expect(refused).toMatchObject({ exitCode: exitCodes.refused, error: { code: 'RELEASE_IN_THE_WAY' } });
  expect(refused.error.message).toContain('not this week');
  expect(refused.error.hint).toContain('crossgap release accept 0.9.0');
  await plant.asks('release accept 0.9.0');
  expect(await byAnswers('0.9.0')).toMatchObject({ exitCode: exitCodes.done, json: { did: 'installed' } });
});

test('what was asked of a daemon that has not begun it is given up where a person ends, and looked on at by who comes later', async () => {
  const lock = tryLock(join(acme.data, 'daemon.lock'), 'a daemon')!;
  const holder = { pid: 1, who: 'run by somebody', since: '2026-03-02T09:15:00.000Z' };
  writeFileSync(join(acme.data, 'daemon.lock.holder'), JSON.stringify(holder));
  try {
    const looked = (await byAnswers('1.0.0', '--check')).json as Checked;
    const check = looked.checks.find(({ id }) => id === 'daemon');
    expect(check?.found).toBe('process 1, since 2026-03-02 09:15:00 UTC, does the work, and is followed');
    await acme.asks(['input', 'set', 'Db.Password', '--secret'], { input: secret });
    const { id } = await acme.asks<Deployment>('deploy 1.0.0 --env production');
    const onLook = await byAnswers('1.0.0');
    expect(onLook.error).toMatchObject({
      code: 'INSTALL_INTERRUPTED',
      details: { ways: ['resume', 'leave'] },
    });
    expect(onLook.error.message).toContain('is still under way');
    const seen = Promise.withResolvers<() => void>();
    let end = (): void => undefined;
    const ended = guided('1.0.0', ['--if-interrupted', 'resume'], {
      onEnd: (ends) => (end = ends),
      onTalk: (text) => text.includes('"running"') && seen.resolve(end),
    });
    (await seen.promise)();
    expect(await ended).toMatchObject({ exitCode: exitCodes.refused, error: { code: 'INSTALL_CANCELLED' } });
    expect(await runs()).toMatchObject([{ id, state: 'cancelled' }]);
  } finally {
    lock.release();
  }
});
