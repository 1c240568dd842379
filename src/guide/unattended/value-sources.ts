import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Source } from './answers.ts';

const run = promisify(execFile);
const commandMs = 60_000;
const valueBytesMax = 64 * 1024;

/** A value, or why there is none; what a command printed is in neither. */
export type Fetched = { readonly value: string } | { readonly why: string };

export type Surroundings = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Ends a command that is under way. */
  readonly signal: AbortSignal;
};

/** Gets a value from where the answers say that it is; a line end behind it, or a byte order mark before it, is not part of it. */
export async function fetchValue(source: Source, surroundings: Surroundings): Promise<Fetched> {
  switch (source.kind) {
    case 'text':
      return { value: source.text };
    case 'env': {
      const value = surroundings.environment[source.name];
      if (value === undefined) return { why: `there is no ${source.name} in the environment` };
      return value === '' ? { why: `${source.name} in the environment is empty` } : { value };
    }
    case 'file':
      return fromFile(source.path);
    case 'command':
      return fromCommand(source.command, surroundings);
  }
}

function fromFile(path: string): Fetched {
  try {
    const facts = statSync(path);
    // A device or a pipe may never come to an end.
    if (!facts.isFile()) return { why: `${path} is not a file` };
    if (facts.size > valueBytesMax) return tooMuch(path);
    return fromBytes(path, readFileSync(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return { why: code === 'ENOENT' ? `there is no file ${path}` : `${path} can't be read (${code})` };
  }
}

async function fromCommand(
  [program = '', ...args]: readonly string[],
  { environment, signal }: Surroundings,
): Promise<Fetched> {
  try {
    const running = run(program, args, {
      timeout: commandMs,
      killSignal: 'SIGKILL',
      maxBuffer: valueBytesMax,
      encoding: 'buffer',
      env: { ...environment },
      signal,
    });
    // Nobody is there who could type for it. That it read nothing and is gone is no error.
    running.child.stdin?.on('error', () => undefined).end();
    const { stdout } = await running;
    return fromBytes(program, stdout);
  } catch (error) {
    // What it wrote may be the value, or a part of it.
    const { code, killed, signal: by } = error as Ended;
    if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return tooMuch(program);
    if (code === 'ABORT_ERR') return { why: `${program} was ended` };
    if (killed === true) return { why: `${program} did not end in time` };
    if (code === 'ENOENT') return { why: `there is no program ${program}` };
    if (typeof code === 'string') return { why: `${program} can't be started (${code})` };
    if (code === undefined && typeof by !== 'string') throw error;
    return { why: `${program} ended with ${by ?? code}` };
  }
}

/** How a command ended, where that was not well. */
type Ended = {
  readonly code?: string | number | null;
  readonly killed?: boolean;
  readonly signal?: string | null;
};

const tooMuch = (name: string): Fetched => ({ why: `${name} gives more than ${valueBytesMax} bytes` });

function fromBytes(name: string, bytes: Uint8Array): Fetched {
  if (bytes.length > valueBytesMax) return tooMuch(name);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { why: `${name} gives no UTF-8 text` };
  }
  const value = text.replace(/\r?\n$/, '');
  return value === '' ? { why: `${name} gives nothing` } : { value };
}
