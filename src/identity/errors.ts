import { CrossgapError, exitCodes, type ErrorFacts, type ExitCode } from '../errors.ts';

export type IdentityErrorCode =
  | 'PFX_UNREADABLE'
  | 'PFX_PASSWORD_WRONG'
  | 'PFX_WITHOUT_KEY'
  | 'PFX_WITHOUT_CERTIFICATE'
  | 'PEM_UNREADABLE'
  | 'PEM_PASSWORD_WRONG'
  | 'PEM_WITHOUT_KEY'
  | 'PEM_WITHOUT_CERTIFICATE'
  | 'CERTIFICATE_UNREADABLE'
  | 'CERTIFICATE_KEY_NOT_RSA'
  | 'CERTIFICATE_KEY_TOO_SHORT'
  | 'CERTIFICATE_NOT_VALID_THEN'
  | 'CERTIFICATE_CHAIN_BROKEN'
  | 'CERTIFICATE_NOT_PINNED'
  | 'KEY_FILE_MISSING'
  | 'KEY_FILE_EXISTS'
  | 'KEY_FILE_EXPOSED'
  | 'KEY_FILE_UNREADABLE'
  | 'PUBLIC_KEY_UNFIT'
  | 'INTRODUCTION_MALFORMED'
  | 'INTRODUCTION_SIGNATURE_INVALID'
  | 'INTRODUCTION_SUPERSEDED'
  | 'ENDORSEMENT_INVALID';

const exits: Partial<Record<IdentityErrorCode, ExitCode>> = {
  PFX_UNREADABLE: exitCodes.misused,
  PFX_PASSWORD_WRONG: exitCodes.misused,
  PFX_WITHOUT_KEY: exitCodes.misused,
  PFX_WITHOUT_CERTIFICATE: exitCodes.misused,
  PEM_UNREADABLE: exitCodes.misused,
  PEM_PASSWORD_WRONG: exitCodes.misused,
  PEM_WITHOUT_KEY: exitCodes.misused,
  PEM_WITHOUT_CERTIFICATE: exitCodes.misused,
  KEY_FILE_EXISTS: exitCodes.misused,
  KEY_FILE_MISSING: exitCodes.inputMissing,
};

/** A certificate, key or introduction is not what it should be. */
export class IdentityError extends CrossgapError<IdentityErrorCode> {
  constructor(code: IdentityErrorCode, message: string, facts: ErrorFacts) {
    super(code, exits[code] ?? exitCodes.verification, message, facts);
  }
}
