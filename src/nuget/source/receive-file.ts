import { open, rm } from 'node:fs/promises';
import { constants } from 'node:fs';

/** Where a package that comes is put, and how large it may be. */
export type Target = { readonly path: string; readonly bytesMax: number };

const flags = constants.O_CREAT | constants.O_TRUNC | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);

/** Writes what comes to a file that only its owner can read; where it breaks off the file is gone. */
export async function receiveFile(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    for await (const piece of pieces) await file.writeFile(piece);
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
  await file.close();
}
