import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  checkHost,
  followRun,
  hostProblems,
  makeRunKey,
  readJournal,
  type Plan,
  type RunEvent,
} from '../../src/executor/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import {
  installedFolder,
  isGone,
  logOf,
  packageStep,
  planOf,
  pythonScript,
  run,
  runStep,
  saidOf,
  traceOf,
} from '../support/scripts-run.ts';

test('J3.F7 a script that runs forever is ended at its time limit with all it started, wherever that went', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const started = [
    `cd ${root}`,
    'sleep 300 & echo $! >> pids',
    '(sleep 300 & echo $! >> pids)',
    `setsid bash -c 'echo $$ >> ${root}/pids; sleep 300' &`,
    `(setsid bash -c 'trap "" TERM; echo $$ >> ${root}/pids; while true; do sleep 300; done' &)`,
    'while [ "$(wc -l < pids)" -lt 4 ]; do :; done',
    'echo all there; sleep 300',
  ].join('\n');
  const step = await packageStep(
    root,
    { 'Deploy.sh': started, 'DeployFailed.sh': 'echo cleaned up' },
    { step: { timeLimitMs: 5000 } },
  );
  const outcome = await run(root, planOf(root, [step]), { graceMs: 100 });
  expect(outcome).toMatchObject({
    state: 'failed',
    failedAt: { convention: 10 },
    errorCode: 'STEP_TIME_LIMIT',
    error: 'Cannot finish step Web: its time limit of 5 s is over',
  });
  const deploy = outcome.steps[0]!.conventions.find((line) => line.number === 10);
  expect(deploy?.detail).toMatch(/^time: /);
  expect(saidOf(root)).toEqual(['all there', 'cleaned up']);
  const pids = readFileSync(join(root, 'pids'), 'utf8').trim().split('\n').map(Number);
  expect(pids).toHaveLength(4);
  expect(pids.filter((pid) => !isGone(pid))).toEqual([]);
});

test('a failing step is tried again as often as it says, and then fails the run', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const third = `echo x >> ${root}/tries; [ $(wc -l < ${root}/tries) -ge 3 ]`;
  const plan = planOf(root, [
    runStep('Third', third, { retriesMax: 2 }),
    runStep('Never', 'set_octopusvariable Tried yes; exit 5', { retriesMax: 1 }),
  ]);
  const outcome = await run(root, plan);
  expect(outcome.steps[0]).toMatchObject({ state: 'succeeded', attempts: 3 });
  expect(outcome.steps[1]).toMatchObject({
    state: 'failed',
    attempts: 2,
    outputs: { Tried: 'yes' },
    error: 'Cannot go on: the script of step 2 "Never" ended with exit code 5',
  });
  expect(outcome.failedAt).toEqual({ step: 2, stepId: 'never', convention: 10 });
});

test('after a failure only steps run that are meant for it, and they can see what failed', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const look =
    'get_octopusvariable Octopus.Deployment.Error; echo " $(get_octopusvariable "Octopus.Step[Fails].Status.Code")"';
  const plan = planOf(root, [
    runStep('Only after a failure', 'echo no', { when: 'failure' }),
    runStep('Elsewhere', 'echo no', { skippedBecause: 'not meant for uat' }),
    runStep('Fails', 'exit 3'),
    runStep('Normal', 'echo no'),
    runStep('Rescue', look, { when: 'failure' }),
    runStep('Always', 'echo always', { when: 'always' }),
  ]);
  const outcome = await run(root, plan);
  expect(outcome.steps.map(({ state, skippedBecause }) => [state, skippedBecause])).toEqual([
    ['skipped', 'no earlier step failed'],
    ['skipped', 'not meant for uat'],
    ['failed', undefined],
    ['not-run', 'an earlier step failed'],
    ['succeeded', undefined],
    ['succeeded', undefined],
  ]);
  expect(outcome).toMatchObject({
    state: 'failed',
    failedAt: { step: 3, stepId: 'fails', convention: 10 },
  });
  expect(saidOf(root)).toEqual([
    'Cannot go on: the script of step 3 "Fails" ended with exit code 3 Failed',
    'always',
  ]);
});

