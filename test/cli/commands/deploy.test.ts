import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { tryLock } from '../../../src/lock.ts';
import { junit, makeVendor, processText, signedPackage, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, type Person } from '../typed.ts';

type Convention = { number: number | 'F'; name: string; state: string; files?: string[] };
type Deployment = {
  id: string;
  release: string;
  state: string;
  failedAt?: { step: number; stepId: string; convention: number };
  steps: { id: string; name: string; state: string; conventions: Convention[] }[];
  already?: boolean;
  collected?: string[];
};

const root = freshFolder(memory);
let company: Company;
let ready: Company;
let acme: Person;
let here: string;
let count = 0;

/** Nothing is missing; 1.0.0 ran in integration with success. */
beforeAll(async () => {
  company = await makeVendor(root);
  await company.asks('input set Db', { input: 'violet-Harbour' });
  await company.asks('deploy 1.0.0 --env integration --wait');
  ready = company;
});

beforeEach(() => {
  count += 1;
  here = join(root, `test-${count}`);
  mkdirSync(here);
  acme = ready.copy(`acme-${count}`);
});

const deploy = (line: string) => acme.types(`deploy ${line} --json`);
const shown = (id: string) => acme.asks<Deployment>(`deployment show ${id}`);

test('J1.3 a deployment tells its progress, ends with its outcome, and what was collected lands beside the caller', async () => {
  const line = ['deploy', '1.0.0', '--env', 'integration', '--again', '--wait'];
  const answer = await acme.types([...line, '--collect', '**/TestResult.xml', '--collect-to', here]);
  expect(answer.exitCode).toBe(0);
  expect(answer.stderr).toContain('step 2 Web: succeeded');
  expect(answer.stdout).toMatch(/^d-[a-z0-9]{10}: Orders\/1\.0\.0 in integration succeeded\n/);
  expect(readFileSync(join(here, 'TestResult.xml'), 'utf8')).toBe(junit);
});

test('the document of a deployment has every step and convention of the list', async () => {
  const { json } = await deploy('1.0.0 --env integration --wait');
  const { steps, state, already } = json as Deployment;
  expect({ state, already }).toEqual({ state: 'succeeded', already: true });
  expect(steps.map(({ id, state: its }) => [id, its])).toEqual([
    ['hello', 'succeeded'],
    ['web', 'succeeded'],
  ]);
  expect(steps[0]!.conventions.map(({ number }) => number)).toEqual([10]);
  const numbers = new Set(steps[1]!.conventions.map(({ number }) => number));
  expect(Array.from({ length: 15 }, (_, at) => at + 1).filter((number) => !numbers.has(number))).toEqual([]);
});

test('what runs already is said, exit 0, and nothing is asked for', async () => {
  const before = await acme.asks<{ deployments: unknown[] }>('status');
  const answer = await acme.types('deploy 1.0.0 --env integration --wait');
  expect(answer.exitCode).toBe(0);
  expect(answer.stdout).toContain('Orders/1.0.0 runs in integration already');
  expect((await acme.asks<{ deployments: unknown[] }>('status')).deployments).toHaveLength(
    before.deployments.length,
  );
});

test('a deployment that fails is exit 6 with its document, its place, and the files collected from it', async () => {
  const line = ['deploy', '1.0.0', '--env', 'broken', '--wait', '--json'];
  const answer = await acme.types([...line, '--collect', '**/TestResult.xml', '--collect-to', here]);
  const { id, state, failedAt, collected } = answer.json as Deployment;
  expect(answer).toMatchObject({
    exitCode: 6,
    error: { code: 'DEPLOYMENT_FAILED', details: { deployment: id } },
  });
  expect({ state, failedAt }).toMatchObject({ state: 'failed', failedAt: { step: 2, stepId: 'web' } });
  expect(answer.error.hint).toContain(`crossgap deployment retry ${id}`);
  expect(collected).toEqual([join(here, 'TestResult.xml')]);
  expect(existsSync(join(here, 'TestResult.xml'))).toBe(true);
  const text = await acme.types(['deployment', 'show', id]);
  expect(text.exitCode).toBe(0);
  expect(text.stdout).toContain('Step 2 Web: failed');
  expect(await acme.types(['deployment', 'show', id, '--wait'])).toMatchObject({ exitCode: 6 });
});

