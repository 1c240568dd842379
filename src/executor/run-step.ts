import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DiskError, foreseen } from '../disk-error.ts';
import { CrossgapError } from '../errors.ts';
import { faultPoint } from '../faults.ts';
import { artifactsSizeMax, keepArtifact } from './artifacts.ts';
import { failureConventions } from './conventions.ts';
import { deletePackagedScripts } from './conventions/run-scripts.ts';
import { ExecutorError } from './errors.ts';
import type { FactError } from './journal.ts';
import { conventionsOf } from './outcome.ts';
import type { PlannedStep } from './plan.ts';
import { endTree, processMark } from './process-tree.ts';
import { emptyStep, type StepRecord } from './record.ts';
import { runConventions, type ConventionsEnd } from './run-conventions.ts';
import type { RunState } from './run-state.ts';
import { outputsOf } from './step-outputs.ts';
import { keptFor, tellFolder, workFor, type StepRun } from './step-run.ts';
import { setOutputVariable, setScriptValue } from './step-variables.ts';

/** What can end a run from outside: a person cancels it, or the machine is going down. */
export type Stops = { readonly cancel?: AbortSignal; readonly interrupt?: AbortSignal };

/** How often a failed step is tried again where the plan says to retry, beside what the step says itself. */
const triesMore = 3;

/**
 * Runs one step, again after a failure while it has retries left, and records its end. `isAgain` where a person wants one
 * that has failed tried once more.
 */
export async function runStep(
  run: RunState,
  step: PlannedStep,
  position: number,
  earlier: StepRecord | undefined,
  makeVariables: () => StepRun['variables'],
  stops: Stops,
  isAgain: boolean,
): Promise<{ end: ConventionsEnd; record: StepRecord }> {
  const place = placeOf(run, step, position);
  const retriesMax = step.retriesMax + (run.plan.onFailure === 'retry' ? triesMore : 0);
  for (let attempt = (earlier?.attempt ?? 1) + (isAgain ? 1 : 0); ; attempt += 1) {
    const goesOn = earlier !== undefined && attempt === earlier.attempt;
    const at = run.clock.now();
    const record = goesOn ? earlier : emptyStep(attempt, at);
    if (!goesOn) run.journal.append({ kind: 'step-started', at, step: position, attempt });
    run.log.write(place, 'info', attempt === 1 ? `Started` : `Started, attempt ${attempt}`);
    faultPoint('executor.step.started');
    const end = await runAttempt(run, step, position, record, makeVariables(), stops);
    if (end.state === 'interrupted') return { end, record };
    await keepArtifacts(run, step, position, record);
    rmSync(scratchOf(run, position), { recursive: true, force: true });
    rmSync(keptFor(run, position), { recursive: true, force: true });
    const mayRetry = end.state === 'failed' && attempt <= retriesMax;
    if (mayRetry) {
      run.log.write(place, 'warning', `${end.error.message}; tried again`);
      continue;
    }
    const error = end.state === 'succeeded' ? undefined : end.error;
    const state = end.state === 'cancelled' ? 'interrupted' : end.state;
    faultPoint('executor.step.before-journal');
    run.journal.append({
      kind: 'step-ended',
      at: run.clock.now(),
      step: position,
      state,
      ...(error && { error }),
    });
    run.log.write(place, error === undefined ? 'info' : 'error', error?.message ?? 'Succeeded');
    record.state = state;
    if (error !== undefined) record.error = error;
    return { end, record };
  }
}

async function runAttempt(
  run: RunState,
  step: PlannedStep,
  position: number,
  record: StepRecord,
  variables: StepRun['variables'],
  stops: Stops,
): Promise<ConventionsEnd> {
  const scratch = scratchOf(run, position);
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  for (const [use, path] of record.folders) tellFolder(variables, use, path);
  for (const output of outputsOf(run, step, position, record)) {
    setScriptValue(variables, output.name, output.value);
    setOutputVariable(variables, run.plan.machine, output);
  }
  await endLeftOver(run, placeOf(run, step, position), record);
  const stepRun: StepRun = { run, step, position, variables, scratch, record };
  using limit = timeLimit(step, stops);
  using rollbackLimit = timeLimit(step, stops);
  const end = await runConventions(
    conventionsOf(step),
    step.action.kind === 'package' ? failureConventions : [],
    {
      ended: record.ended,
      workFor(convention) {
        // A rollback has the same time again, since a step that ran out of time must still be able to clean up.
        const { signal } = convention.number === 'F' ? rollbackLimit : limit;
        return workFor(stepRun, convention, signal);
      },
      began({ key }) {
        run.journal.append({ kind: 'convention-started', at: run.clock.now(), step: position, key });
        record.started.add(key);
      },
      end(convention, ended) {
        const { key, number, name } = convention;
        run.journal.append({ kind: 'convention-ended', at: run.clock.now(), step: position, key, ...ended });
        record.ended.set(key, ended);
        // Why it failed is said where the step ends.
        const said = [ended.state, ended.detail].filter(Boolean).join(': ');
        run.log.write(`${placeOf(run, step, position)} · ${number} ${name}`, 'verbose', said);
      },
      judge(error) {
        const known = foreseen(error) ?? error;
        // Where nothing can be written a run breaks off, as by a power cut, rather than to undo what was done well.
        const stopped = stopOf(stops) ?? (known instanceof DiskError ? 'interrupted' : undefined);
        return { error: judged(run, known), ...(stopped && { stopped }) };
      },
      cleanUp(work) {
        if (step.action.kind === 'package') deletePackagedScripts(work, 'DeployFailed');
      },
    },
  );
  return end;
}