test('a script that writes errors fails its step only where the step says so', async () => {
  using folder = temporaryFolder();
  const strict = { properties: { 'Octopus.Action.FailScriptOnErrorOutput': 'True' } };
  const plan = planOf(folder.path, [
    runStep('Lenient', 'echo oops >&2'),
    runStep('Strict but fine', `echo "##octopus[mask value='QUFBQQ==']" >&2; echo >&2`, strict),
    runStep('Strict', 'echo oops >&2', strict),
  ]);
  const outcome = await run(folder.path, plan);
  expect(outcome.steps.map((step) => step.state)).toEqual(['succeeded', 'succeeded', 'failed']);
  expect(outcome.error).toBe('Cannot go on: the script of step 3 "Strict" wrote to its error output');
});

test('what can not be kept is named and fails nothing; what is kept already is kept once when the step goes on', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const script = [
    'echo one > r.xml; new_octopusartifact $PWD/r.xml',
    'truncate -s 1073741825 big; new_octopusartifact $PWD/big',
    'echo gone > gone; new_octopusartifact $PWD/gone; rm gone',
  ].join('\n');
  const plan = planOf(root, [runStep('One', script), runStep('Two', 'true')]);
  const runKey = makeRunKey();
  const first = await run(root, plan, { runKey });
  expect(first.state).toBe('succeeded');
  expect(first.steps[0]!.artifacts.map(({ name }) => name)).toEqual(['r.xml']);
  expect(logOf(root)).toContain('big is not kept: it is larger than 1073741824 bytes');
  expect(logOf(root)).toContain('gone is not kept: there is no such file');
  // As a power cut leaves it: the artifact is in the journal, the end of its step is not.
  const journal = join(root, 'run', 'journal.jsonl');
  const lines = readFileSync(journal, 'utf8').split('\n');
  const kept = lines.findIndex((line) => line.includes('"kind":"artifact"'));
  writeFileSync(journal, `${lines.slice(0, kept + 1).join('\n')}\n`);
  const again = await run(root, undefined, { runKey, mode: 'resume' });
  expect(again.steps[0]!.artifacts).toEqual(first.steps[0]!.artifacts);
});

test('what a script asks to keep is copied when its step ends, each under a name of its own', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const script = [
    'mkdir a b; echo one > a/r.xml; echo two > b/r.xml',
    'new_octopusartifact a/r.xml; new_octopusartifact b/r.xml; new_octopusartifact b/r.xml ../../evil',
    'echo later >> a/r.xml; new_octopusartifact missing || echo "said so"',
  ].join('\n');
  const outcome = await run(root, planOf(root, [runStep('One', script)]));
  const { artifacts } = outcome.steps[0]!;
  expect(artifacts.map(({ name, file }) => [name, file])).toEqual([
    ['r.xml', 'artifacts/1/r.xml'],
    ['1-r.xml', 'artifacts/1/1-r.xml'],
    ['evil', 'artifacts/1/evil'],
  ]);
  expect(readFileSync(join(root, 'run', artifacts[0]!.file), 'utf8')).toBe('one\nlater\n');
  expect(saidOf(root)).toEqual(['said so']);
});

test('a run leaves its journal, its log with the digest of it and its plan, for this account alone', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const outcome = await run(root, planOf(root, [runStep('One', 'echo hi')]));
  expect(outcome.logSha256).toBe(createHash('sha256').update(logOf(root)).digest('hex'));
  for (const name of ['.', 'journal.jsonl', 'log.txt', 'plan.json']) {
    expect(statSync(join(root, 'run', name)).mode & 0o077, name).toBe(0);
  }
  expect(readJournal(join(root, 'run'))).toEqual(outcome);
});

