import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  makeRunKey,
  readJournal,
  type Decision,
  type PlannedStep,
  type RunOutcome,
} from '../../src/executor/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { logOf, planOf, run, runStep, saidOf } from '../support/scripts-run.ts';

const manual = (name: string, instructions: string, more: Partial<PlannedStep> = {}): PlannedStep => ({
  ...runStep(name, '', more),
  action: { kind: 'manual', instructions },
});
const word = (wait: number, answer: Decision['answer'], note: string | null = null): Decision => ({
  wait,
  answer,
  by: 'ann',
  at: 5,
  note,
});
const statesOf = ({ steps }: RunOutcome): string[] => steps.map(({ name, state }) => `${name} ${state}`);
const runKey = makeRunKey();

describe('a step that a person confirms', () => {
  test('halts the run with its instructions evaluated, and goes on with who confirmed it', async () => {
    using folder = temporaryFolder();
    const root = folder.path;
    const plan = planOf(
      root,
      [
        runStep('Before', 'set_octopusvariable Ticket 4711; echo before'),
        manual('DBA', 'Ask for #{Octopus.Action[Before].Output.Ticket}, not #{Secret}'),
        runStep('After', 'echo "$(get_octopusvariable "Octopus.Action[DBA].Output.Manual.Notes")"'),
      ],
      { inputs: [{ name: 'Secret', secret: true, version: 1 }] },
    );
    const more = { secrets: { Secret: 'hunter2-and-more' }, runKey };
    const halted = await run(root, plan, more);
    expect(halted.state).toBe('waiting');
    expect(halted.waits).toMatchObject([
      {
        wait: 1,
        step: 2,
        for: 'confirmation',
        text: 'Ask for 4711, not ********',
        offers: ['approve', 'refuse'],
      },
    ]);
    expect(statesOf(halted)).toEqual(['Before succeeded', 'DBA running', 'After not-run']);
    // Nobody has said a word: it waits on, and asks no second time.
    const again = await run(root, undefined, { ...more, mode: 'resume', decisions: [word(7, 'approve')] });
    expect(again.waits).toEqual(halted.waits);
    const note = 'ticket #{Secret} is fine';
    const outcome = await run(root, undefined, {
      ...more,
      mode: 'resume',
      decisions: [word(1, 'approve', note)],
    });
    expect(statesOf(outcome)).toEqual(['Before succeeded', 'DBA succeeded', 'After succeeded']);
    expect(outcome).toMatchObject({ state: 'succeeded', waits: [] });
    expect(outcome.steps[1]).toMatchObject({
      conventions: [{ number: 10, name: 'Confirm', state: 'done', detail: `confirmed by ann: ${note}` }],
      outputs: { 'Manual.Notes': note, 'Manual.ResponsibleUser.Username': 'ann' },
    });
    // What a person typed is not evaluated.
    expect(saidOf(root)).toEqual(['before', note]);
    expect(logOf(root)).not.toContain('hunter2');
  });

  test('fails the run where it is refused; only what is meant for that runs then', async () => {
    using folder = temporaryFolder();
    const root = folder.path;
    const plan = planOf(
      root,
      [
        manual('CAB', 'May we?'),
        runStep('Web', 'echo never'),
        runStep('Undo', 'echo undone; get_octopusvariable Octopus.Deployment.Error', { when: 'failure' }),
      ],
      // A refusal is no failure that somebody is asked about once more.
      { onFailure: 'ask' },
    );
    await run(root, plan, { runKey });
    const outcome = await run(root, undefined, {
      runKey,
      mode: 'resume',
      decisions: [word(1, 'refuse', 'not today')],
    });
    expect(statesOf(outcome)).toEqual(['CAB failed', 'Web not-run', 'Undo succeeded']);
    const error = 'Cannot go on: ann refused step 1 "CAB": not today';
    expect(outcome).toMatchObject({
      state: 'failed',
      error,
      errorCode: 'STEP_REFUSED',
      failedAt: { step: 1 },
    });
    expect(saidOf(root)).toEqual(['undone', error]);
  });

  test('asks nobody where it does not run', async () => {
    using folder = temporaryFolder();
    const plan = planOf(folder.path, [
      manual('Elsewhere', 'x', { skippedBecause: 'it is only for production' }),
      manual('Unless', 'x', { when: '#{Nowhere}' }),
    ]);
    expect(await run(folder.path, plan)).toMatchObject({ state: 'succeeded', waits: [] });
  });
});

