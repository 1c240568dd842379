import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const readBytes = 1024 * 1024;

/** A stretch of a file. */
export type Stretch = { readonly offset: number; readonly sizeBytes: number };

/**
 * The digest of a stretch of a file (all of it where none is named), read in pieces of 1 MiB; it ends where the file
 * does.
 *
 * @param algorithm `sha256` or `sha512`
 * @param onRead is told how many bytes each piece had, and may throw to stop
 */
export async function digestOf(
  path: string,
  { offset, sizeBytes }: Stretch = { offset: 0, sizeBytes: Number.MAX_SAFE_INTEGER },
  algorithm: 'sha256' | 'sha512' = 'sha256',
  onRead: (bytes: number) => void = () => {},
): Promise<Buffer> {
  const hash = createHash(algorithm);
  await using file = await open(path, 'r');
  const buffer = Buffer.allocUnsafe(readBytes);
  for (let done = 0; done < sizeBytes;) {
    const wanted = Math.min(readBytes, sizeBytes - done);
    const { bytesRead } = await file.read(buffer, 0, wanted, offset + done);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    done += bytesRead;
    onRead(bytesRead);
  }
  return hash.digest();
}

/** The SHA-256 of a whole file in hex. */
export async function sha256Of(path: string): Promise<string> {
  return (await digestOf(path)).toString('hex');
}
