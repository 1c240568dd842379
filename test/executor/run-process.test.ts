import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { cancelRun, isRunAlive, readJournal, startRun } from '../../src/executor/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import {
  command,
  compiled,
  counted,
  follow,
  killedRunResumes,
  runKey,
  start,
  type Fault,
} from '../support/scripts-killed.ts';
import { isGone, logOf, planOf, runStep, saidOf } from '../support/scripts-run.ts';

// Each of these mostly waits for processes of its own, which have a folder of their own: they run side by side.

/** Resolves when a file is there; its folder exists. */
async function appears(path: string): Promise<void> {
  const { promise, resolve: done } = Promise.withResolvers<void>();
  const watcher = watch(dirname(path), () => existsSync(path) && done());
  if (existsSync(path)) done();
  await promise;
  watcher.close();
}

test.concurrent('a run goes on in its own process and is followed from its journal to its end', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const plan = planOf(root, [runStep('One', `echo one >> ${root}/effects`), runStep('Two', 'exit 4')]);
  await start(root, plan);
  const facts = await follow(root);
  expect(facts[0]?.kind).toBe('run-started');
  expect(facts.at(-1)).toMatchObject({ kind: 'run-ended', state: 'failed' });
  expect(readJournal(join(root, 'run'))).toMatchObject({
    state: 'failed',
    failedAt: { step: 2, stepId: 'two', convention: 10 },
    logSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(counted(root)).toEqual({ one: 1 });
  expect(readFileSync(join(root, 'run', 'executor.err'), 'utf8')).toBe('');
  await expect(start(root, undefined)).rejects.toMatchObject({ code: 'RUN_ENDED' });
  await expect(start(root, plan)).rejects.toMatchObject({ code: 'RUN_EXISTS' });
});

test.concurrent('a process that never answers is ended, and the run says that it did not start', async () => {
  using folder = temporaryFolder();
  const silent = [process.execPath, '-e', `setInterval(() => {}, 1000);`];
  await expect(
    startRun({
      runFolder: join(folder.path, 'run'),
      plan: planOf(folder.path, [runStep('One', 'true')]),
      mode: 'start',
      secrets: {},
      runKey,
      command: silent,
      answerMs: 200,
    }),
  ).rejects.toMatchObject({ code: 'RUN_NOT_STARTED', message: expect.stringContaining('silent') });
});

test.concurrent('a run outlives the process that started it', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  execFileSync('mkfifo', [join(root, 'go')]);
  mkdirSync(join(root, 'run'));
  const plan = planOf(root, [runStep('One', `read -r _ < ${root}/go; echo went on`)]);
  writeFileSync(join(root, 'run', 'plan.json'), JSON.stringify(plan));
  const executor = resolve(import.meta.dirname, '../../src/executor/index.ts');
  const starter = `
    import { startRun } from ${JSON.stringify(executor)};
    const [runFolder, runKey, ...command] = process.argv.slice(1);
    await startRun({ runFolder, mode: 'start', secrets: {}, runKey, command });`;
  const given = ['--input-type=module', '-e', starter, join(root, 'run'), runKey, ...command()];
  await promisify(execFile)(process.execPath, given, {
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
  });
  expect(isRunAlive(join(root, 'run'))).toBe(true);
  expect(readJournal(join(root, 'run')).state).toBe('running');
  writeFileSync(join(root, 'go'), '\n');
  expect((await follow(root)).at(-1)).toMatchObject({ kind: 'run-ended', state: 'succeeded' });
  expect(saidOf(root)).toEqual(['went on']);
});

test.concurrent('a second process for the same run is refused while the first one lives', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  execFileSync('mkfifo', [join(root, 'go')]);
  await start(root, planOf(root, [runStep('One', `read -r _ < ${root}/go`)]));
  await expect(start(root, undefined)).rejects.toMatchObject({ code: 'RUN_HELD' });
  writeFileSync(join(root, 'go'), '\n');
  await follow(root);
  expect(readJournal(join(root, 'run')).state).toBe('succeeded');
});

