/** What stands beside the sentence of an error: what to do next, the evidence, and what caused it. */
export type ErrorFacts = {
  readonly hint: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
};

/** The exit codes of the command line; what each means is told in docs/errors.md. */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  misused: 2,
  refused: 3,
  verification: 4,
  inputMissing: 5,
  deploymentFailed: 6,
  waiting: 7,
  held: 8,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/**
 * An expected failure: the world is wrong, not the code, and a person can act on it.
 *
 * The message reads `Cannot <verb> <object>: <what is the case>`, without a full stop; the hint is one sentence
 * that says what the reader does next. Each folder has one subclass with its own codes and the exit code that
 * each of them means on the command line.
 */
export abstract class CrossgapError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly exitCode: ExitCode;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: Code, exitCode: ExitCode, message: string, facts: ErrorFacts) {
    super(message, { cause: facts.cause });
    this.name = new.target.name;
    this.code = code;
    this.exitCode = exitCode;
    this.hint = facts.hint;
    this.details = { ...facts.details };
  }
}
