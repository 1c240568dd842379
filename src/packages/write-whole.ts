import { randomBytes } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PackageError } from './errors.ts';

/**
 * Lets `write` make a file beside `outPath` and moves it there when it is complete and durable: whoever looks finds
 * the old file or the new one, never a part. Errors: `PACKAGE_NOT_WRITTEN` where the disk refuses, else those of
 * `write`; the file beside is gone then.
 */
export async function writeWhole<T>(outPath: string, write: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = `${outPath}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const result = await write(temporary);
    await sync(temporary, 'r+');
    await rename(temporary, outPath);
    await makeNamesDurable(dirname(outPath));
    return result;
  } catch (cause) {
    // It may never have been made; what went wrong before is what matters.
    await unlink(temporary).catch(() => undefined);
    if (cause instanceof Error && 'syscall' in cause) throw notWritten(outPath, cause);
    throw cause;
  }
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

function notWritten(path: string, cause: Error): PackageError {
  return new PackageError('PACKAGE_NOT_WRITTEN', `Cannot write package ${path}: ${cause.message}`, {
    hint: 'Check the free space and the rights of the folder; an older file there is unchanged.',
    details: { file: path },
    cause,
  });
}
