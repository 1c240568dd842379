export { EvidenceError, evidenceErrorCodes, type EvidenceErrorCode } from './errors.ts';
export { readTestResults } from './read-results.ts';
export type { ResultFormat, TestFailure, TestResults } from './test-results.ts';
