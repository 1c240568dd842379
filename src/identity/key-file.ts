import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { IdentityError } from './errors.ts';

/**
 * Writes a new secret file that only its owner can read, in a folder that only its owner can enter; both are made.
 *
 * @throws {IdentityError} KEY_FILE_EXISTS: a key is never written over
 */
export function writeKeyFile(path: string, content: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (cause) {
    if (!hasCode(cause, 'EEXIST')) throw cause;
    throw new IdentityError('KEY_FILE_EXISTS', `Cannot write the key file ${path}: there is one already`, {
      hint: 'Choose another data folder; a key is never written over.',
      details: { path },
      cause,
    });
  }
  try {
    writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/**
 * Reads a secret file, after looking at who else could.
 *
 * @throws {IdentityError} KEY_FILE_MISSING, KEY_FILE_EXPOSED (others may read it or its folder, or it belongs to
 * another account), KEY_FILE_UNREADABLE
 */
export function readKeyFile(path: string): Buffer {
  const folder = open(dirname(path), path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    refuseExposed(folder, dirname(path), '700');
  } finally {
    closeSync(folder);
  }
  const file = open(path, path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    refuseExposed(file, path, '600');
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function open(path: string, keyFile: string, flags: number): number {
  try {
    return openSync(path, flags);
  } catch (cause) {
    if (hasCode(cause, 'ENOENT'))
      throw new IdentityError('KEY_FILE_MISSING', `Cannot read the key file ${keyFile}: it is not there`, {
        hint: 'Put the keys folder back from where it was kept; without it this instance cannot sign.',
        details: { path: keyFile },
        cause,
      });
    throw keyFileUnreadable(keyFile, 'the system refuses to open it', cause);
  }
}

function refuseExposed(file: number, path: string, mode: string): void {
  // Windows has no such modes and no owner number; access is governed by the folder's list there.
  if (process.platform === 'win32') return;
  const facts = fstatSync(file);
  const open = facts.mode & 0o077;
  if (open !== 0)
    throw new IdentityError('KEY_FILE_EXPOSED', `Cannot use the keys: other accounts may read ${path}`, {
      hint: `Run: chmod ${mode} '${path}', and think about who may have read it meanwhile.`,
      details: { path, mode: (facts.mode & 0o777).toString(8) },
    });
  const me = process.getuid?.();
  if (me !== undefined && facts.uid !== me)
    throw new IdentityError('KEY_FILE_EXPOSED', `Cannot use the keys: ${path} belongs to another account`, {
      hint: `Run crossgap as the account that owns the data folder, or run: chown ${me} '${path}'.`,
      details: { path, owner: facts.uid },
    });
}

export function keyFileUnreadable(path: string, why: string, cause?: unknown): IdentityError {
  return new IdentityError('KEY_FILE_UNREADABLE', `Cannot read the key file ${path}: ${why}`, {
    hint: 'Put the keys folder back from where it was kept.',
    details: { path },
    cause,
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
