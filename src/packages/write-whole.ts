import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PackageError } from './errors.ts';

/**
 * Lets `write` make a file beside `outPath` and moves it there when it is complete and durable: whoever looks finds
 * the old file or the new one, never a part. Errors: `PACKAGE_NOT_WRITTEN` where the disk refuses, else those of
 * `write`; the file beside is gone then, or named where it can't be removed.
 */
export async function writeWhole<T>(outPath: string, write: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = `${outPath}.${randomBytes(6).toString('hex')}.tmp`;
  let result: T;
  try {
    result = await write(temporary);
    await sync(temporary, 'r+');
    await rename(temporary, outPath);
  } catch (cause) {
    const leftover = await remove(temporary);
    if (leftover !== undefined) throw leftBehind(outPath, temporary, cause, leftover);
    throw isOfTheSystem(cause) ? notWritten(outPath, cause, unchanged) : cause;
  }
  try {
    await makeNamesDurable(dirname(outPath));
  } catch (cause) {
    throw isOfTheSystem(cause) ? notWritten(outPath, cause, perhapsNotDurable) : cause;
  }
  return result;
}

const unchanged = 'Check the free space and the rights of the folder; an older file there is unchanged.';
const perhapsNotDurable = 'It is there, but may not outlast a power cut: check the disk and write it again.';

/** What hinders the removal of a file, undefined where it is gone or was never made. */
async function remove(path: string): Promise<Error | undefined> {
  try {
    await rm(path, { force: true });
    return undefined;
  } catch (error) {
    if (isOfTheSystem(error)) return error;
    throw error;
  }
}

function isOfTheSystem(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}

/** Waits until the names in a folder would survive a power cut. Windows opens no folders and needs none of it. */
export async function makeNamesDurable(folder: string): Promise<void> {
  if (process.platform !== 'win32') await sync(folder, 'r');
}

async function sync(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function notWritten(path: string, cause: Error, hint: string): PackageError {
  return new PackageError('PACKAGE_NOT_WRITTEN', `Cannot write package ${path}: ${cause.message}`, {
    hint,
    details: { file: path },
    cause,
  });
}

function leftBehind(path: string, temporary: string, cause: unknown, leftover: Error): PackageError {
  const first = cause instanceof Error ? cause.message : String(cause);
  return new PackageError(
    'PACKAGE_NOT_WRITTEN',
    `Cannot write package ${path}: ${first}; what there is of it stays behind: ${leftover.message}`,
    {
      hint: `Remove ${temporary} yourself; an older package is unchanged.`,
      details: { file: path, temporary },
      cause,
    },
  );
}
