import { CrossgapError, exitCodes, type ErrorFacts, type ExitCode } from '../errors.ts';

/** Everything that can be wrong with a process; each has its paragraph in docs/errors.md. */
export const processErrorCodes = [
  'PROCESS_FILE_INVALID',
  'REVISION_NOT_READABLE',
  'SCOPE_AMBIGUOUS',
  'SCRIPT_NOT_READABLE',
] as const;
export type ProcessErrorCode = (typeof processErrorCodes)[number];

const exits: Record<ProcessErrorCode, ExitCode> = {
  PROCESS_FILE_INVALID: exitCodes.misused,
  REVISION_NOT_READABLE: exitCodes.verification,
  SCOPE_AMBIGUOUS: exitCodes.refused,
  SCRIPT_NOT_READABLE: exitCodes.misused,
};

/** A process file, a revision or a script beside it that can't be used as it is. */
export class ProcessError extends CrossgapError<ProcessErrorCode> {
  constructor(code: ProcessErrorCode, message: string, facts: ErrorFacts) {
    super(code, exits[code], message, facts);
  }
}

/** One thing to mend in a process file. Line and column count from 1, columns in UTF-16 units. */
export type Problem = {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string;
};

const problemsMax = 100;

/**
 * A process file with problems: all that were found (the first hundred of very many), in the order of the file; the
 * message shows the first and how many there are.
 */
export class ProcessFileError extends ProcessError {
  readonly problems: readonly Problem[];

  constructor(path: string, found: readonly Problem[], cause?: unknown) {
    const inOrder = found.toSorted((a, b) => a.line - b.line || a.column - b.column);
    const problems = inOrder.slice(0, problemsMax);
    const first = problems[0]!;
    const more = found.length > 1 ? ` (and ${found.length - 1} more)` : '';
    super(
      'PROCESS_FILE_INVALID',
      `Cannot read process file ${path}: line ${first.line}, column ${first.column}: ${first.message}${more}`,
      { hint: first.hint, details: { path, problems }, cause },
    );
    this.problems = problems;
  }
}
