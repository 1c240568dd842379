/** Why the program can't even be started; told as any other error of it is. */
export class Refusal extends Error {
  readonly code: string;
  readonly exitCode: number;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: BootstrapCode,
    message: string,
    hint: string,
    details: Readonly<Record<string, unknown>> = {},
    cause?: unknown,
  ) {
    super(message, { cause });
    this.code = code;
    this.exitCode = exits[code];
    this.hint = hint;
    this.details = details;
  }
}

const exits = {
  // Written down here once more: what runs before the program is read has nothing of it.
  DATA_FOLDER_UNUSABLE: 3,
  PROGRAM_NOT_RUNNABLE: 3,
  INSTALLER_DAMAGED: 4,
} as const;
export type BootstrapCode = keyof typeof exits;

/** What helps where the file is not what its maker wrote. */
export const copyAgain =
  'Copy the file again and compare its SHA-256 with the transport sheet; if it differs there too, ask who made it for another one.';

/** The lines an error is told in. */
export function refusalLines(error: unknown, json: boolean): { lines: string[]; exitCode: number } {
  if (!(error instanceof Refusal)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { lines: [`crossgap: Cannot start: ${text}`, `     try: ${copyAgain}`], exitCode: 1 };
  }
  const { code, message, hint, details, exitCode } = error;
  const lines = [`crossgap: ${message} [${code}]`, `     try: ${hint}`];
  return {
    lines: json ? [...lines, JSON.stringify({ error: { code, message, hint, details } })] : lines,
    exitCode,
  };
}