describe('a failure in a run that was asked to wait then', () => {
  const failing = (root: string): string => `echo try >> ${root}/effects; test -e ${root}/mended`;
  const tries = (root: string): number => readFileSync(join(root, 'effects'), 'utf8').split('\n').length - 1;

  test('waits with the reason, is tried again, and is ignored when a person says so', async () => {
    using folder = temporaryFolder();
    const root = folder.path;
    const plan = planOf(
      root,
      [
        runStep('Web', failing(root), { retriesMax: 1 }),
        runStep('After', 'echo "after [$(get_octopusvariable Octopus.Deployment.Error)]"'),
      ],
      { onFailure: 'ask' },
    );
    const halted = await run(root, plan, { runKey });
    expect(halted).toMatchObject({
      state: 'waiting',
      waits: [
        {
          wait: 1,
          step: 1,
          for: 'failure',
          text: 'Cannot go on: the script of step 1 "Web" ended with exit code 1',
          offers: ['retry', 'ignore', 'fail'],
        },
      ],
    });
    expect(statesOf(halted)).toEqual(['Web failed', 'After not-run']);
    expect(tries(root)).toBe(2);
    const retried = await run(root, undefined, { runKey, mode: 'resume', decisions: [word(1, 'retry')] });
    expect(retried).toMatchObject({ state: 'waiting', waits: [{ wait: 2 }] });
    expect(tries(root)).toBe(3);
    const decisions = [word(1, 'retry'), word(2, 'ignore', 'mended by hand')];
    const outcome = await run(root, undefined, { runKey, mode: 'resume', decisions });
    expect(outcome.state).toBe('succeeded');
    expect(outcome.failedAt).toBeUndefined();
    expect(outcome.steps[0]).toMatchObject({ state: 'failed', ignoredBy: 'ann', attempts: 3 });
    expect(saidOf(root)).toEqual(['after []']);
    expect(tries(root)).toBe(3);
  });

  test('a step tried again may succeed, and one that is given up fails the run', async () => {
    using folder = temporaryFolder();
    const root = folder.path;
    const plan = planOf(root, [runStep('Web', failing(root)), runStep('Next', 'exit 4')], {
      onFailure: 'ask',
    });
    await run(root, plan, { runKey });
    folder.file('mended', new Uint8Array());
    const second = await run(root, undefined, { runKey, mode: 'resume', decisions: [word(1, 'retry')] });
    expect(second).toMatchObject({ state: 'waiting', waits: [{ step: 2 }] });
    const outcome = await run(root, undefined, { runKey, mode: 'resume', decisions: [word(2, 'fail')] });
    expect(outcome).toMatchObject({ state: 'failed', failedAt: { step: 2, stepId: 'next' } });
    expect(statesOf(outcome)).toEqual(['Web succeeded', 'Next failed']);
  });

  test('a required step is never ignored: it waits with two offers, and an answer beside them counts for nothing', async () => {
    using folder = temporaryFolder();
    const root = folder.path;
    const plan = planOf(root, [runStep('Web', 'exit 3', { required: true })], { onFailure: 'ask' });
    const halted = await run(root, plan, { runKey });
    expect(halted.waits[0]!.offers).toEqual(['retry', 'fail']);
    const on = await run(root, undefined, { runKey, mode: 'resume', decisions: [word(1, 'ignore')] });
    expect(on).toMatchObject({ state: 'waiting', waits: halted.waits });
  });
});

describe('a failure in a run that is not to wait', () => {
  test('is ignored where that was asked for, except that of a required step', async () => {
    using folder = temporaryFolder();
    const plan = planOf(
      folder.path,
      [
        runStep('Web', 'exit 3'),
        runStep('Next', 'echo next'),
        runStep('Must', 'exit 4', { required: true }),
        runStep('Last', 'echo no'),
      ],
      { onFailure: 'ignore' },
    );
    const outcome = await run(folder.path, plan);
    expect(statesOf(outcome)).toEqual(['Web failed', 'Next succeeded', 'Must failed', 'Last not-run']);
    expect(outcome).toMatchObject({ state: 'failed', failedAt: { step: 3 } });
    expect(outcome.steps[0]!.ignoredBy).toBe('--on-failure ignore');
    expect(saidOf(folder.path)).toEqual(['next']);
  });

  test('is tried three times more, beside what the step says itself, and then fails', async () => {
    using folder = temporaryFolder();
    const plan = planOf(folder.path, [runStep('Web', 'exit 3', { retriesMax: 1 })], { onFailure: 'retry' });
    const outcome = await run(folder.path, plan);
    expect(outcome).toMatchObject({ state: 'failed', steps: [{ attempts: 5 }] });
  });
});

test('how a waiting run stands is read from its journal alone', async () => {
  using folder = temporaryFolder();
  const plan = planOf(folder.path, [manual('CAB', 'May we?')]);
  const halted = await run(folder.path, plan, { runKey });
  expect(readJournal(join(folder.path, 'run'))).toEqual(halted);
});
