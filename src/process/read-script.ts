import { closeSync, fstatSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { ProcessError } from './errors.ts';

const scriptSizeMax = 1024 * 1024;

/** Why a path of `file:` is not allowed, undefined where it is: it must stay in the folder of the process file. */
export function scriptPathProblem(path: string): string | undefined {
  if (path === '' || path.includes('\0')) return 'it is not a file name';
  if (path.includes('\\')) return 'it has a backslash; folders are divided by /';
  if (isAbsolute(path) || /^[A-Za-z]:/.test(path)) return 'it is absolute';
  if (path.split('/').includes('..')) return 'it leads out of the folder of the process file';
  return undefined;
}

/**
 * Reads scripts beside a process file in `folder`: regular files inside it (a link may not lead out), strict UTF-8,
 * at most 1 MiB. What it returns throws ProcessError `SCRIPT_NOT_READABLE`.
 */
export function scriptsBeside(folder: string): (path: string) => string {
  return (path) => {
    const problem = scriptPathProblem(path);
    if (problem !== undefined) throw notReadable(path, problem);
    let bytes: Buffer;
    try {
      const home = realpathSync(folder);
      const real = realpathSync(join(home, path));
      const inside = relative(home, real);
      if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
        throw notReadable(path, 'it is a link that leads out of the folder of the process file');
      }
      bytes = readRegularFile(real, path);
    } catch (cause) {
      if (cause instanceof ProcessError) throw cause;
      const code = (cause as NodeJS.ErrnoException).code;
      throw notReadable(
        path,
        code === 'ENOENT' ? 'there is no such file' : `it can't be opened (${code})`,
        cause,
      );
    }
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch (cause) {
      throw notReadable(path, 'it is not UTF-8', cause);
    }
  };
}

function readRegularFile(real: string, path: string): Buffer {
  const file = openSync(real, 'r');
  try {
    const { size } = regular(file, path);
    if (size > scriptSizeMax) throw notReadable(path, `it is larger than ${scriptSizeMax} bytes`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function regular(file: number, path: string): { size: number } {
  const facts = fstatSync(file);
  if (!facts.isFile()) throw notReadable(path, 'it is not a regular file');
  return facts;
}

function notReadable(path: string, what: string, cause?: unknown): ProcessError {
  return new ProcessError('SCRIPT_NOT_READABLE', `Cannot read script ${path}: ${what}`, {
    hint: 'Name a UTF-8 text file beside the process file, by its path from there.',
    details: { path, reason: what },
    cause,
  });
}