test('a failure tells what the script wrote, why, once, and where the log lies', async () => {
  const answer = await acme.types('deploy 1.0.0 --env broken --wait');
  expect(answer.exitCode).toBe(6);
  expect(answer.stderr).toMatch(/step 1 Hello\n {4}\| hello\nstep 1 Hello: succeeded\n/);
  const why = 'the PostDeploy script (Bash) of step 2 "Web" ended with exit code 3';
  expect(answer.stderr).toContain(`Cannot deploy Orders 1.0.0 to broken: ${why} [DEPLOYMENT_FAILED]`);
  expect((answer.stderr + answer.stdout).split(why)).toHaveLength(2);
  expect(answer.stderr).not.toContain('crossgap rollback');
  const [, id] = /^(d-\w+): Orders\/1\.0\.0 in broken failed\n/.exec(answer.stdout)!;
  expect(answer.stdout).toContain(join(acme.data, 'runs', id!, 'log.txt'));

  const log = await acme.asks<{ lines: { text: string; place: string }[] }>(`deployment log ${id!}`);
  expect(log.lines).toContainEqual(
    expect.objectContaining({ text: 'hello', place: '1/2 Hello · 10 RunScript' }),
  );
  expect((await acme.types(`deployment log ${id!} --follow`)).stdout).toContain(why);
  const show = await acme.types(`deployment show ${id!}`);
  expect(show.stdout).toContain('step 2 "Web", convention 14 (PostDeploy)');
  expect(show.stdout).not.toContain('feature-off');
});

test('a failure shows the last lines of the step that failed', async () => {
  const script = 'for n in {1..30}; do echo line $n; done; exit 1';
  const file = join(here, 'fails.yaml');
  writeFileSync(file, `process: Fails\nsteps:\n  - { name: A, run: { bash: "${script}" } }\n`);
  await acme.asks(['process', 'publish', file]);
  await acme.asks('release create Fails 1');
  const { json } = await deploy('1 --env integration --wait');
  const show = await acme.types(`deployment show ${(json as Deployment).id}`);
  expect(show.stdout).toMatch(/The last lines of its log\n {2}line 21\n(?: {2}line \d+\n)* {2}line 30\n$/);
});

test('without a daemon it is said how to have it done, and without a log why there is none', async () => {
  const answer = await acme.types('deploy 1.0.0 --env broken');
  expect(answer.stdout).toContain('No daemon runs here: start `crossgap run`');
  const [, id] = /^(d-\w+)/.exec(answer.stdout)!;
  expect(await acme.types(`deployment log ${id!} --json`)).toMatchObject({
    exitCode: 3,
    error: { code: 'RUN_LOG_MISSING' },
  });
  await acme.asks(`deployment cancel ${id!}`);
  using _daemon = tryLock(join(acme.data, 'daemon.lock'), 'a daemon');
  expect((await acme.types('deploy 1.0.0 --env broken')).stdout).toContain('The daemon does it');
});

test('what stays unresolved in files is told at the end', async () => {
  const folder = join(here, 'app');
  mkdirSync(folder);
  writeFileSync(join(folder, 'settings.json'), '#{Nobody.Knows}');
  const nupkg = join(here, 'Notes.1.0.0.nupkg');
  await acme.asks(['package', 'pack', folder, '--id', 'Notes', '--version', '1.0.0', '--out', nupkg]);
  await acme.asks(['package', 'sign', nupkg, '--certificate', company.pfx]);
  await acme.asks(['package', 'add', nupkg]);
  const file = join(here, 'notes.yaml');
  writeFileSync(
    file,
    'process: Notes\nsteps:\n  - { name: N, package: Notes, features: { substitute-in-files: [settings.json] } }\n',
  );
  await acme.asks(['process', 'publish', file]);
  await acme.asks('release create Notes 1 --package Notes@1.0.0');
  const { stderr } = await acme.types('deploy 1 --env integration --wait');
  expect(stderr).toContain('note: step N: settings.json: no value for #{Nobody.Knows}');
});

