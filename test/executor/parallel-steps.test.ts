import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  followRun,
  makeRunKey,
  readJournal,
  type Decision,
  type PlannedStep,
} from '../../src/executor/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { counted, follow, start } from '../support/scripts-killed.ts';
import { logOf, packageStep, planOf, run, runStep, saidOf } from '../support/scripts-run.ts';

const beside = { start: 'with-previous' } as const;
const runKey = makeRunKey();

/** Named pipes: who opens one end waits for who opens the other, so both run at the same time or neither ends. */
function pipes(root: string, ...names: string[]): void {
  execFileSync(
    'mkfifo',
    names.map((name) => join(root, name)),
  );
}
const meets = (root: string, ...said: string[]): string =>
  said
    .map((word) =>
      word.startsWith('>') ? `echo > ${root}/${word.slice(1)}` : `cat ${root}/${word} > /dev/null`,
    )
    .join('; ');

test('steps that start together run side by side; the next begins when all have ended, and sees what each left', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  pipes(root, 'ab', 'bc', 'ca');
  const plan = planOf(root, [
    runStep('A', `set_octopusvariable V a; ${meets(root, '>ab', 'ca')}`),
    runStep('B', `set_octopusvariable V b; ${meets(root, 'ab', '>bc')}`, beside),
    runStep('C', `set_octopusvariable V c; ${meets(root, 'bc', '>ca')}`, beside),
    runStep(
      'D',
      'echo "#{Octopus.Action[A].Output.V}#{Octopus.Action[B].Output.V}#{Octopus.Action[C].Output.V}"',
    ),
  ]);
  const outcome = await run(root, plan);
  expect(outcome.steps.map(({ state }) => state)).toEqual(Array(4).fill('succeeded'));
  expect(saidOf(root)).toEqual(['abc']);
  // Each line says which step it is of.
  expect(logOf(root)).toMatch(/ {2}2\/4 B {2}info {7}Started/);
});

test('one that fails does not end the others, which do not know of it either; the run fails then', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const plan = planOf(
    root,
    [
      runStep('Fails', 'exit 3'),
      runStep('Goes on', 'echo "on [$(get_octopusvariable Octopus.Deployment.Error)]"', beside),
      runStep('Also', 'echo also', beside),
      runStep('Next', 'echo never'),
    ],
    // One at a time: the others begin after the first has failed.
    { variables: [{ name: 'Octopus.Action.MaxParallelism', value: '1' }] },
  );
  const outcome = await run(root, plan);
  expect(outcome.steps.map(({ state }) => state)).toEqual(['failed', 'succeeded', 'succeeded', 'not-run']);
  expect(outcome).toMatchObject({ state: 'failed', failedAt: { step: 1 } });
  expect(saidOf(root)).toEqual(['on []', 'also']);
});

test('no more of them run at once than the limit says', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  pipes(root, 'ab', 'ba', 'cd', 'dc');
  const script = (name: string, other: string): string =>
    `touch ${root}/on-${name}; ${meets(root, ...(name < other ? [`>${name}${other}`, `${other}${name}`] : [`${other}${name}`, `>${name}${other}`]))}; ls ${root}/on-* | wc -l >> ${root}/counts; rm ${root}/on-${name}`;
  const steps = ['ab', 'ba', 'cd', 'dc'].map(([name, other], at) =>
    runStep(name!, script(name!, other!), at === 0 ? {} : beside),
  );
  const limit = { variables: [{ name: 'Octopus.Action.MaxParallelism', value: '2' }] };
  await run(root, planOf(root, steps, limit));
  const counts = readFileSync(join(root, 'counts'), 'utf8').trim().split('\n').map(Number);
  expect(counts).toHaveLength(4);
  expect(Math.max(...counts)).toBeLessThanOrEqual(2);
});

test('two steps with one package take turns, each with a folder of its own', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const first = await packageStep(root, { 'a.txt': 'a' });
  const second: PlannedStep = { ...first, id: 'web-2', name: 'Web 2', ...beside };
  const outcome = await run(root, planOf(root, [first, second]));
  expect(outcome.state).toBe('succeeded');
  const folders = outcome.steps.map(({ application }) => application?.extractedTo);
  expect(new Set(folders).size).toBe(2);
});

test('beside one that waits for a person the others end, and what is decided goes on with it alone', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const plan = planOf(
    root,
    [
      { ...runStep('CAB', ''), action: { kind: 'manual', instructions: 'May we?' } },
      { ...runStep('DBA', '', beside), action: { kind: 'manual', instructions: 'Is there a backup?' } },
      runStep('Fails', `echo x >> ${root}/tries; exit 3`, beside),
      runStep('Done', 'echo once', beside),
      runStep('Next', 'echo next'),
    ],
    { onFailure: 'ask' },
  );
  const halted = await run(root, plan, { runKey });
  expect(halted.state).toBe('waiting');
  expect(halted.waits.map(({ step, for: kind }) => [step, kind])).toEqual([
    [1, 'confirmation'],
    [2, 'confirmation'],
    [3, 'failure'],
  ]);
  const number = (step: number): number => halted.waits.find((wait) => wait.step === step)!.wait;
  const word = (step: number, answer: Decision['answer']): Decision => ({
    wait: number(step),
    answer,
    by: 'ann',
    at: 5,
    note: null,
  });
  const some = await run(root, undefined, { runKey, mode: 'resume', decisions: [word(2, 'approve')] });
  expect(some).toMatchObject({ state: 'waiting', waits: [{ step: 1 }, { step: 3 }] });
  const decisions = [word(2, 'approve'), word(1, 'approve'), word(3, 'ignore')];
  const outcome = await run(root, undefined, { runKey, mode: 'resume', decisions });
  expect(outcome.state).toBe('succeeded');
  expect(readFileSync(join(root, 'tries'), 'utf8')).toBe('x\n');
  expect(saidOf(root)).toEqual(['once', 'next']);
});

test('T-35 a run killed while they run knows which had ended: those do not run again, the others do, once', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  pipes(root, 'go');
  const effect = (name: string, then = ''): string => `echo ${name} >> ${root}/effects${then}`;
  const plan = planOf(root, [
    runStep('Done', effect('done')),
    runStep(
      'Cut',
      `${effect('cut')}; [ -e ${root}/second ] || { touch ${root}/second; cat ${root}/go; }`,
      beside,
    ),
    runStep('Next', effect('next')),
  ]);
  const { pid } = await start(root, plan);
  for await (const fact of followRun(join(root, 'run'), { signal: new AbortController().signal })) {
    if (fact.kind === 'step-ended') process.kill(pid, 'SIGKILL');
  }
  const cut = readJournal(join(root, 'run'));
  expect(cut.steps.map(({ state }) => state)).toEqual(['succeeded', 'interrupted', 'not-run']);
  expect(cut).toMatchObject({ state: 'interrupted', failedAt: { step: 2 } });
  await start(root, undefined);
  await follow(root);
  expect(readJournal(join(root, 'run')).state).toBe('succeeded');
  expect(counted(root)).toEqual({ done: 1, cut: 2, next: 1 });
});
