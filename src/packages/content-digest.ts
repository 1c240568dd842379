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

/**
 * Reads the file once from end to end and hashes it as it is and as the stretches have it. Up to where the two part, which
 * is the signature entry at the end, they are hashed once.
 */
export async function packageDigests(
  file: PackageFile,
  stretches: readonly Stretch[],
  algorithms: readonly string[],
  signal?: AbortSignal,
): Promise<PackageDigests> {
  const whole = createHash('sha256');
  const parting = partingOf(stretches);
  const others = new Map(
    algorithms.filter((name) => name !== 'sha256').map((name): [string, Hash] => [name, createHash(name)]),
  );
  let forked: Hash | undefined;
  let position = 0;
  let next = 0;
  for await (const piece of file.passing(0, file.size, signal)) {
    const end = position + piece.length;
    const shared = Math.min(Math.max(parting - position, 0), piece.length);
    whole.update(shared === piece.length ? piece : piece.subarray(0, shared));
    if (end >= parting) forked ??= whole.copy();
    if (shared < piece.length) whole.update(piece.subarray(shared));
    for (; next < stretches.length && stretches[next]!.from < end; next += 1) {
      const stretch = stretches[next]!;
      const from = Math.max(stretch.from, position);
      const to = Math.min(stretch.to, end);
      if (stretch.instead === undefined) {
        for (const hash of others.values()) hash.update(piece.subarray(from - position, to - position));
        if (to > parting) forked?.update(piece.subarray(Math.max(from, parting) - position, to - position));
      } else if (stretch.from >= position) {
        for (const hash of others.values()) hash.update(stretch.instead);
        forked?.update(stretch.instead);
      }
      if (stretch.to > end) break;
    }
    position = end;
  }
  forked ??= whole.copy();
  const digests = new Map([...others].map(([name, hash]) => [name, hash.digest()]));
  if (algorithms.includes('sha256')) digests.set('sha256', forked.digest());
  return { sha256: whole.digest('hex'), unsigned: digests };
}

/** Up to where the stretches are the file itself from its beginning on. */
function partingOf(stretches: readonly Stretch[]): number {
  let at = 0;
  for (const { from, to, instead } of stretches) {
    if (from !== at || instead !== undefined) break;
    at = to;
  }
  return at;
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
