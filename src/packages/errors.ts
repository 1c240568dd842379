import { CrossgapError, exitCodes, type ErrorFacts, type ExitCode } from '../errors.ts';

/** Why a package, or a file in the store of packages, is refused. */
export type PackageErrorCode =
  | 'PACKAGE_FILE_UNREADABLE'
  | 'NOT_A_PACKAGE'
  | 'PACKAGE_ARCHIVE_MALFORMED'
  | 'PACKAGE_NAME_UNSAFE'
  | 'PACKAGE_TOO_LARGE'
  | 'PACKAGE_DAMAGED'
  | 'PACKAGE_CHANGED'
  | 'PACKAGE_NUSPEC_INVALID'
  | 'PACKAGE_UNSIGNED'
  | 'PACKAGE_TAMPERED'
  | 'PACKAGE_SIGNATURE_INVALID'
  | 'PACKAGE_UNTRUSTED'
  | 'PACKAGE_EXPIRED'
  | 'PACKAGE_REVOKED'
  | 'PACKAGE_REVOCATION_UNKNOWN'
  | 'PACKAGE_TIMESTAMP_REQUIRED'
  | 'PACKAGE_COUNTERSIGNATURE_REQUIRED'
  | 'PACKAGE_NOT_AUTHOR_SIGNED'
  | 'PACKAGE_FILE_NAME_DIFFERS'
  | 'PACKAGE_ALREADY_SIGNED'
  | 'PACKAGE_ALREADY_COUNTERSIGNED'
  | 'PACKAGE_CERTIFICATE_UNUSABLE'
  | 'PACKAGE_SIGNER_FAILED'
  | 'PACKAGE_CHAIN_INCOMPLETE'
  | 'PACKAGE_TIMESTAMP_NOT_GIVEN'
  | 'PACKAGE_TIMESTAMP_INVALID'
  | 'PACKAGE_INPUT_INVALID'
  | 'PACKAGE_FOLDER_TAKEN'
  | 'PACKAGE_NOT_WRITTEN'
  | 'BLOB_DIGEST_DIFFERS'
  | 'BLOB_STORE_UNUSABLE';

const exitCodeOf: Record<PackageErrorCode, ExitCode> = {
  PACKAGE_FILE_UNREADABLE: exitCodes.misused,
  NOT_A_PACKAGE: exitCodes.misused,
  PACKAGE_ARCHIVE_MALFORMED: exitCodes.verification,
  PACKAGE_NAME_UNSAFE: exitCodes.verification,
  PACKAGE_TOO_LARGE: exitCodes.verification,
  PACKAGE_DAMAGED: exitCodes.verification,
  PACKAGE_CHANGED: exitCodes.verification,
  PACKAGE_NUSPEC_INVALID: exitCodes.verification,
  PACKAGE_UNSIGNED: exitCodes.verification,
  PACKAGE_TAMPERED: exitCodes.verification,
  PACKAGE_SIGNATURE_INVALID: exitCodes.verification,
  PACKAGE_UNTRUSTED: exitCodes.verification,
  PACKAGE_EXPIRED: exitCodes.verification,
  PACKAGE_REVOKED: exitCodes.verification,
  PACKAGE_REVOCATION_UNKNOWN: exitCodes.verification,
  PACKAGE_TIMESTAMP_REQUIRED: exitCodes.verification,
  PACKAGE_COUNTERSIGNATURE_REQUIRED: exitCodes.verification,
  PACKAGE_NOT_AUTHOR_SIGNED: exitCodes.verification,
  PACKAGE_FILE_NAME_DIFFERS: exitCodes.verification,
  PACKAGE_ALREADY_SIGNED: exitCodes.refused,
  PACKAGE_ALREADY_COUNTERSIGNED: exitCodes.refused,
  PACKAGE_CERTIFICATE_UNUSABLE: exitCodes.refused,
  PACKAGE_SIGNER_FAILED: exitCodes.refused,
  PACKAGE_CHAIN_INCOMPLETE: exitCodes.refused,
  PACKAGE_TIMESTAMP_NOT_GIVEN: exitCodes.refused,
  PACKAGE_TIMESTAMP_INVALID: exitCodes.verification,
  PACKAGE_INPUT_INVALID: exitCodes.misused,
  PACKAGE_FOLDER_TAKEN: exitCodes.refused,
  PACKAGE_NOT_WRITTEN: exitCodes.refused,
  BLOB_DIGEST_DIFFERS: exitCodes.verification,
  BLOB_STORE_UNUSABLE: exitCodes.refused,
};

/** A package that can't be read, believed, written or kept. */
export class PackageError extends CrossgapError<PackageErrorCode> {
  constructor(code: PackageErrorCode, message: string, facts: ErrorFacts) {
    super(code, exitCodeOf[code], message, facts);
  }
}

/** What is the case, without the sentence about which file it is: for a report that names the file itself. */
export function becauseOf(error: PackageError): string {
  const because = error.details['because'];
  return typeof because === 'string' ? because : error.message;
}