test('files that can not be collected hide neither a failure nor a success', async () => {
  const nowhere = join(here, 'file');
  writeFileSync(nowhere, '');
  const line = [
    'deploy',
    '1.0.0',
    '--wait',
    '--json',
    '--collect',
    '**/*.xml',
    '--collect-to',
    nowhere,
    '--env',
  ];
  expect(await acme.types([...line, 'broken'])).toMatchObject({
    exitCode: 6,
    json: { state: 'failed' },
    error: { code: 'DEPLOYMENT_FAILED' },
  });
  expect(await acme.types([...line, 'integration', '--again'])).toMatchObject({
    exitCode: 3,
    json: { state: 'succeeded' },
    error: { code: 'FILE_NOT_WRITTEN' },
  });
});

test('a failed one is retried as a new deployment of today, and one that succeeded is not', async () => {
  const failed = (await deploy('1.0.0 --env broken --wait')).json as Deployment;
  const retried = (await acme.types(`deployment retry ${failed.id} --wait --json`)).json as Deployment;
  expect(retried).toMatchObject({ state: 'failed', release: '1.0.0' });
  expect(retried.id).not.toBe(failed.id);
  const good = ((await deploy('1.0.0 --env integration')).json as Deployment).id;
  expect(await acme.types(`deployment retry ${good} --json`)).toMatchObject({
    exitCode: 3,
    error: { code: 'DEPLOYMENT_STATE' },
  });
});

test('J1.4 a release keeps its revision after the process was edited, and the newer one is told', async () => {
  const file = join(here, 'p.yaml');
  writeFileSync(file, processText.replace('echo hello', 'exit 1'));
  await acme.asks(['process', 'publish', file]);
  const answer = await acme.types('deploy 1.0.0 --env integration --again --wait');
  expect(answer.exitCode).toBe(0);
  expect(answer.stderr).toContain('this release runs process revision 1, as it was made; revision 2 exists');
});

test('rolling back goes to what ran before; with nothing before it is refused', async () => {
  expect(await acme.types('rollback Orders --env integration --json')).toMatchObject({
    exitCode: 3,
    error: { code: 'NOTHING_TO_ROLL_BACK' },
  });
  await acme.asks(['package', 'add', await signedPackage(company, '1.1.0', `v${count}`)]);
  await acme.asks('release create Orders 1.1.0 --package Orders.Web@1.1.0');
  await acme.asks('deploy 1.1.0 --env integration --wait');
  const answer = await acme.types('rollback Orders --env integration --wait --json');
  expect(answer).toMatchObject({ exitCode: 0, json: { release: '1.0.0', state: 'succeeded' } });
  expect(answer.stderr).toContain('Orders in integration goes back to 1.0.0');
});

test('the lifecycle holds: a release does not go where it has to come later', async () => {
  await acme.asks('environment add qa --after broken');
  expect(await deploy('1.0.0 --env qa')).toMatchObject({
    exitCode: 3,
    error: { code: 'PREDECESSOR_MISSING' },
  });
});

test('J1.F9 of two that want the same place one gets it, the other is told who has it', async () => {
  const asked = (await deploy('1.0.0 --env broken')).json as Deployment;
  expect(asked.state).toBe('waiting');
  const second = await deploy('1.0.0 --env broken --wait');
  expect(second).toMatchObject({
    exitCode: 8,
    error: { code: 'DEPLOYMENT_HELD', details: { deployment: asked.id, state: 'waiting' } },
  });
});

test('one that waits is cancelled at once, and again changes nothing', async () => {
  const { id } = (await deploy('1.0.0 --env broken')).json as Deployment;
  expect(await acme.types(`deployment cancel ${id} --wait --json`)).toMatchObject({
    exitCode: 0,
    json: { state: 'cancelled' },
  });
  expect((await acme.types(`deployment cancel ${id}`)).exitCode).toBe(0);
  expect(await acme.types(`deployment show ${id} --wait --json`)).toMatchObject({
    exitCode: 3,
    error: { code: 'DEPLOYMENT_CANCELLED' },
  });
  expect(await acme.types(`deployment resume ${id} --json`)).toMatchObject({
    exitCode: 3,
    error: { code: 'DEPLOYMENT_STATE' },
  });
});

test('a wait that is ended leaves the deployment to the daemon: exit 7', async () => {
  using _daemon = tryLock(join(acme.data, 'daemon.lock'), 'a daemon');
  const answer = await acme.types('deploy 1.0.0 --env broken --wait --json', { onEnd: (end) => end() });
  expect(answer).toMatchObject({
    exitCode: 7,
    json: { state: 'waiting' },
    error: { code: 'DEPLOYMENT_NOT_OVER' },
  });
});