test('a torn last line of a journal counts as not written, a damaged one is refused', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const steps = [runStep('One', `echo x >> ${root}/effects`), runStep('Two', 'echo two')];
  await run(root, planOf(root, steps));
  const path = join(root, 'run', 'journal.jsonl');
  const lines = readFileSync(path, 'utf8').split('\n');
  const end = lines.findIndex((line) => line.includes('"step-ended"'));
  writeFileSync(path, `${lines.slice(0, end + 1).join('\n')}\n{"kind":"step-sta`);
  expect(readJournal(join(root, 'run'))).toMatchObject({
    state: 'interrupted',
    failedAt: { step: 2, convention: 10 },
  });
  const outcome = await run(root, undefined, { mode: 'resume' });
  expect(outcome.state).toBe('succeeded');
  expect(readFileSync(join(root, 'effects'), 'utf8')).toBe('x\n');
  appendFileSync(path, 'not json\n');
  expect(() => readJournal(join(root, 'run'))).toThrow(expect.objectContaining({ code: 'RUN_UNREADABLE' }));
});

test('a run does not go on with another plan than it began with', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const plan = planOf(root, [runStep('One', 'echo one')]);
  await run(root, plan);
  const path = join(root, 'run', 'journal.jsonl');
  writeFileSync(path, `${readFileSync(path, 'utf8').split('\n')[0]}\n`);
  writeFileSync(join(root, 'run', 'plan.json'), JSON.stringify({ ...plan, release: '9' }));
  await expect(run(root, undefined, { mode: 'resume' })).rejects.toMatchObject({ code: 'RUN_UNREADABLE' });
});

test('facts are followed as they come, from before the run began', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const kinds: string[] = [];
  const { signal } = new AbortController();
  const following = (async () => {
    const facts = followRun(join(root, 'run'), { signal, awaitStart: true });
    for await (const fact of facts) kinds.push(fact.kind);
  })();
  const reported: string[] = [];
  const report = ({ kind }: RunEvent): void => {
    if (kind !== 'log') reported.push(kind);
  };
  await run(root, planOf(root, [runStep('One', 'echo one')]), { report });
  await following;
  expect(kinds).toEqual(reported);
  expect(kinds).toEqual([
    'run-started',
    'step-started',
    'convention-started',
    'process',
    'convention-ended',
    'step-ended',
    'run-ended',
  ]);
});

test('what a host lacks for a plan is told before anything begins, all of it at once', async () => {
  using folder = temporaryFolder();
  const powershell = { kind: 'run', script: { kind: 'powershell', text: '' } } as const;
  const plan = planOf(folder.path, [
    runStep('One', 'echo'),
    runStep('Two', '', { action: pythonScript('') }),
    runStep('Three', '', { action: powershell, skippedBecause: 'elsewhere' }),
  ]);
  const environment = { PATH: folder.path };
  expect(hostProblems(plan, environment).map(({ stepId }) => stepId)).toEqual(['one', 'two']);
  expect(() => checkHost(plan, environment)).toThrow(
    'Cannot run Orders 3.2.0 here: step One needs Bash, and bash is not on this machine; ' +
      'step Two needs Python 3, and python3 is not on this machine',
  );
  await expect(run(folder.path, plan, { environment })).rejects.toMatchObject({
    code: 'HOST_LACKS_INTERPRETER',
  });
  expect(existsSync(folder.file('run/journal.jsonl'))).toBe(false);
  expect(hostProblems(plan)).toEqual([]);
});

test('without the program that makes pipes no script could be heard, which is found before anything runs', () => {
  using folder = temporaryFolder();
  symlinkSync('/bin/bash', folder.file('bash'));
  const plan = planOf(folder.path, [runStep('One', 'echo'), runStep('Two', 'echo')]);
  expect(hostProblems(plan, { PATH: folder.path }).map(({ message }) => message)).toEqual([
    'step One needs pipes for what its script says, and mkfifo is not on this machine',
    'step Two needs pipes for what its script says, and mkfifo is not on this machine',
  ]);
  symlinkSync('/usr/bin/mkfifo', folder.file('mkfifo'));
  expect(hostProblems(plan, { PATH: folder.path })).toEqual([]);
});

