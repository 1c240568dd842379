import { faultPoint } from '../faults.ts';
import { expand, type VariableSet } from '../variables/index.ts';
import { manualConventions } from './conventions.ts';
import { ExecutorError } from './errors.ts';
import type { FactError } from './journal.ts';
import type { Decision, ManualAction, PlannedStep, Wait } from './plan.ts';
import { emptyStep, openWait, type StepRecord } from './record.ts';
import type { StepEnd } from './run-conventions.ts';
import { judged, placeOf } from './run-step.ts';
import type { RunState } from './run-state.ts';

/*
 * Where a run waits for a person, its process ends: the journal says for what, and whoever resumes the run hands over
 * what was decided. Until a decision is in the journal the step asks again each time the run is resumed.
 */

/** Whether a step may go on that waits, or `waiting` where nobody has decided yet. */
function decisionOn(
  run: RunState,
  step: PlannedStep,
  position: number,
  record: StepRecord,
  ask: () => Pick<Wait, 'for' | 'text' | 'offers'>,
): Decision | 'waiting' {
  if (record.decision !== undefined) return record.decision;
  const place = placeOf(run, step, position);
  const open = openWait(record);
  if (open === undefined) {
    const wait: Wait = { wait: run.nextWait(), step: position, ...ask(), since: run.clock.now() };
    faultPoint('executor.wait.before-journal');
    run.journal.append({ kind: 'waiting', ...wait });
    faultPoint('executor.wait.after-journal');
    record.wait = wait;
    run.log.write(place, 'wait', `Waiting for a person: ${wait.text}`);
    return 'waiting';
  }
  const decision = run.decisions.find((one) => one.wait === open.wait && open.offers.includes(one.answer));
  if (decision === undefined) return 'waiting';
  decide(run, step, position, record, decision);
  return decision;
}

function decide(
  run: RunState,
  step: PlannedStep,
  position: number,
  record: StepRecord,
  decision: Decision,
): void {
  faultPoint('executor.decision.before-journal');
  run.journal.append({ kind: 'decided', step: position, ...decision });
  faultPoint('executor.decision.after-journal');
  record.decision = decision;
  const note = decision.note === null ? '' : `: ${decision.note}`;
  run.log.write(placeOf(run, step, position), 'info', `${decided[decision.answer]} by ${decision.by}${note}`);
}

const decided = {
  approve: 'Confirmed',
  refuse: 'Refused',
  retry: 'Tried again, decided',
  ignore: 'Failure ignored, decided',
  fail: 'Failure taken as it is, decided',
} as const;

/** A step that a person confirms; `variables` are those of the step. */
export function runManualStep(
  run: RunState,
  step: PlannedStep,
  action: ManualAction,
  position: number,
  earlier: StepRecord | undefined,
  variables: () => VariableSet,
): { end: StepEnd; record: StepRecord } {
  const { key } = manualConventions[0]!;
  const at = run.clock.now();
  const record = earlier ?? emptyStep(1, at);
  if (earlier === undefined) {
    run.journal.append({ kind: 'step-started', at, step: position, attempt: 1 });
    run.log.write(placeOf(run, step, position), 'info', 'Started');
  }
  if (!record.started.has(key)) {
    run.journal.append({ kind: 'convention-started', at: run.clock.now(), step: position, key });
    record.started.add(key);
  }
  let decision: Decision | 'waiting' | undefined;
  let error: FactError | undefined;
  try {
    decision = decisionOn(run, step, position, record, () => ({
      for: 'confirmation',
      text: expand(action.instructions, variables()).text,
      offers: ['approve', 'refuse'],
    }));
    if (decision === 'waiting') return { end: { state: 'waiting' }, record };
    if (decision.answer === 'refuse') throw refused(step, position, decision);
  } catch (caught) {
    error = judged(run, caught);
  }
  if (typeof decision === 'object') keepDecision(run, position, record, decision);
  const how = typeof decision === 'object' ? saidBy(decision) : undefined;
  const state = error === undefined ? 'succeeded' : 'failed';
  const ended = {
    state: error === undefined ? ('done' as const) : ('failed' as const),
    ...(error === undefined ? how !== undefined && { detail: how } : { error }),
  };
  if (!record.ended.has(key)) {
    run.journal.append({ kind: 'convention-ended', at: run.clock.now(), step: position, key, ...ended });
    record.ended.set(key, ended);
  }
  run.journal.append({
    kind: 'step-ended',
    at: run.clock.now(),
    step: position,
    state,
    ...(error && { error }),
  });
  run.log.write(
    placeOf(run, step, position),
    error === undefined ? 'info' : 'error',
    error?.message ?? 'Succeeded',
  );
  record.state = state;
  if (error !== undefined) record.error = error;
  return { end: error === undefined ? { state: 'succeeded' } : { state: 'failed', error }, record };
}

/** Who decided and what was noted, for later steps, under the names Octopus gives them. */
function keepDecision(run: RunState, position: number, record: StepRecord, decision: Decision): void {
  const facts = {
    'Manual.Notes': decision.note ?? '',
    'Manual.ResponsibleUser.Username': decision.by,
    'Manual.ResponsibleUser.DisplayName': decision.by,
    'Manual.ResponsibleUser.Id': decision.by,
  };
  for (const [name, value] of Object.entries(facts)) {
    if (record.outputs.has(name)) continue;
    run.journal.append({ kind: 'output', step: position, name, value });
    record.outputs.set(name, { value });
  }
}

const saidBy = ({ by, note }: Decision): string =>
  note === null ? `confirmed by ${by}` : `confirmed by ${by}: ${note}`;

function refused(step: PlannedStep, position: number, { by, note }: Decision): ExecutorError {
  const because = note === null ? '' : `: ${note}`;
  return new ExecutorError(
    'STEP_REFUSED',
    `Cannot go on: ${by} refused step ${position} "${step.name}"${because}`,
    { hint: 'Speak with who refused it; then retry the deployment.', details: { stepId: step.id, by, note } },
  );
}

/**
 * What becomes of a run in which a step has failed for good: `failed`, `ignored`, `again` where a person wants the step
 * tried once more, `waiting` where nobody has decided yet.
 */
export function settleFailure(
  run: RunState,
  step: PlannedStep,
  position: number,
  record: StepRecord,
): 'failed' | 'ignored' | 'again' | 'waiting' {
  const { onFailure = 'fail' } = run.plan;
  // A refusal is a decision already.
  if (record.error?.code === 'STEP_REFUSED') return 'failed';
  if (onFailure === 'ignore') {
    if (step.required === true) return 'failed';
    if (record.decision === undefined) {
      const at = run.clock.now();
      decide(run, step, position, record, {
        wait: 0,
        answer: 'ignore',
        by: '--on-failure ignore',
        at,
        note: null,
      });
    }
    return 'ignored';
  }
  if (onFailure !== 'ask') return 'failed';
  const decision = decisionOn(run, step, position, record, () => ({
    for: 'failure',
    text: record.error?.message ?? `Cannot go on: step ${step.name} failed`,
    offers: step.required === true ? ['retry', 'fail'] : ['retry', 'ignore', 'fail'],
  }));
  if (decision === 'waiting') return 'waiting';
  if (decision.answer === 'retry') return 'again';
  return decision.answer === 'ignore' ? 'ignored' : 'failed';
}
