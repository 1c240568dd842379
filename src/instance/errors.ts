import { CrossgapError, exitCodes, type ErrorFacts, type ExitCode } from '../errors.ts';

const exits = {
  DATA_FOLDER_MISSING: exitCodes.misused,
  DATA_FOLDER_TAKEN: exitCodes.refused,
  DATA_FOLDER_NOT_WRITABLE: exitCodes.misused,
  INSTANCE_DAMAGED: exitCodes.verification,
  INVITATION_INVALID: exitCodes.verification,
  INVITATION_OWN: exitCodes.misused,
  NATS_KEY_UNREADABLE: exitCodes.verification,
  SECRET_UNREADABLE: exitCodes.verification,
  SECRET_IN_ENTRY: exitCodes.refused,
  DAEMON_RUNNING: exitCodes.held,
  STORE_HELD: exitCodes.held,
  CERTIFICATE_NOT_INTRODUCED: exitCodes.refused,
  REVOCATION_POINT_UNKNOWN: exitCodes.misused,
  BACKUP_EXISTS: exitCodes.refused,
  BACKUP_FAILED: exitCodes.refused,
  RESTORE_UNFIT: exitCodes.verification,
  RESTORE_FAILED: exitCodes.refused,
  RESTORE_UNFINISHED: exitCodes.verification,
} as const satisfies Record<string, ExitCode>;

export type InstanceErrorCode = keyof typeof exits;

/** The instance, its data folder or what pairs it with another is not as it must be. */
export class InstanceError extends CrossgapError<InstanceErrorCode> {
  constructor(code: InstanceErrorCode, message: string, facts: ErrorFacts) {
    super(code, exits[code], message, facts);
  }
}
