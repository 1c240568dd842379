import { foreseen } from '../../disk-error.ts';
import { exitCodes, type CrossgapError, type ExitCode } from '../../errors.ts';
import type { Terminal } from '../terminal.ts';

/**
 * Says on stderr what went wrong and what to do next; with `json` the last line is a document of it. Returns the exit
 * code. An error that is not a CrossgapError, and nothing that a disk refused, is a bug of ours, told with its stack so
 * that it can be reported.
 */
export function reportFailure(
  error: unknown,
  {
    terminal,
    json,
    version,
    hintOf = ({ hint }) => hint,
    isOneFile = false,
  }: {
    readonly terminal: Terminal;
    readonly json: boolean;
    readonly version: string;
    /** What a person is told to do next, in words that fit how the program was started. */
    readonly hintOf?: ((error: CrossgapError) => string) | undefined;
    /** Whether one file is all of the program: a copy of it that was damaged does what nobody expects. */
    readonly isOneFile?: boolean;
  },
): ExitCode {
  const known = foreseen(error);
  const failure = known === undefined ? unexpected(error, version, isOneFile) : expected(known, hintOf);
  const { code, message, hint, details, more, exitCode } = failure;
  terminal.talk(`${terminal.talkTone('bad', 'crossgap:')} ${message} [${code}]`);
  for (const line of more) terminal.talk(`     ${line}`);
  terminal.talk(`     try: ${hint}`);
  if (json) terminal.talkDocument({ error: { code, message, hint, details } });
  return exitCode;
}

const withWhat = 'with the lines above, the command and what you expected; README.md says where.';
const compareFirst =
  'Compare the SHA-256 of the file with the transport sheet: a damaged copy can do this, and is to be copied again';

type Failure = {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly details: unknown;
  readonly more: readonly string[];
  readonly exitCode: ExitCode;
};

function expected(error: CrossgapError, hintOf: (error: CrossgapError) => string): Failure {
  const { code, message, details, exitCode } = error;
  return { code, message, hint: hintOf(error), details, exitCode, more: otherProblems(details['problems']) };
}

/** A process file is told with everything that is wrong in it; the message shows the first. */
function otherProblems(problems: unknown): string[] {
  if (!Array.isArray(problems)) return [];
  return problems.slice(1).flatMap((each: unknown) => {
    const { line, column, message, hint } = each as Readonly<Record<string, unknown>>;
    return typeof line === 'number' && typeof column === 'number' && typeof message === 'string'
      ? [`line ${line}, column ${column}: ${message}${typeof hint === 'string' ? `. ${hint}` : ''}`]
      : [];
  });
}

function unexpected(error: unknown, version: string, isOneFile: boolean): Failure {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    code: 'UNEXPECTED',
    message: 'Cannot go on: something happened that crossgap did not expect, which is a bug',
    hint: isOneFile ? `${compareFirst}; if it is the same, report it ${withWhat}` : `Report it ${withWhat}`,
    details: { crossgap: version, node: process.version, platform: process.platform },
    more: [...stack.split('\n'), `crossgap ${version}, Node ${process.version}, ${process.platform}`],
    exitCode: exitCodes.unexpected,
  };
}
