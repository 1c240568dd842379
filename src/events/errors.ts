import { CrossgapError, exitCodes, type ErrorFacts, type ExitCode } from '../errors.ts';

export type EventErrorCode =
  | 'ENTRY_TOO_LARGE'
  | 'ENTRY_MALFORMED'
  | 'FEED_UNKNOWN'
  | 'NOT_FOR_ME'
  | 'EQUIVOCATION'
  | 'SIGNATURE_INVALID'
  | 'PREVIOUS_MISMATCH'
  | 'ENTRY_MISPLACED'
  | 'EPOCH_INVALID'
  | 'EPOCH_ENDED'
  | 'FEED_FROZEN'
  | 'PARKED_FULL'
  | 'INTRODUCTION_MISMATCH'
  | 'INTRODUCTION_REFUSED'
  | 'BODY_MALFORMED'
  | 'BODY_TOO_DEEP'
  | 'BODY_TOO_MANY_ELEMENTS'
  | 'BODY_NOT_CANONICAL'
  | 'BODY_VALUE_UNFIT'
  | 'BODY_SCHEMA_INVALID'
  | 'HEAD_MALFORMED'
  | 'ROLLBACK'
  | 'ROLLED_BACK'
  | 'UNSURE'
  | 'KEY_RETIRED'
  | 'DUPLICATE_IDENTITY'
  | 'SIDE_FILE_MISSING'
  | 'SIDE_FILE_DAMAGED'
  | 'EPOCH_NOT_NEEDED'
  | 'LOG_ENTRY_CHANGED'
  | 'LOG_ENTRY_MISSING'
  | 'LOG_FEED_CHANGED';

const exits: Partial<Record<EventErrorCode, ExitCode>> = {
  ENTRY_TOO_LARGE: exitCodes.refused,
  BODY_VALUE_UNFIT: exitCodes.refused,
  BODY_SCHEMA_INVALID: exitCodes.refused,
  EPOCH_NOT_NEEDED: exitCodes.refused,
  PARKED_FULL: exitCodes.waiting,
};

/** An entry, a head or the log itself is not what it should be. */
export class EventError extends CrossgapError<EventErrorCode> {
  constructor(code: EventErrorCode, message: string, facts: ErrorFacts) {
    super(code, exits[code] ?? exitCodes.verification, message, facts);
  }
}
