/** The archive of a package written anew with a signature as its last entry, or without one; all else byte for byte. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { signatureEntryBytes } from './signature-entry.ts';
import type { ZipArchive } from './zip/zip-archive.ts';
import type { ZipEntry } from './zip/zip-layout.ts';
import { endRecordSize } from './zip/zip-records.ts';

/**
 * Writes to `path`, which must not be there, the archive with `signature` in the place of `old`; undefined leaves
 * `old` out. `old` is the last entry of the archive.
 */
export async function writeSigned(
  archive: ZipArchive,
  old: ZipEntry | undefined,
  signature: Buffer | undefined,
  path: string,
): Promise<void> {
  const { file, layout } = archive;
  const bodyEnd = old?.localOffset ?? layout.centralStart;
  const centralEnd = old?.position ?? layout.centralEnd;
  const added = signature && signatureEntryBytes(signature, bodyEnd);
  const central = layout.tail.subarray(0, centralEnd - layout.centralStart);
  const [local, header] = [added?.local ?? Buffer.alloc(0), added?.central ?? Buffer.alloc(0)];
  const end = Buffer.from(layout.tail.subarray(layout.tail.length - endRecordSize));
  const entries = layout.entries.length - (old ? 1 : 0) + (added ? 1 : 0);
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(central.length + header.length, 12);
  end.writeUInt32LE(bodyEnd + local.length, 16);
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
  const out = await open(path, flags, 0o644);
  try {
    for await (const piece of file.passing(0, bodyEnd)) await out.writeFile(piece);
    for (const bytes of [local, central, header, end]) await out.writeFile(bytes);
  } finally {
    await out.close();
  }
}
