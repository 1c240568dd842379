export { foreseeRun, plannedScripts, replayRun } from './foresee/ahead.ts';
export type { Confirmation, ForeseenStep, ForeseeOptions } from './foresee/foresee-run.ts';
export type { Replayed } from './foresee/replay-run.ts';
export { standInFor } from './foresee/stand-in.ts';
export { cancelRun, interruptRun } from './cancel-run.ts';
export { checkHost, hostProblems, missingEngines, type HostProblem } from './check-host.ts';
export type { HostCheck } from './preflight/host-check.ts';
export { lookAtHost, type HostQuestions } from './preflight/look-at-host.ts';
export { lookByScript, tryValue, type CheckRun } from './preflight/run-check-script.ts';
export { lookAtSpace, type SpaceNeed } from './preflight/space.ts';
export { ExecutorError, executorErrorCodes, type ExecutorErrorCode } from './errors.ts';
export { holdersOf } from './file-holders.ts';
export { readPlan } from './plan-file.ts';
export { followLog, followRun, readRunLog, runLogBytes, type FollowOptions } from './follow-run.ts';
export { type Fact } from './journal.ts';
export { executorMain } from './main.ts';
export type {
  Answer,
  ArtifactOutcome,
  ConventionOutcome,
  ConventionState,
  Decision,
  DeploymentState,
  InlineScript,
  ManualAction,
  OnFailure,
  PackageAction,
  Plan,
  PlannedInput,
  PlannedStep,
  PlannedVariable,
  PreviousInstallation,
  RunAction,
  RunOutcome,
  ScriptKind,
  StepOutcome,
  StepState,
  Wait,
} from './plan.ts';
export { inlineScript, type PlannedScript } from './script-text.ts';
export { isRunAlive, readJournal, readRunning } from './read-journal.ts';
export { Masker } from './masking.ts';
export { logPath, parseLogLine, type LogLevel, type LogLine } from './run-log.ts';
export { runPlan, type RunEvent, type RunOptions } from './run-plan.ts';
export { makeRunKey } from './seal.ts';
export { inlineOrder as scriptKinds } from './script-kinds.ts';
export { startRun, type StartOptions } from './start-run.ts';
export { knownValues } from './step-variables.ts';
