/*
 * Where a package is cut. Two packages with equal files inside are to have equal chunks, whatever else changed:
 *
 *   - where each local header begins, and, if the data behind it has 1 KiB or more, where that begins: a header keeps
 *     the time a file was last touched, which changes with many a build where the file doesn't
 *   - each stretch so made, every 508 KiB: a chunk and the header before it fit one message of 512 KiB
 *   - the central directory and the end record are stretches like the others
 *
 * What is not a sound archive is cut every 508 KiB.
 */
import { createHash } from 'node:crypto';
import { encodeChunkList, inlineBelow, pieceBytesMax, type Piece } from './chunk-list.ts';
import { PackageError } from '../errors.ts';
import { PackageFile } from '../zip/package-file.ts';
import { readZipLayout } from '../zip/zip-layout.ts';

const cutEvery = pieceBytesMax - 4096;
const ownChunkFrom = 1024;

/**
 * The chunk list of the file at `path`, whose SHA-256 is `digest`: the same for the same bytes, always. Reads the file
 * once, in pieces. Errors: `PACKAGE_FILE_UNREADABLE`.
 */
export async function cutPackage(path: string, digest: string, signal?: AbortSignal): Promise<Uint8Array> {
  using file = PackageFile.open(path);
  const cuts = cutsOf(file);
  const pieces: Piece[] = [];
  let [offset, length, nextCut] = [0, 0, 0];
  let hash = createHash('sha256');
  let held: Buffer[] = [];
  const end = (): number => Math.min(cuts[nextCut] ?? file.size, offset + cutEvery, file.size);
  const close = (): void => {
    if (length > 0)
      pieces.push(
        length < inlineBelow
          ? { offset, length, bytes: Buffer.concat(held) }
          : { offset, length, digest: hash.digest('hex') },
      );
    hash = createHash('sha256');
    held = [];
    offset += length;
    length = 0;
    while ((cuts[nextCut] ?? Infinity) <= offset) nextCut += 1;
  };
  close();
  for await (const bytes of file.pieces(0, file.size, signal)) {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + Math.min(bytes.length - at, end() - offset - length));
      hash.update(part);
      if (end() - offset < inlineBelow) held.push(part);
      length += part.length;
      at += part.length;
      if (offset + length === end()) close();
    }
  }
  close();
  return encodeChunkList({ digest, sizeBytes: offset, pieces });
}

/** Where a new stretch begins, in ascending order. */
function cutsOf(file: PackageFile): readonly number[] {
  try {
    const { entries, centralStart, faults } = readZipLayout(file);
    if (faults.length > 0) return [];
    const inFile = entries.toSorted((a, b) => a.localOffset - b.localOffset);
    const cuts = inFile.flatMap(({ localOffset, dataStart, compressedSize }) =>
      compressedSize < ownChunkFrom ? [localOffset] : [localOffset, dataStart],
    );
    return [...cuts, centralStart];
  } catch (error) {
    if (error instanceof PackageError) return [];
    throw error;
  }
}
