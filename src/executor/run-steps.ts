import { CrossgapError } from '../errors.ts';
import type { VariableSet } from '../variables/index.ts';
import { runManualStep, settleFailure } from './await-person.ts';
import type { FactError } from './journal.ts';
import type { PlannedStep, StepState } from './plan.ts';
import { emptyStep, isIgnored, type RunRecord, type StepRecord } from './record.ts';
import type { StepEnd } from './run-conventions.ts';
import { judged, placeOf, runStep, stopError, stopOf, type Stops } from './run-step.ts';
import type { RunState } from './run-state.ts';
import { groupsOf, parallelLimit, whyNot } from './step-conditions.ts';
import { outputsOf } from './step-outputs.ts';
import { stepVariables, type OutputVariable } from './step-variables.ts';

/** What the steps before a group left behind; the same for all steps of the group, whichever of them ends first. */
type Before = {
  readonly outputs: OutputVariable[];
  readonly states: Map<string, StepState>;
  failure: FactError | undefined;
};

type Ran = { readonly end: StepEnd; readonly record: StepRecord };

/**
 * Runs the steps that have not ended yet and tells how that makes the run end. Steps that start together run side by
 * side up to a limit; one that fails does not end the others, and the run goes on when all of them have ended. With a
 * step that waits for a person the run halts there.
 */
export async function runSteps(
  run: RunState,
  earlier: RunRecord | undefined,
  stops: Stops,
): Promise<StepEnd> {
  const before: Before = { outputs: [], states: new Map(), failure: undefined };
  for (const group of groupsOf(run.plan.steps)) {
    const first = group[0]!;
    const runOne = async ({ step, position }: (typeof group)[number]): Promise<Ran> =>
      await runOrSkip(run, step, position, earlier?.steps.get(position), before, stops);
    const limit =
      group.length === 1 ? 1 : parallelLimit(variablesFor(run, first.step, first.position, before));
    const ran = await sideBySide(group, limit, ({ step }) => packageOf(step), runOne);
    const stopped =
      ran.find(({ end }) => end.state === 'cancelled') ??
      ran.find(({ end }) => end.state === 'interrupted') ??
      ran.find(({ end }) => end.state === 'waiting');
    if (stopped !== undefined) return stopped.end;
    for (const [index, { step, position }] of group.entries()) {
      const { record } = ran[index]!;
      if (record.state !== undefined) before.states.set(step.name, record.state);
      if (record.state === 'failed' && !isIgnored(record)) {
        before.failure ??= record.error ?? { message: `Cannot go on: step ${step.name} failed` };
      }
      before.outputs.push(...outputsOf(run, step, position, record));
    }
  }
  return before.failure === undefined ? { state: 'succeeded' } : { state: 'failed', error: before.failure };
}

async function runOrSkip(
  run: RunState,
  step: PlannedStep,
  position: number,
  earlier: StepRecord | undefined,
  before: Before,
  stops: Stops,
): Promise<Ran> {
  let record = earlier;
  const variables = (): VariableSet => variablesFor(run, step, position, before);
  for (let isAgain = false; ;) {
    // One that was cut off by a cancellation which did not come to its end has not ended either.
    if (record?.state === undefined || record.state === 'interrupted' || isAgain) {
      const stopped = stopOf(stops);
      if (stopped !== undefined) {
        const end = { state: stopped, error: judged(run, stopError(stopped)) };
        return { end, record: record ?? emptyStep(0, run.clock.now()) };
      }
      if (record === undefined) {
        const skipped = skippedRecord(run, step, position, before.failure !== undefined, variables);
        if (skipped !== undefined) record = skipped;
      }
      if (record?.state === undefined || record.state === 'interrupted' || isAgain) {
        if (record?.state === 'interrupted') delete record.state;
        const ran: Ran =
          step.action.kind === 'manual'
            ? runManualStep(run, step, step.action, position, isAgain ? undefined : record, variables)
            : await runStep(run, step, position, record, variables, stops, isAgain);
        if (ran.end.state !== 'succeeded' && ran.end.state !== 'failed') return ran;
        record = ran.record;
      }
    }
    if (record.state !== 'failed') return { end: { state: 'succeeded' }, record };
    const settled = settleFailure(run, step, position, record);
    if (settled === 'waiting') return { end: { state: 'waiting' }, record };
    if (settled !== 'again') return { end: { state: 'succeeded' }, record };
    isAgain = true;
  }
}

/** The record of a step that does not run, and of one whose condition can't be evaluated, which has failed. */
function skippedRecord(
  run: RunState,
  step: PlannedStep,
  position: number,
  hasFailed: boolean,
  variables: () => VariableSet,
): StepRecord | undefined {
  const at = run.clock.now();
  const place = placeOf(run, step, position);
  try {
    const why = whyNot(step, hasFailed, variables);
    if (why === undefined) return undefined;
    run.journal.append({ kind: 'step-skipped', at, step: position, ...why });
    run.log.write(place, 'info', `Not run: ${why.because}`);
    return { ...emptyStep(0, at), state: why.state };
  } catch (caught) {
    if (!(caught instanceof CrossgapError)) throw caught;
    const error = judged(run, caught);
    run.journal.append({ kind: 'step-started', at, step: position, attempt: 1 });
    run.journal.append({ kind: 'step-ended', at, step: position, state: 'failed', error });
    run.log.write(place, 'error', `Its condition can't be evaluated: ${error.message}`);
    return { ...emptyStep(1, at), state: 'failed', error };
  }
}

function variablesFor(run: RunState, step: PlannedStep, position: number, before: Before): VariableSet {
  return stepVariables({
    plan: run.plan,
    step,
    position,
    secrets: run.secrets,
    outputs: before.outputs,
    states: before.states,
    error: before.failure?.message,
  });
}

/** Two steps with one package would extract it to the same place: they take turns. */
function packageOf({ action }: PlannedStep): string | undefined {
  return action.kind === 'package' ? action.package.id.toLowerCase() : undefined;
}

/**
 * Does `work` for every item, `limit` at once and never two with the same key; results in the order of the items. Where
 * one throws, those that run are awaited, none is begun any more, and it is thrown.
 */
async function sideBySide<Item, Result>(
  items: readonly Item[],
  limit: number,
  keyOf: (item: Item) => string | undefined,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = items.map((item, index) => ({ item, index, key: keyOf(item) }));
  const running = new Map<number, Promise<void>>();
  const busy = new Set<string>();
  const thrown: unknown[] = [];
  while (waiting.length > 0 || running.size > 0) {
    if (thrown.length > 0) waiting.length = 0;
    const next = waiting.findIndex(({ key }) => key === undefined || !busy.has(key));
    if (next < 0 || running.size >= limit) {
      await Promise.race(running.values());
      continue;
    }
    const { item, index, key } = waiting.splice(next, 1)[0]!;
    if (key !== undefined) busy.add(key);
    const task = work(item)
      .then((result) => {
        results[index] = result;
      })
      .catch((error: unknown) => {
        thrown.push(error);
      })
      .finally(() => {
        running.delete(index);
        if (key !== undefined) busy.delete(key);
      });
    running.set(index, task);
  }
  if (thrown.length > 0) throw thrown[0];
  return results;
}