test.concurrent('a run that is cancelled ends its script with everything that started, and says so', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const script = `sleep 300 & echo $! > ${root}/pid; touch ${root}/there; wait`;
  await start(root, planOf(root, [runStep('One', script), runStep('Two', 'echo no')]));
  await appears(join(root, 'there'));
  expect(cancelRun(join(root, 'run'))).toBe(true);
  await follow(root);
  expect(readJournal(join(root, 'run'))).toMatchObject({
    state: 'cancelled',
    error: 'Cannot finish the run: it was cancelled',
    failedAt: { step: 1, convention: 10 },
    steps: [{ state: 'interrupted', conventions: [{ state: 'interrupted' }] }, { state: 'not-run' }],
  });
  expect(isGone(Number(readFileSync(join(root, 'pid'), 'utf8')))).toBe(true);
  expect(cancelRun(join(root, 'run'))).toBe(false);
});

test.concurrent('an executor that is told to stop by the system leaves an interrupted run that can be resumed', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const script = `echo once >> ${root}/effects; touch ${root}/there; [ -e ${root}/go ] || sleep 300`;
  const { pid } = await start(root, planOf(root, [runStep('One', script)]));
  await appears(join(root, 'there'));
  process.kill(pid, 'SIGTERM');
  await follow(root);
  expect(readJournal(join(root, 'run'))).toMatchObject({
    state: 'interrupted',
    error: 'interrupted at step 1 (One), convention 10 (RunScript)',
  });
  writeFileSync(join(root, 'go'), '');
  await start(root, undefined);
  await follow(root);
  expect(readJournal(join(root, 'run')).state).toBe('succeeded');
  expect(counted(root)).toEqual({ once: 2 });
});

test.concurrent.each<Fault>([
  ['executor.extract.during', 'step 2 (Web), convention 0', []],
  ['executor.script.after:3', 'step 2 (Web), convention 2', ['packaged pre']],
])('J1.F8 killed at %s a run is interrupted at %s and resumes there', async (...fault) => {
  await killedRunResumes(fault);
});

test.concurrent('J1.F8 a script that outlived its killed executor is ended before it runs again', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const script = `echo $$ >> ${root}/pids; [ -e ${root}/go ] && exit 0; touch ${root}/there; sleep 300`;
  const { pid } = await start(root, planOf(root, [runStep('One', script)]));
  await appears(join(root, 'there'));
  process.kill(pid, 'SIGKILL');
  await follow(root);
  const first = Number(readFileSync(join(root, 'pids'), 'utf8').split('\n')[0]);
  expect(isGone(first)).toBe(false);
  const runFolder = join(root, 'run');
  expect(readJournal(runFolder)).toMatchObject({
    state: 'interrupted',
    failedAt: { step: 1, convention: 10 },
  });
  writeFileSync(join(root, 'go'), '');
  await start(root, undefined);
  await follow(root);
  expect(readJournal(runFolder).state).toBe('succeeded');
  expect(isGone(first)).toBe(true);
  expect(logOf(root)).toContain(`Ending process ${first}`);
});

test.concurrent('an executor that gets nothing by pipe, or something else, does not begin', async () => {
  using folder = temporaryFolder();
  const [program = '', ...before] = command();
  const wrong = ['', '{"secrets": {}, "runKey": "short"}', '{"secrets": {"a": "hunter22"'];
  const tries = wrong.map(async (handed) => {
    const child = spawn(program, [...before, folder.file('run'), 'start'], { stdio: 'pipe' });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes: Buffer) => (said += bytes.toString()));
    }
    child.stdin.end(handed);
    expect(await new Promise((done) => child.once('close', done))).toBe(6);
    expect(said).toContain('no secrets and run key arrived');
    expect(said).not.toContain('hunter22');
  });
  await Promise.all(tries);
  expect(existsSync(folder.file('run/journal.jsonl'))).toBe(false);
});

test('a folder in which nothing began, or whose plan is damaged, is told from a run', () => {
  using folder = temporaryFolder();
  expect(readJournal(folder.path)).toMatchObject({
    state: 'interrupted',
    steps: [],
    error: 'interrupted before it began',
  });
  writeFileSync(folder.file('plan.json'), '{"format": 1');
  expect(() => readJournal(folder.path)).toThrow(expect.objectContaining({ code: 'RUN_UNREADABLE' }));
});