test('an output under a name that no variable can have is refused with a warning, and the step goes on', async () => {
  using folder = temporaryFolder();
  const name = 'A[#{B}]';
  const script = `
    set_octopusvariable B key
    set_octopusvariable '${name}' value
    set_octopusvariable '${name}' 's3cr3t-word' -sensitive
    set_octopusvariable 'A[key]' other
    echo "$(get_octopusvariable 'A[key]') and s3cr3t-word"`;
  const after = 'echo "$(get_octopusvariable \'Octopus.Action[One].Output.A[key]\')"';
  const outcome = await run(
    folder.path,
    planOf(folder.path, [runStep('One', script), runStep('Two', after)]),
  );
  expect(outcome.error).toBeUndefined();
  expect(outcome.state).toBe('succeeded');
  expect(outcome.steps[0]!.outputs).toEqual({ B: 'key', 'A[key]': 'other' });
  const refused = `Output variable ${name} is not set: a variable can't have a token as an index in its name`;
  expect(saidOf(folder.path, 'warning')).toEqual([refused, refused]);
  expect(saidOf(folder.path).at(-1)).toBe('other');
  expect(logOf(folder.path)).not.toContain('s3cr3t');
});

test('an empty installation folder means the extraction folder', async () => {
  using folder = temporaryFolder();
  const step = await packageStep(
    folder.path,
    { 'Deploy.sh': 'get_octopusvariable Octopus.Action.Package.CustomInstallationDirectory' },
    { installTo: { folder: '#{Folder}', purge: true, keep: [] } },
  );
  const plan = planOf(folder.path, [step], { variables: [{ name: 'Folder', value: ' ' }] });
  const outcome = await run(folder.path, plan);
  expect(traceOf(outcome)[9]).toBe('8 feature-off');
  expect(saidOf(folder.path)).toEqual([join(folder.path, 'data/apps/uat/Orders.Web/3.2.0')]);
});

test('a refused installation folder fails the step at its copy and nothing is written there', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const target = join(root, 'data', 'keys');
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'canary'), 'alive');
  const installTo = { folder: target, purge: false, keep: [] };
  const outcome = await run(root, planOf(root, [await packageStep(root, { 'a.txt': 'a' }, { installTo })]));
  expect(outcome).toMatchObject({ failedAt: { convention: 8 }, errorCode: 'INSTALL_FOLDER_REFUSED' });
  expect(readdirSync(target)).toEqual(['canary']);
});

test('a purge removes links without following them, and keeps what patterns name at their level', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const target = installedFolder(root, 'srv', 'app');
  mkdirSync(join(root, 'elsewhere'));
  writeFileSync(join(root, 'elsewhere', 'file'), 'alive');
  for (const name of ['keep/deep', 'sub/keep', 'logs', 'sub/logs', '.hidden']) {
    mkdirSync(join(target, name), { recursive: true });
  }
  const there = [
    'keep/deep/a',
    'sub/keep/b',
    'logs/c.log',
    'sub/logs/d.log',
    'e.log',
    '.hidden/f',
    'we[ird]',
    'g',
  ];
  for (const name of there) writeFileSync(join(target, name), name);
  symlinkSync(join(root, 'elsewhere'), join(target, 'link'));
  const installTo = { folder: target, purge: true, keep: ['keep', '**/*.log', 'we[ird]'] };
  const step = await packageStep(root, { 'new/h': 'h', 'e.log': 'new' }, { installTo });
  const outcome = await run(root, planOf(root, [step]));
  expect(outcome.error).toBeUndefined();
  const left = readdirSync(target, { recursive: true, encoding: 'utf8' });
  expect(left.filter((name) => !statSync(join(target, name)).isDirectory()).sort()).toEqual([
    'e.log',
    'keep/deep/a',
    'logs/c.log',
    'new/h',
    'sub/logs/d.log',
    'we[ird]',
  ]);
  expect(readFileSync(join(target, 'e.log'), 'utf8')).toBe('new');
  expect(readFileSync(join(root, 'elsewhere', 'file'), 'utf8')).toBe('alive');
});

