export { cancelRun } from './cancel-run.ts';
export { checkHost, hostProblems, missingEngines, type HostProblem } from './check-host.ts';
export { ExecutorError, executorErrorCodes, type ExecutorErrorCode } from './errors.ts';
export { holdersOf } from './file-holders.ts';
export { followLog, followRun, readRunLog, type FollowOptions } from './follow-run.ts';
export { type Fact } from './journal.ts';
export { executorMain } from './main.ts';
export type {
  ArtifactOutcome,
  ConventionOutcome,
  ConventionState,
  DeploymentState,
  InlineScript,
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
} from './plan.ts';
export { isRunAlive, readJournal, readRunning } from './read-journal.ts';
export { logPath, type LogLevel, type LogLine } from './run-log.ts';
export { runPlan, type RunEvent, type RunOptions } from './run-plan.ts';
export { makeRunKey } from './seal.ts';
export { startRun, type StartOptions } from './start-run.ts';
export { knownValues } from './step-variables.ts';
