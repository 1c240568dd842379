import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { systemClock, type Clock } from '../clock.ts';
import { faultPoint } from '../faults.ts';
import { tryLock, lockHolder } from '../lock.ts';
import { checkHost } from './check-host.ts';
import { failureConventions } from './conventions.ts';
import { ExecutorError } from './errors.ts';
import { maskedFact, openJournal, readFacts, type Fact, type FactError } from './journal.ts';
import { Masker } from './masking.ts';
import { conventionsOf, outcomeOf } from './outcome.ts';
import { planDigest, readPlan, writePlan } from './plan-file.ts';
import type { Decision, Plan, PlannedStep, RunOutcome } from './plan.ts';
import { recordOf } from './record.ts';
import { logPath, openRunLog, sha256OfFile, type LogLine } from './run-log.ts';
import type { RunState } from './run-state.ts';
import { runSteps } from './run-steps.ts';
import { runSeal } from './seal.ts';
import { scriptEnvironment } from './script-environment.ts';

/*
 * Fault points of the executor, in the order in which a run passes them; `CROSSGAP_FAULT=NAME` ends it there.
 *
 *   executor.step.started               a step is recorded as begun, nothing of it has happened
 *   executor.extract.during             a file of a package was written
 *   executor.extract.before-rename      extracted whole, still under its hidden name
 *   executor.extract.after-rename       the folder has its name, the journal does not know
 *   executor.rewrite.before / .after    around the replacement of one substituted or configured file
 *   executor.copy.purging / .during     a file was purged from, or copied to, the installation folder
 *   executor.feature.file-put           a feature put one of its files into its place on the machine
 *   executor.script.before              everything is ready, the script's process is not
 *   executor.script.during              the script's process lives
 *   executor.script.after               the script ended, the journal does not know
 *   executor.output.after-journal       an output variable is recorded and not yet in force
 *   executor.convention.before-journal  a convention has done its work, the journal does not know
 *   executor.convention.after-journal   it knows
 *   executor.step.before-journal        all conventions ended, the step's end is not recorded
 *   executor.wait.before / .after-journal      around the record that a step waits for a person
 *   executor.decision.before / .after-journal  around the record of what was decided about it
 *   executor.end.before-journal         all steps ended, the run's end is not recorded
 *   executor.end.after-journal          it is
 */

export type RunOptions = {
  readonly runFolder: string;
  readonly mode: 'start' | 'resume';
  /** Values of the plan's secret inputs by name; what stands here besides is masked and not used. */
  readonly secrets: Readonly<Record<string, string>>;
  /** 32 random bytes as base64, the same when the run is resumed; seals what it keeps of secrets. */
  readonly runKey: string;
  /** What persons decided about waits of this run. */
  readonly decisions?: readonly Decision[];
  /** Told every fact once it is on the disk, and every line of the masked log. */
  readonly report?: (event: RunEvent) => void;
  /** Cancels the run. */
  readonly cancel?: AbortSignal;
  /** Breaks it off as a power cut would, except that no script stays behind. */
  readonly interrupt?: AbortSignal;
  /** The environment that scripts get a part of. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly graceMs?: number;
  /** Nobody goes on with this run once its process is gone: its journal need not outlive a power cut. */
  readonly isTrial?: boolean;
  readonly clock?: Clock;
};

export type RunEvent = Fact | ({ readonly kind: 'log' } & LogLine);

/**
 * Runs a plan in this process and returns how it ended. Without a plan, and always when it goes on with an
 * interrupted or waiting run, the plan is `RUN/plan.json`. A failed deployment is an outcome. Throws ExecutorError where nothing was begun:
 * `RUN_HELD`, `RUN_EXISTS`, `RUN_ENDED`, `RUN_UNREADABLE`, `RUN_SECRET_MISSING`, `HOST_LACKS_INTERPRETER`,
 * `FEATURE_NOT_SUPPORTED`.
 */
export async function runPlan(given: Plan | undefined, options: RunOptions): Promise<RunOutcome> {
  const { runFolder } = options;
  assert(isAbsolute(runFolder), 'the folder of a run is given from the root on');
  mkdirSync(runFolder, { recursive: true, mode: 0o700 });
  using lock = tryLock(join(runFolder, 'lock'), 'executor');
  if (lock === undefined) throw held(runFolder);
  return await runUnderLock(given, options);
}