/** Ends a script that outlived the process that ran it, before it is run again. */
async function endLeftOver(run: RunState, place: string, record: StepRecord): Promise<void> {
  const { process: left } = record;
  if (left === undefined || processMark(left.pid) !== left.mark) return;
  run.log.write(place, 'warning', `Ending process ${left.pid}, which an interrupted attempt left behind`);
  await endTree({ pid: left.pid, outputInodes: new Set() }, 'SIGTERM', run.graceMs);
}

/** A signal that aborts when the step's time is over or the run is stopped; its clock starts when it is first used. */
function timeLimit(step: PlannedStep, stops: Stops): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const outer = [stops.cancel, stops.interrupt].filter((signal) => signal !== undefined);
  const onStop = (): void => controller.abort(stopError(stopOf(stops) ?? 'cancelled'));
  for (const signal of outer) signal.addEventListener('abort', onStop);
  let timer: NodeJS.Timeout | undefined;
  let isUsed = false;
  return {
    get signal() {
      if (!isUsed && step.timeLimitMs !== undefined) {
        const limitMs = step.timeLimitMs;
        timer = setTimeout(() => controller.abort(timeIsUp(step, limitMs)), limitMs);
      }
      isUsed = true;
      return controller.signal;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const signal of outer) signal.removeEventListener('abort', onStop);
    },
  };
}

export function stopOf(stops: Stops): 'cancelled' | 'interrupted' | undefined {
  if (stops.cancel?.aborted) return 'cancelled';
  return stops.interrupt?.aborted ? 'interrupted' : undefined;
}

export function stopError(stopped: 'cancelled' | 'interrupted'): ExecutorError {
  const how = stopped === 'cancelled' ? 'it was cancelled' : 'it was broken off from outside';
  return new ExecutorError('STEP_CANCELLED', `Cannot finish the run: ${how}`, {
    hint:
      stopped === 'cancelled'
        ? 'Retry the deployment, or roll back.'
        : 'Resume the run, retry it, or roll back.',
  });
}

function timeIsUp(step: PlannedStep, limitMs: number): ExecutorError {
  const message = `Cannot finish step ${step.name}: its time limit of ${limitMs / 1000} s is over`;
  return new ExecutorError('STEP_TIME_LIMIT', message, {
    hint: 'Look in the log for what took so long; give the step more time or mend its script.',
    details: { stepId: step.id, limitMs },
  });
}

async function keepArtifacts(
  run: RunState,
  step: PlannedStep,
  position: number,
  record: StepRecord,
): Promise<void> {
  for (const asked of record.artifactsAsked.splice(0)) {
    const taken = new Set(record.artifacts.map((artifact) => artifact.name));
    const room = artifactsSizeMax - run.artifactBytes();
    const kept = await keepArtifact(run.runFolder, position, asked, run.masker, taken, room);
    if ('refused' in kept) {
      run.log.write(placeOf(run, step, position), 'warning', `${asked.path} is not kept: ${kept.refused}`);
      continue;
    }
    run.journal.append({ kind: 'artifact', step: position, from: asked.path, ...kept });
    record.artifacts.push(kept);
    run.keptArtifact(kept.sizeBytes);
  }
}

/** An error as journal and outcome keep it: masked, and with its code and hint where it has them. */
export function judged(run: RunState, error: unknown): FactError {
  if (error instanceof CrossgapError) {
    const { code, message, hint, details } = error;
    const exitCode = details['exitCode'];
    return {
      code,
      message: run.masker.mask(message),
      hint: run.masker.mask(hint),
      ...(typeof exitCode === 'number' && { exitCode }),
    };
  }
  if (error instanceof Error && error.stack !== undefined) run.log.write('run', 'verbose', error.stack);
  return { message: run.masker.mask(error instanceof Error ? error.message : String(error)) };
}

/** Where a step keeps what does not outlive it; below the run's own folder, which is given from the root on. */
function scratchOf(run: RunState, position: number): string {
  return join(run.runFolder, 'scratch', String(position));
}

export function placeOf(run: RunState, step: PlannedStep, position: number): string {
  return `${position}/${run.plan.steps.length} ${step.name}`;
}
