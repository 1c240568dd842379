import { CrossgapError, exitCodes, type ErrorFacts, type ExitCode } from '../errors.ts';

const exits = {
  LINK_UNKNOWN: exitCodes.misused,
  LINK_NAME_TAKEN: exitCodes.misused,
  LINK_NOT_CONFIRMED: exitCodes.refused,
  LINK_ALREADY_PAIRED: exitCodes.refused,
  FINGERPRINT_DIFFERS: exitCodes.verification,
  ENVIRONMENT_UNKNOWN: exitCodes.misused,
  ENVIRONMENT_IN_USE: exitCodes.refused,
  LIFECYCLE_CYCLE: exitCodes.misused,
  PACKAGE_UNKNOWN: exitCodes.misused,
  PACKAGE_CONTENT_DIFFERS: exitCodes.verification,
  PACKAGE_NOT_NAMED: exitCodes.misused,
  RELEASE_UNKNOWN: exitCodes.misused,
  RELEASE_AMBIGUOUS: exitCodes.misused,
  RELEASE_EXISTS: exitCodes.refused,
  RELEASE_TOO_LARGE: exitCodes.misused,
  RELEASE_WITHDRAWN: exitCodes.refused,
  GATE_CLOSED: exitCodes.refused,
  OFFER_NOT_TAKEN: exitCodes.refused,
  OFFER_ONLY: exitCodes.misused,
  PREDECESSOR_MISSING: exitCodes.refused,
  DEPLOYMENT_HELD: exitCodes.held,
  DEPLOYMENT_STATE: exitCodes.refused,
  DECISION_AMBIGUOUS: exitCodes.misused,
  DECISION_NOT_OFFERED: exitCodes.refused,
  NOTHING_TO_ROLL_BACK: exitCodes.refused,
  NOTHING_TO_UNINSTALL: exitCodes.refused,
  NO_UNINSTALL: exitCodes.refused,
  RELEASE_INCOMPLETE: exitCodes.waiting,
  RELEASE_PART_REFUSED: exitCodes.verification,
  INPUT_MISSING: exitCodes.inputMissing,
  INPUT_INVALID: exitCodes.misused,
  INPUT_UNKNOWN: exitCodes.misused,
  SCRIPTS_NOT_APPROVED: exitCodes.refused,
  SECRET_FOR_LINK: exitCodes.refused,
  TRUST_ENTRY_UNKNOWN: exitCodes.misused,
  TRUST_ENTRY_UNFIT: exitCodes.misused,
  REVOCATION_LIST_REFUSED: exitCodes.verification,
  REPORT_UNKNOWN: exitCodes.misused,
  REPORT_OWN: exitCodes.refused,
  REPORT_TOO_EARLY: exitCodes.refused,
  REPORT_WISH_UNFIT: exitCodes.misused,
} as const satisfies Record<string, ExitCode>;

export type CommandErrorCode = keyof typeof exits;

/** What was asked for can't be done as things stand; nothing was recorded. */
export class CommandError extends CrossgapError<CommandErrorCode> {
  constructor(code: CommandErrorCode, message: string, facts: ErrorFacts) {
    super(code, exits[code], message, facts);
  }
}