/** As `runPlan`, for whoever already holds `RUN/lock`. */
export async function runUnderLock(given: Plan | undefined, options: RunOptions): Promise<RunOutcome> {
  const { runFolder, mode, secrets, clock = systemClock, report = () => undefined } = options;
  assert(isAbsolute(runFolder), 'the folder of a run is given from the root on');
  const earlier = recordOf(readFacts(runFolder));
  if (mode === 'start' && earlier !== undefined) throw exists(runFolder);
  if (earlier?.end !== undefined) throw ended(runFolder);
  const plan = mode === 'resume' || given === undefined ? readPlan(runFolder) : given;
  const environment = options.environment ?? process.env;
  refuseMissingSecrets(plan, secrets);
  checkHost(plan, environment);
  if (mode === 'start' && given !== undefined) writePlan(runFolder, given);
  const planSha256 = planDigest(runFolder);
  if (earlier !== undefined && earlier.planSha256 !== planSha256) throw otherPlan(runFolder);

  // Before anything begins: an update of the program would take the files away that this process came from.
  await Promise.all(plan.steps.map(loadWork));

  const masker = new Masker();
  using file = openJournal(runFolder, options.isTrial !== true);
  using log = openRunLog(runFolder, masker, clock, (line) => report({ kind: 'log', ...line }));
  let waits = earlier?.waits ?? 0;
  let artifactBytes = [...(earlier?.steps.values() ?? [])]
    .flatMap(({ artifacts }) => artifacts)
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const run: RunState = {
    plan,
    runFolder,
    secrets,
    journal: {
      append(fact) {
        const masked = maskedFact(fact, (text) => masker.mask(text));
        file.append(masked);
        report(masked);
      },
      [Symbol.dispose]: () => undefined,
    },
    log,
    masker,
    seal: runSeal(options.runKey),
    clock,
    environment: scriptEnvironment(environment),
    graceMs: options.graceMs ?? 5000,
    decisions: options.decisions ?? [],
    nextWait: () => (waits += 1),
    artifactBytes: () => artifactBytes,
    keptArtifact(sizeBytes) {
      artifactBytes += sizeBytes;
    },
    keepSecret(what, value) {
      if (masker.add(value) || value === '') return;
      log.write('run', 'warning', `${what} has fewer than four characters and can't be masked`);
    },
  };
  for (const [name, value] of Object.entries(secrets)) run.keepSecret(name, value);
  const at = clock.now();
  if (earlier === undefined)
    run.journal.append({ kind: 'run-started', at, deployment: plan.deployment, planSha256 });
  else run.journal.append({ kind: 'run-resumed', at });
  const began = earlier === undefined ? 'Started' : 'Resumed';
  log.write(
    'run',
    'info',
    `${began} ${plan.process} ${plan.release} in ${plan.environment} (${plan.deployment})`,
  );

  const end = await runSteps(run, earlier, options);
  if (end.state === 'interrupted') log.write('run', 'error', `${end.error.message}; the run can be resumed`);
  else if (end.state === 'waiting') log.write('run', 'wait', 'Goes on when a person has decided');
  else await endRun(run, end.state, end.state === 'succeeded' ? undefined : end.error);
  return outcomeOf(plan, readFacts(runFolder), false);
}

async function loadWork(step: PlannedStep): Promise<void> {
  const onFailure = step.action.kind === 'package' ? failureConventions : [];
  await Promise.all([...conventionsOf(step), ...onFailure].map((convention) => convention.load()));
}

async function endRun(
  run: RunState,
  state: 'succeeded' | 'failed' | 'cancelled',
  error: FactError | undefined,
): Promise<void> {
  run.log.write('run', error === undefined ? 'info' : 'error', error?.message ?? 'Succeeded');
  const logSha256 = await sha256OfFile(logPath(run.runFolder));
  faultPoint('executor.end.before-journal');
  run.journal.append({ kind: 'run-ended', at: run.clock.now(), state, logSha256, ...(error && { error }) });
  faultPoint('executor.end.after-journal');
}

function refuseMissingSecrets(plan: Plan, secrets: Readonly<Record<string, string>>): void {
  const names = plan.inputs.filter((input) => input.secret).map((input) => input.name);
  const missing = names.filter((name) => !Object.hasOwn(secrets, name));
  if (missing.length === 0) return;
  throw new ExecutorError(
    'RUN_SECRET_MISSING',
    `Cannot run ${plan.process}: no value for ${missing.join(', ')}`,
    {
      hint: 'Set these inputs, then start or resume again; nothing has been started.',
      details: { names: missing },
    },
  );
}

function held(runFolder: string): ExecutorError {
  const holder = lockHolder(join(runFolder, 'lock'));
  const who = holder === undefined ? 'another process' : `process ${holder.pid} since ${holder.since}`;
  return new ExecutorError('RUN_HELD', `Cannot run in ${runFolder}: ${who} runs it`, {
    hint: 'Follow that run, or cancel it first.',
    details: { runFolder, holder },
  });
}

function exists(runFolder: string): ExecutorError {
  return new ExecutorError('RUN_EXISTS', `Cannot start a run in ${runFolder}: one was started there before`, {
    hint: 'Resume that run, or start the deployment anew in a folder of its own.',
    details: { runFolder },
  });
}

function ended(runFolder: string): ExecutorError {
  return new ExecutorError('RUN_ENDED', `Cannot resume the run in ${runFolder}: it has ended`, {
    hint: 'Look at its outcome; a retry is a run of its own.',
    details: { runFolder },
  });
}

function otherPlan(runFolder: string): ExecutorError {
  return new ExecutorError('RUN_UNREADABLE', `Cannot resume the run in ${runFolder}: its plan was changed`, {
    hint: 'Start the deployment anew; a run goes on with the plan it began with or not at all.',
    details: { runFolder },
  });
}
