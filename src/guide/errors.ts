import { CrossgapError, exitCodes, type ErrorFacts, type ExitCode } from '../errors.ts';

const exits = {
  ANSWERS_INVALID: exitCodes.misused,
  ANSWERS_MISSING: exitCodes.inputMissing,
  CHECKS_LACKING: exitCodes.refused,
  INSTALL_CANCELLED: exitCodes.refused,
  INSTALL_FAILED: exitCodes.deploymentFailed,
  INSTALL_INTERRUPTED: exitCodes.deploymentFailed,
  INSTALL_WAITS: exitCodes.refused,
  INSTALLER_TOO_OLD: exitCodes.refused,
  PLACE_UNKNOWN: exitCodes.misused,
  RELEASE_IN_THE_WAY: exitCodes.refused,
  SCRIPTS_NOT_APPROVED: exitCodes.refused,
  WAY_IMPOSSIBLE: exitCodes.refused,
  WEB_NOT_SERVED: exitCodes.misused,
} as const satisfies Record<string, ExitCode>;

export type GuideErrorCode = keyof typeof exits;

/** What was wanted at a site can't be done, or did not go well; its hint says what a person does next. */
export class GuideError extends CrossgapError<GuideErrorCode> {
  constructor(code: GuideErrorCode, message: string, facts: ErrorFacts) {
    super(code, exits[code], message, facts);
  }
}
