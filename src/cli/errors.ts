import { CrossgapError, exitCodes, type ErrorFacts, type ExitCode } from '../errors.ts';

const exits = {
  USAGE_INVALID: exitCodes.misused,
  NOT_IN_THIS_VERSION: exitCodes.misused,
  FILE_NOT_READABLE: exitCodes.misused,
  FILE_NOT_WRITTEN: exitCodes.refused,
  FILE_EXISTS: exitCodes.refused,
  NOTHING_CARRIED: exitCodes.refused,
  PACKAGE_INCOMPLETE: exitCodes.inputMissing,
  VALUE_MISSING: exitCodes.misused,
  VALUE_UNFIT: exitCodes.misused,
  BLOB_MISSING: exitCodes.waiting,
  PROCESS_UNKNOWN: exitCodes.misused,
  DEPLOYMENT_UNKNOWN: exitCodes.misused,
  RUN_LOG_MISSING: exitCodes.refused,
  REPLAY_DIFFERS: exitCodes.verification,
  REPLAY_IMPOSSIBLE: exitCodes.refused,
  RELEASE_NOT_OURS: exitCodes.misused,
  CERTIFICATE_FILE_EXISTS: exitCodes.refused,
  DEPLOYMENT_FAILED: exitCodes.deploymentFailed,
  DEPLOYMENT_INTERRUPTED: exitCodes.deploymentFailed,
  DEPLOYMENT_CANCELLED: exitCodes.refused,
  DEPLOYMENT_NOT_OVER: exitCodes.waiting,
  DEPLOYMENT_REFUSED: exitCodes.refused,
  DEPLOYMENT_WAITS: exitCodes.refused,
  LOG_BROKEN: exitCodes.verification,
  READ_MODELS_DIFFERED: exitCodes.verification,
  HOST_NOT_READY: exitCodes.refused,
  SITE_HELD: exitCodes.held,
  MAKER_NOT_BELIEVED: exitCodes.verification,
  RELEASE_OLDER: exitCodes.refused,
  NOTHING_RAN_HERE: exitCodes.refused,
  FOLDER_NOT_MOVED: exitCodes.refused,
} as const satisfies Record<string, ExitCode>;

export type CliErrorCode = keyof typeof exits;

/** A command was called in a way it can't follow, or what it was asked about did not go well. */
export class CliError extends CrossgapError<CliErrorCode> {
  constructor(code: CliErrorCode, message: string, facts: ErrorFacts) {
    super(code, exits[code], message, facts);
  }
}
