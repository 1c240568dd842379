export { EvidenceError, evidenceErrorCodes, type EvidenceErrorCode } from './errors.ts';
export { readTestResults, type TestFailure, type TestResults } from './junit.ts';
