/**
 * What a signature covers: the archive as it was before the signature entry was put in.
 *
 * The entry, its central header and its share of the end record are taken out again; local offsets behind it move
 * back. The result is what NuGet's client hashes, byte for byte, so a package keeps its content digest when a
 * repository adds to the signature.
 */
import { createHash, type Hash } from 'node:crypto';
import type { PackageFile } from './zip/package-file.ts';
import type { ZipEntry, ZipLayout } from './zip/zip-layout.ts';
import { endRecordSize } from './zip/zip-records.ts';

/** Bytes from the file, or bytes that stand in for some of it. */
type Stretch = { readonly from: number; readonly to: number; readonly instead?: Buffer };

const offsetField = 42;

/** The archive without `signature` as stretches in the order of the file; undefined takes nothing out. */
export function unsignedStretches(
  file: PackageFile,
  layout: ZipLayout,
  signature: ZipEntry | undefined,
): Stretch[] {
  if (signature === undefined) return [{ from: 0, to: file.size }];
  const inFile = layout.entries.toSorted((a, b) => a.localOffset - b.localOffset);
  const stretches: Stretch[] = [{ from: 0, to: inFile[0]!.localOffset }];
  const newOffsets = new Map<ZipEntry, number>();
  // Offsets are counted from zero as NuGet does, so an archive with something in front never fits its signature.
  let position = 0;
  for (const entry of inFile) {
    if (entry === signature) continue;
    stretches.push({ from: entry.localOffset, to: entry.spanEnd });
    newOffsets.set(entry, position);
    position += entry.spanEnd - entry.localOffset;
  }
  for (const entry of layout.entries) {
    if (entry === signature) continue;
    const field = entry.position + offsetField;
    stretches.push({ from: entry.position, to: field });
    stretches.push({ from: field, to: field + 4, instead: u32(newOffsets.get(entry)!) });
    stretches.push({ from: field + 4, to: entry.position + entry.headerSize });
  }
  return [...stretches, ...endStretches(file, layout, signature)];
}

function endStretches(file: PackageFile, layout: ZipLayout, signature: ZipEntry): Stretch[] {
  const { end, centralEnd: at } = layout;
  const counts = [u16(end.entriesOnDisk - 1), u16(end.entries - 1)];
  const sizes = [
    u32(end.centralSize - signature.headerSize),
    u32(end.centralOffset - (signature.spanEnd - signature.localOffset)),
  ];
  return [
    { from: at, to: at + 8 },
    { from: at + 8, to: at + endRecordSize - 2, instead: Buffer.concat([...counts, ...sizes]) },
    { from: at + endRecordSize - 2, to: file.size },
  ];
}

/** Lower-case hex digests of the file, and of what the stretches leave of it in each algorithm asked for. */
export type PackageDigests = { readonly sha256: string; readonly unsigned: ReadonlyMap<string, Buffer> };

/** Reads the file once from end to end and hashes it as it is and as the stretches have it. */
export async function packageDigests(
  file: PackageFile,
  stretches: readonly Stretch[],
  algorithms: readonly string[],
  signal?: AbortSignal,
): Promise<PackageDigests> {
  const whole = createHash('sha256');
  const hashes = algorithms.map((name): [string, Hash] => [name, createHash(name)]);
  let position = 0;
  let next = 0;
  for await (const piece of file.passing(0, file.size, signal)) {
    whole.update(piece);
    const end = position + piece.length;
    for (; next < stretches.length && stretches[next]!.from < end; next += 1) {
      const stretch = stretches[next]!;
      const part = stretch.instead
        ? stretch.from >= position
          ? stretch.instead
          : undefined
        : piece.subarray(Math.max(stretch.from, position) - position, Math.min(stretch.to, end) - position);
      if (part !== undefined) for (const [, hash] of hashes) hash.update(part);
      if (stretch.to > end) break;
    }
    position = end;
  }
  const unsigned = new Map(hashes.map(([name, hash]) => [name, hash.digest()]));
  return { sha256: whole.digest('hex'), unsigned };
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value & 0xffff);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
