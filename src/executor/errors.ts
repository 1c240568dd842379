import { CrossgapError, exitCodes, type ErrorFacts, type ExitCode } from '../errors.ts';

/** Everything that can keep a run from starting, going on or being read; each has its paragraph in docs/errors.md. */
export const executorErrorCodes = [
  'CONFIGURATION_INCOMPLETE',
  'FEATURE_FAILED',
  'FEATURE_NOT_SUPPORTED',
  'FILE_NOT_CHANGED',
  'HOST_LACKS_FEATURE',
  'HOST_LACKS_INTERPRETER',
  'INSTALL_FOLDER_REFUSED',
  'PACKAGE_NOT_TRUSTED',
  'RUN_ENDED',
  'RUN_EXISTS',
  'RUN_HELD',
  'RUN_NOT_STARTED',
  'RUN_SECRET_MISSING',
  'RUN_UNREADABLE',
  'SCRIPT_FAILED',
  'SCRIPT_NOT_STARTED',
  'STEP_CANCELLED',
  'STEP_REFUSED',
  'STEP_TIME_LIMIT',
  'SUBSTITUTION_INCOMPLETE',
] as const;
export type ExecutorErrorCode = (typeof executorErrorCodes)[number];

const exits: Record<ExecutorErrorCode, ExitCode> = {
  CONFIGURATION_INCOMPLETE: exitCodes.deploymentFailed,
  FEATURE_FAILED: exitCodes.deploymentFailed,
  FEATURE_NOT_SUPPORTED: exitCodes.refused,
  FILE_NOT_CHANGED: exitCodes.deploymentFailed,
  HOST_LACKS_FEATURE: exitCodes.refused,
  HOST_LACKS_INTERPRETER: exitCodes.refused,
  INSTALL_FOLDER_REFUSED: exitCodes.refused,
  PACKAGE_NOT_TRUSTED: exitCodes.verification,
  RUN_ENDED: exitCodes.refused,
  RUN_EXISTS: exitCodes.refused,
  RUN_HELD: exitCodes.held,
  RUN_NOT_STARTED: exitCodes.deploymentFailed,
  RUN_SECRET_MISSING: exitCodes.inputMissing,
  RUN_UNREADABLE: exitCodes.verification,
  SCRIPT_FAILED: exitCodes.deploymentFailed,
  SCRIPT_NOT_STARTED: exitCodes.deploymentFailed,
  STEP_CANCELLED: exitCodes.refused,
  STEP_REFUSED: exitCodes.refused,
  STEP_TIME_LIMIT: exitCodes.deploymentFailed,
  SUBSTITUTION_INCOMPLETE: exitCodes.deploymentFailed,
};

/** A run that can't start, go on or be read, or a convention that failed for a reason a person can act on. */
export class ExecutorError extends CrossgapError<ExecutorErrorCode> {
  constructor(code: ExecutorErrorCode, message: string, facts: ErrorFacts) {
    super(code, exits[code], message, facts);
  }
}

/** The code a system call failed with (`ENOENT` and kin), undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