test('a copy never goes through a link into what is guarded', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const target = join(root, 'srv', 'app');
  mkdirSync(target, { recursive: true });
  mkdirSync(join(root, 'data', 'keys'), { recursive: true });
  symlinkSync(join(root, 'data', 'keys'), join(target, 'sub'));
  const installTo = { folder: target, purge: false, keep: [] };
  const step = await packageStep(root, { 'sub/instance': 'evil' }, { installTo });
  const outcome = await run(root, planOf(root, [step]));
  expect(outcome).toMatchObject({ failedAt: { convention: 8 }, errorCode: 'INSTALL_FOLDER_REFUSED' });
  expect(existsSync(join(root, 'data', 'keys', 'instance'))).toBe(false);
});

test('J3.F6 a file that can not be replaced is named with the reason', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const target = join(root, 'srv', 'app');
  mkdirSync(join(target, 'a.txt'), { recursive: true });
  const installTo = { folder: target, purge: false, keep: [] };
  const outcome = await run(root, planOf(root, [await packageStep(root, { 'a.txt': 'a' }, { installTo })]));
  expect(outcome.error).toBe(
    `Cannot change ${target}/a.txt: a folder is in its place; ${target} is as it was before`,
  );
  expect(outcome.errorCode).toBe('FILE_NOT_CHANGED');
});

test('J3.F6 a copy that breaks off says that the folder is a mixture, and of what', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const target = installedFolder(root, 'srv', 'app');
  mkdirSync(join(target, 'App_Data', 'c.txt'), { recursive: true });
  writeFileSync(join(target, 'old.txt'), 'old');
  const installTo = { folder: target, purge: true, keep: ['App_Data'] };
  const content = { 'a.txt': 'a', 'App_Data/b.txt': 'b', 'App_Data/c.txt': 'c', 'd.txt': 'd' };
  const outcome = await run(root, planOf(root, [await packageStep(root, content, { installTo })]));
  expect(outcome.errorCode).toBe('FILE_NOT_CHANGED');
  expect(outcome.error).toBe(
    `Cannot change ${target}/App_Data/c.txt: a folder is in its place; ${target} is a mixture now: ` +
      'it holds 1 of the 4 files of this version, 1 file of what was there before is gone',
  );
});

test('J3.F3 a path of more than 260 characters is extracted, configured and copied', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const target = installedFolder(root, 'srv', 'app');
  const deep = `${Array.from({ length: 8 }, (_, at) => `folder-${at}-`.padEnd(40, 'x')).join('/')}/settings.json`;
  expect(deep.length).toBeGreaterThan(300);
  const installTo = { folder: target, purge: true, keep: [] };
  const settings = { installTo, substituteInFiles: ['**/*.json'] };
  const step = await packageStep(root, { [deep]: '#{Octopus.Environment.Name}' }, settings);
  const plan = planOf(root, [step]);
  const outcome = await run(root, plan);
  expect(outcome.state).toBe('succeeded');
  expect(readFileSync(join(target, deep), 'utf8')).toBe(plan.environment);
});

test('a plan in another format than this version writes is refused', async () => {
  using folder = temporaryFolder();
  mkdirSync(folder.file('run'));
  const plan = { ...planOf(folder.path, []), format: 2 as unknown as Plan['format'] };
  writeFileSync(folder.file('run/plan.json'), JSON.stringify(plan));
  await expect(run(folder.path, undefined)).rejects.toMatchObject({ code: 'RUN_UNREADABLE' });
});
