import { CrossgapError, exitCodes, type ErrorFacts, type ExitCode } from '../errors.ts';

/**
 * When it is worth trying again: `soon` for what heals by itself, `configured` for what a person mends outside of the
 * package, `never` for what stays as it is with this very package.
 */
export type TryAgain = 'soon' | 'configured' | 'never';

const codes = {
  SOURCE_UNREACHABLE: [exitCodes.refused, 'soon'],
  SOURCE_SLOW: [exitCodes.refused, 'soon'],
  SOURCE_FAILING: [exitCodes.refused, 'soon'],
  SOURCE_FOLDER_UNUSABLE: [exitCodes.refused, 'soon'],
  SOURCE_NOT_KEPT: [exitCodes.refused, 'soon'],
  SOURCE_ANSWER_UNFIT: [exitCodes.verification, 'soon'],
  SOURCE_ANSWER_TOO_LARGE: [exitCodes.verification, 'soon'],
  SOURCE_TLS_REFUSED: [exitCodes.refused, 'configured'],
  SOURCE_INSECURE: [exitCodes.refused, 'configured'],
  SOURCE_UNAUTHORIZED: [exitCodes.refused, 'configured'],
  SOURCE_FORBIDDEN: [exitCodes.refused, 'configured'],
  SOURCE_NOT_A_FEED: [exitCodes.refused, 'configured'],
  SOURCE_REDIRECT_REFUSED: [exitCodes.refused, 'configured'],
  SOURCE_CREDENTIAL_ELSEWHERE: [exitCodes.refused, 'configured'],
  SOURCE_CREDENTIAL_MISSING: [exitCodes.inputMissing, 'configured'],
  SOURCE_UNKNOWN: [exitCodes.misused, 'configured'],
  SOURCE_CONTENT_DIFFERS: [exitCodes.verification, 'never'],
  PUSH_NOT_SUPPORTED: [exitCodes.refused, 'configured'],
  PUSH_REFUSED: [exitCodes.refused, 'never'],
  PUSH_FILE_DAMAGED: [exitCodes.verification, 'configured'],
  PUSH_UNFINISHED: [exitCodes.waiting, 'soon'],
} as const satisfies Record<string, readonly [ExitCode, TryAgain]>;

export type NugetErrorCode = keyof typeof codes;

/** Another NuGet repository can't be used as it was asked to be, or holds something else than it should. */
export class NugetError extends CrossgapError<NugetErrorCode> {
  readonly again: TryAgain;
  constructor(code: NugetErrorCode, message: string, facts: ErrorFacts) {
    const [exitCode, again] = codes[code];
    super(code, exitCode, message, facts);
    this.again = again;
  }
}
