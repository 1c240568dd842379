import { CrossgapError, exitCodes, type ErrorFacts, type ExitCode } from '../errors.ts';

const exits = {
  BUNDLE_NOT_FOUND: exitCodes.misused,
  BUNDLE_NUMBER_UNKNOWN: exitCodes.misused,
  BUNDLE_PART_SIZE_UNFIT: exitCodes.misused,
  BUNDLE_PART_UNREADABLE: exitCodes.refused,
  BUNDLE_INTERRUPTED: exitCodes.refused,
  BUNDLE_NO_ROOM: exitCodes.refused,
  BUNDLE_PART_NOT_WRITTEN: exitCodes.refused,
  BUNDLE_PLAN_UNREADABLE: exitCodes.verification,
  BUNDLE_NOT_AS_BEFORE: exitCodes.verification,
  BUNDLE_VERSION_UNKNOWN: exitCodes.verification,
  BUNDLE_FRONT_DAMAGED: exitCodes.verification,
  BUNDLE_PART_DAMAGED: exitCodes.verification,
  BUNDLE_PART_MISSING: exitCodes.verification,
  BUNDLE_MALFORMED: exitCodes.verification,
  BUNDLE_NOT_FOR_US: exitCodes.verification,
  BUNDLE_SENDER_UNKNOWN: exitCodes.verification,
  BUNDLE_LINK_ANSWERED: exitCodes.verification,
  BUNDLE_CONTENT_REFUSED: exitCodes.verification,
  BUNDLE_EARLIER_MISSING: exitCodes.waiting,
  BUNDLE_PACKAGE_MISSING: exitCodes.inputMissing,
  BUNDLE_PIECES_MISSING: exitCodes.waiting,
  BUNDLE_WORK_RUNNING: exitCodes.held,
  RELAY_QUOTA_EXCEEDED: exitCodes.refused,
  RELAY_PART_ALTERED: exitCodes.verification,
  RELAY_STORE_DAMAGED: exitCodes.verification,
} as const satisfies Record<string, ExitCode>;

export type BundleErrorCode = keyof typeof exits;

/** A bundle can't be made, is not whole, or is not for this side. What was taken in before stays. */
export class BundleError extends CrossgapError<BundleErrorCode> {
  constructor(code: BundleErrorCode, message: string, facts: ErrorFacts) {
    super(code, exits[code], message, facts);
  }
}

/** The system's name for what went wrong (`ENOENT`), or undefined where an error carries none. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
