import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { NugetError } from '../errors.ts';
import { forgetDownload } from './download.ts';
import { failure } from './failures.ts';

/** Where a package that comes is put, and how large it may be. */
export type Target = { readonly path: string; readonly bytesMax: number };

const plain = constants.O_CREAT | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);

/** How what comes is kept: behind what is there, and what came of it where it breaks off on the way. */
export type Keeping = { readonly goesOn: boolean; readonly keepsBegin: boolean };

/**
 * Writes what a repository gives to a file that only its owner can read. Where it breaks off the file is gone, unless its
 * beginning is to be kept: then it stays where nothing else is wrong with it than that the rest is missing.
 *
 * @throws NugetError SOURCE_NOT_KEPT where our own disk refuses; what `pieces` throws
 */
export async function receiveFile(
  repository: { readonly name: string },
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  { goesOn, keepsBegin }: Keeping = { goesOn: false, keepsBegin: false },
): Promise<void> {
  const flags = plain | (goesOn ? constants.O_APPEND : constants.O_TRUNC);
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
    if (!keepsBegin || !isOnlyMissing(error)) await forgetDownload(path);
    throw error;
  }
  await file.close();
}

/** Whether what came is good as far as it came: the way broke off, or we ended. */
function isOnlyMissing(error: unknown): boolean {
  return (
    !(error instanceof NugetError) || error.code === 'SOURCE_UNREACHABLE' || error.code === 'SOURCE_SLOW'
  );
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