test('the newest deployments are listed where none is named', async () => {
  const { id } = (await deploy('1.0.0 --env broken')).json as Deployment;
  const newest = await acme.asks<Deployment[]>('deployment show');
  expect(newest.map(({ state }) => state)).toEqual(['waiting', 'succeeded']);
  expect((await acme.types('deployment list')).stdout).toMatch(new RegExp(`^${id}: Orders`));
});

test('a plan shows steps and values before anything is asked for, secrets as null', async () => {
  const answer = await acme.types('deploy 1.0.0 --env integration --plan --json');
  expect(answer).toMatchObject({
    exitCode: 0,
    json: {
      steps: [
        { id: 'hello', action: 'run' },
        { id: 'web', package: 'Orders.Web 1.0.0' },
      ],
      missingInputs: [],
      inTheWay: null,
    },
  });
  const { variables } = answer.json as { variables: { name: string; value: string | null }[] };
  expect(variables.find(({ name }) => name === 'Db')?.value).toBeNull();
  expect(variables.find(({ name }) => name === 'Site.Title')?.value).toBe('Orders 1.0.0');
  const text = await acme.types('deploy 1.0.0 --env integration --plan');
  expect(text.stdout).toMatch(/Db +\(secret\)/);
  expect(text.stdout).not.toContain('violet-Harbour');
});

test.each([
  ['deploy 7.0.0 --env integration', 2, 'RELEASE_UNKNOWN'],
  ['deploy 1.0.0 --env nowhere', 2, 'ENVIRONMENT_UNKNOWN'],
  ['deploy 1.0.0 --env nowhere --plan', 2, 'ENVIRONMENT_UNKNOWN'],
  ['deploy 1.0.0', 2, 'USAGE_INVALID'],
  ['deploy 1.0.0 --env integration --collect x', 2, 'USAGE_INVALID'],
  ['deploy 1.0.0 --env integration --wait --collect-to x', 2, 'USAGE_INVALID'],
  ['deployment show d-nowhere', 2, 'DEPLOYMENT_UNKNOWN'],
  ['deployment cancel d-nowhere', 2, 'DEPLOYMENT_UNKNOWN'],
  ['rollback Payments --env integration', 2, 'PROCESS_UNKNOWN'],
  ['approve d-nowhere', 2, 'DEPLOYMENT_UNKNOWN'],
])('`%s` is refused with %i', async (line, exitCode, code) => {
  expect(await acme.types(`${line} --json`)).toMatchObject({ exitCode, stdout: '', error: { code } });
});

test('without its inputs a release is not deployed: exit 5 with all of them', async () => {
  const bare = company.copy(`bare-${count}`);
  await bare.asks('environment add fresh');
  const file = join(here, 'p.yaml');
  writeFileSync(
    file,
    processText.replace('  Site.Port:', '  A.B: {}\n  Site.Port:').replace('  Db:', '  Db2:'),
  );
  await bare.asks(['process', 'publish', file]);
  await bare.asks('release create Orders 3.0.0 --package Orders.Web@1.0.0');
  const answer = await bare.types('deploy 3.0.0 --env fresh --wait --json');
  expect(answer).toMatchObject({
    exitCode: 5,
    error: { code: 'INPUT_MISSING', details: { missing: ['Db2', 'A.B'] } },
  });
});

test('files of the same name are kept apart when they are collected', async () => {
  const { collected } = (
    await acme.types([
      'deploy',
      '1.0.0',
      '--env',
      'integration',
      '--wait',
      '--json',
      '--collect',
      '*.json',
      '--collect-to',
      here,
    ])
  ).json as Deployment;
  expect(collected).toEqual([join(here, 'settings.json')]);
});

test('a deployment shows what its conventions touched', async () => {
  const { id } = (await deploy('1.0.0 --env integration')).json as Deployment;
  const { steps } = await shown(id);
  const substituted = steps[1]!.conventions.find(({ name }) => name === 'SubstituteInFiles');
  expect(substituted).toMatchObject({ number: 5, state: 'done' });
});
