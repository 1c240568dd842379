import { CrossgapError, exitCodes, type ErrorFacts } from '../errors.ts';

/** Everything that can be wrong with a file of test results; each has its paragraph in docs/errors.md. */
export const evidenceErrorCodes = [
  'EVIDENCE_FORMAT_NOT_SUPPORTED',
  'EVIDENCE_NOT_READABLE',
  'EVIDENCE_TOO_LARGE',
] as const;
export type EvidenceErrorCode = (typeof evidenceErrorCodes)[number];

/** A file that was given as test results and can't be taken as such. */
export class EvidenceError extends CrossgapError<EvidenceErrorCode> {
  constructor(code: EvidenceErrorCode, message: string, facts: ErrorFacts) {
    super(code, exitCodes.misused, message, facts);
  }
}
