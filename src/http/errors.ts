import { CrossgapError, exitCodes, type ErrorFacts } from '../errors.ts';

export type HttpErrorCode =
  | 'LISTEN_NOT_LOOPBACK'
  | 'PORT_IN_USE'
  | 'LISTEN_FAILED'
  | 'FEED_UNPROTECTED'
  | 'FEED_CERTIFICATE_UNUSABLE'
  | 'FEED_TOKEN_UNUSABLE';

/** The status page or the package feed can't be served where, or as, the operator asked for it. Always a matter of the setting. */
export class HttpError extends CrossgapError<HttpErrorCode> {
  constructor(code: HttpErrorCode, message: string, facts: ErrorFacts) {
    super(code, exitCodes.misused, message, facts);
  }
}
