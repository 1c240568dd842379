import { EvidenceError } from './errors.ts';

export const resultFormats = ['junit', 'nunit2', 'nunit3', 'xunit', 'trx'] as const;
export type ResultFormat = (typeof resultFormats)[number];

export type TestFailure = { readonly name: string; readonly message: string };

export type TestResults = {
  readonly format: ResultFormat;
  /** How many suites, collections or the like it has; 1 where the form has none. */
  readonly suites: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly durationMs?: number;
  /** The first 1000 that failed, their messages cut at 2000 characters. */
  readonly failures: readonly TestFailure[];
};

export type CaseOutcome = 'passed' | 'failed' | 'skipped';

const failuresMax = 1000;
export const messageLengthMax = 2000;
const nameLengthMax = 500;
export const depthMax = 100;

/** Counts cases, and keeps what the first that failed say. */
export class Tally {
  readonly totals = { passed: 0, failed: 0, skipped: 0 };
  readonly failures: TestFailure[] = [];

  add(outcome: CaseOutcome, name: string, message: string): void {
    this.totals[outcome] += 1;
    if (outcome !== 'failed' || this.failures.length >= failuresMax) return;
    this.failures.push({ name: cut(name, nameLengthMax), message: cut(message, messageLengthMax) });
  }
}

export function notReadable(what: string, line: number, column: number): EvidenceError {
  return new EvidenceError(
    'EVIDENCE_NOT_READABLE',
    `Cannot read the test results at line ${line}, column ${column}: ${what}`,
    { hint: 'Import the XML file that the test runner wrote, as it is.', details: { line, column } },
  );
}

function cut(text: string, lengthMax: number): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 3)}...`.toWellFormed() : text;
}
