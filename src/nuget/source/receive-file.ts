import { constants } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import type { NugetError } from '../errors.ts';
import { failure } from './failures.ts';

/** Where a package that comes is put, and how large it may be. */
export type Target = { readonly path: string; readonly bytesMax: number };

const flags = constants.O_CREAT | constants.O_TRUNC | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);

/**
 * Writes what a repository gives to a file that only its owner can read; where it breaks off the file is gone.
 *
 * @throws NugetError SOURCE_NOT_KEPT where our own disk refuses; what `pieces` throws
 */
export async function receiveFile(
  repository: { readonly name: string },
  path: string,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, flags, 0o600);
  } catch (cause) {
    throw notKept(repository, path, cause);
  }
  try {
    for await (const piece of pieces) {
      try {
        await file.writeFile(piece);
      } catch (cause) {
        throw notKept(repository, path, cause);
      }
    }
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
  await file.close();
}

function notKept(repository: { readonly name: string }, path: string, cause: unknown): NugetError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return failure(repository, {
    code: 'SOURCE_NOT_KEPT',
    because: `what it gives can't be kept here (${said})`,
    hint: 'Check the free space and the rights of the data folder; it is tried again.',
    details: { path },
    cause,
  });
}
