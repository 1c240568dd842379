import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Source } from './answers.ts';

const run = promisify(execFile);
const commandMs = 60_000;
const valueBytesMax = 64 * 1024;

/** A value, or why there is none; what a command printed is in neither. */
export type Fetched = { readonly value: string } | { readonly why: string };

/** Gets a value from where the answers say that it is; a line end behind it is not part of it. */
export async function fetchValue(
  source: Source,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Fetched> {
  switch (source.kind) {
    case 'text':
      return { value: source.text };
    case 'env': {
      const value = environment[source.name];
      return value === undefined ? { why: `there is no ${source.name} in the environment` } : { value };
    }
    case 'file':
      return fromBytes(source.path, () => readFileSync(source.path));
    case 'command':
      return fromCommand(source.command);
  }
}

async function fromCommand([program, ...args]: readonly string[]): Promise<Fetched> {
  try {
    const options = { timeout: commandMs, maxBuffer: valueBytesMax, encoding: 'buffer' as const };
    const { stdout } = await run(program ?? '', args, options);
    return fromBytes(program ?? '', () => stdout);
  } catch (error) {
    const { code, killed } = error as { code?: string | number; killed?: boolean };
    if (code === undefined && killed !== true) throw error;
    // What it wrote may be the value, or a part of it.
    return { why: `${program} ${killed === true ? 'did not end in time' : `ended with ${code}`}` };
  }
}

function fromBytes(name: string, read: () => Uint8Array): Fetched {
  try {
    const bytes = read();
    if (bytes.length > valueBytesMax) return { why: `${name} gives more than ${valueBytesMax} bytes` };
    const value = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
      .decode(bytes)
      .replace(/\r?\n$/, '');
    return value === '' ? { why: `${name} gives nothing` } : { value };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { why: `${name} gives no UTF-8 text` };
    if (code === undefined) throw error;
    return { why: code === 'ENOENT' ? `there is no file ${name}` : `${name} can't be read (${code})` };
  }
}
