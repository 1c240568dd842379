import { CrossgapError, exitCodes, type ErrorFacts, type ExitCode } from '../errors.ts';

/** What can go wrong between two instances; each has its paragraph in docs/errors.md. */
export type SyncErrorCode =
  | 'FOLDER_MISSING'
  | 'FOLDER_NOT_WRITABLE'
  | 'FOLDER_NOT_READABLE'
  | 'FOLDER_FULL'
  | 'FOLDER_UNSAFE'
  | 'INCOMING_NOT_WRITABLE'
  | 'PARCEL_UNFINISHED'
  | 'PARCEL_DAMAGED'
  | 'PARCEL_FOREIGN'
  | 'CHUNK_REFUSED'
  | 'BLOB_DAMAGED'
  | 'BLOB_UNREADABLE'
  | 'SLOW_PEER'
  | 'BLOB_QUOTA'
  | 'DISK_RESERVE'
  | 'HUB_ADDRESS_INVALID'
  | 'HUB_UNREACHABLE'
  | 'HUB_SILENT'
  | 'HUB_CREDENTIAL_REFUSED'
  | 'HUB_CLEAR_TEXT'
  | 'HUB_CERTIFICATE_REFUSED'
  | 'HUB_PROXY_REFUSED'
  | 'HUB_NOT_PREPARED'
  | 'HUB_NOT_PERMITTED'
  | 'HUB_FULL'
  | 'HUB_MESSAGE_TOO_LARGE'
  | 'HUB_REFUSED'
  | 'HUB_DIFFERS'
  | 'HUB_LOST_MESSAGES';

const meaning: Partial<Record<SyncErrorCode, ExitCode>> = {
  PARCEL_DAMAGED: exitCodes.verification,
  CHUNK_REFUSED: exitCodes.verification,
  BLOB_DAMAGED: exitCodes.verification,
  BLOB_UNREADABLE: exitCodes.verification,
  PARCEL_UNFINISHED: exitCodes.waiting,
  SLOW_PEER: exitCodes.waiting,
  BLOB_QUOTA: exitCodes.waiting,
  DISK_RESERVE: exitCodes.waiting,
  HUB_ADDRESS_INVALID: exitCodes.misused,
};

/** The way between two instances is not as it should be. Nothing is lost by it; the exchange is tried again. */
export class SyncError extends CrossgapError<SyncErrorCode> {
  constructor(code: SyncErrorCode, message: string, facts: ErrorFacts) {
    super(code, meaning[code] ?? exitCodes.refused, message, facts);
  }
}

/** The system's name for what went wrong (`ENOENT`), or undefined where an error carries none. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
