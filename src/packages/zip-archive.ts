import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { PackageError, type PackageErrorCode } from './errors.ts';
import { PackageFile } from './package-file.ts';
import { readZipLayout, type ZipEntry, type ZipFault, type ZipLayout, type ZipLimits } from './zip-layout.ts';
import { methods } from './zip-records.ts';

/** An archive whose layout is sound; its entries may be read in any order. Disposing closes the file. */
export type ZipArchive = Disposable & { readonly file: PackageFile; readonly layout: ZipLayout };

/** Entries up to this size are inflated in one go. */
const wholeBytesMax = 1 << 18;

/**
 * Opens a zip archive and refuses one that is not sound; this is the one reader, for what is verified and for
 * what is extracted.
 *
 * Errors: `PACKAGE_FILE_UNREADABLE`, `PACKAGE_ARCHIVE_MALFORMED`, `PACKAGE_NAME_UNSAFE`, `PACKAGE_TOO_LARGE`.
 */
export function openZip(path: string, limits?: ZipLimits): ZipArchive {
  const file = PackageFile.open(path);
  try {
    const layout = readZipLayout(file, limits);
    const fault = layout.faults[0];
    if (fault !== undefined) throw faultError(path, fault, layout.faults);
    return { file, layout, [Symbol.dispose]: () => file[Symbol.dispose]() };
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/** A fault as a sentence about the entry or the archive it is in. */
export function faultSentence(fault: ZipFault): string {
  if (fault.entry === undefined) return fault.message;
  const name = printable(fault.entry);
  return fault.kind === 'name'
    ? `its entry name "${name}" ${fault.message}`
    : `of its entry "${name}": ${fault.message}`;
}

export const faultCodes: Record<ZipFault['kind'], PackageErrorCode> = {
  archive: 'PACKAGE_ARCHIVE_MALFORMED',
  name: 'PACKAGE_NAME_UNSAFE',
  limit: 'PACKAGE_TOO_LARGE',
};

function faultError(path: string, fault: ZipFault, all: readonly ZipFault[]): PackageError {
  return new PackageError(faultCodes[fault.kind], `Cannot read package ${path}: ${faultSentence(fault)}`, {
    hint: 'Pack it again with an ordinary tool, or ask whoever made it what this is.',
    details: { file: path, faults: all.map(faultSentence) },
  });
}

/** A name from an archive without characters that a terminal would obey. */
export function printable(name: string): string {
  const shown = name.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\uFFFD');
  return shown.length > 200 ? `${shown.slice(0, 200)}…` : shown;
}

/**
 * The inflated content of an entry in pieces, checked against its size and CRC; the last check is made when the
 * pieces have been taken, so what was done with them is good only when this ends without an error.
 *
 * `raw` gives the bytes of its data where the caller reads them already. Errors: `PACKAGE_DAMAGED`.
 */
export async function* entryContent(
  archive: ZipArchive,
  entry: ZipEntry,
  raw?: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const path = archive.file.path;
  if (isSmall(entry)) {
    yield wholeEntry(path, entry, raw === undefined ? dataOf(archive, entry) : await collected(raw));
    return;
  }
  const data = raw ?? archive.file.pieces(entry.dataStart, entry.dataStart + entry.compressedSize);
  let [size, crc] = [0, 0];
  for await (const piece of entry.method === methods.stored ? data : inflated(path, entry, data)) {
    size += piece.length;
    if (size > entry.size) throw damaged(path, entry, 'is larger than its header says');
    crc = crc32(piece, crc);
    yield piece;
  }
  if (size !== entry.size) throw damaged(path, entry, 'is smaller than its header says');
  if (crc !== entry.crc32) throw damaged(path, entry, 'does not fit its checksum');
}

/** Whether the entry is read and inflated in one go. */
export function isSmall(entry: ZipEntry): boolean {
  return entry.compressedSize <= wholeBytesMax && entry.size <= wholeBytesMax;
}

/** The whole content of a small entry; larger than `bytesMax` is refused before it is read. */
export function readEntry(archive: ZipArchive, entry: ZipEntry, bytesMax: number): Buffer {
  if (entry.size > bytesMax || entry.compressedSize > bytesMax) {
    const name = printable(entry.name);
    const because = `its entry "${name}" has ${entry.size} bytes, and ${bytesMax} are allowed`;
    const message = `Cannot read package ${archive.file.path}: ${because}`;
    throw new PackageError('PACKAGE_TOO_LARGE', message, {
      hint: 'Ask whoever made the package what this is.',
      details: { file: archive.file.path, entry: entry.name, because },
    });
  }
  return wholeEntry(archive.file.path, entry, dataOf(archive, entry));
}

function dataOf(archive: ZipArchive, entry: ZipEntry): Buffer {
  return archive.file.read(entry.dataStart, entry.compressedSize);
}

/** Inflates the data of a small entry and checks it. */
export function wholeEntry(path: string, entry: ZipEntry, data: Buffer): Buffer {
  if (data.length !== entry.compressedSize) throw damaged(path, entry, 'is cut off');
  const content = entry.method === methods.stored ? data : inflatedWhole(path, entry, data);
  if (content.length !== entry.size) throw damaged(path, entry, 'is smaller than its header says');
  if (crc32(content) !== entry.crc32) throw damaged(path, entry, 'does not fit its checksum');
  return content;
}

function inflatedWhole(path: string, entry: ZipEntry, data: Buffer): Buffer {
  let taken: { buffer: Buffer; engine: { bytesWritten: number } };
  try {
    // One byte more than declared is room enough to see that there is more than declared.
    const options = { info: true, maxOutputLength: entry.size + 1 } as const;
    taken = inflateRawSync(data, options) as unknown as typeof taken;
  } catch (cause) {
    const tooLong = cause instanceof RangeError;
    throw damaged(path, entry, tooLong ? 'is larger than its header says' : 'is not deflated data', cause);
  }
  if (taken.engine.bytesWritten !== data.length) throw damaged(path, entry, 'hides data behind its end');
  if (taken.buffer.length > entry.size) throw damaged(path, entry, 'is larger than its header says');
  return taken.buffer;
}

async function* inflated(
  path: string,
  entry: ZipEntry,
  data: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const inflate = createInflateRaw({ chunkSize: 1 << 18 });
  // What goes wrong on the way in destroys the stream and so comes out of it below.
  const feeding = pipeline(data, inflate).catch((): void => undefined);
  try {
    for await (const piece of inflate) yield piece as Buffer;
  } catch (cause) {
    if (cause instanceof Error && 'errno' in cause) throw damaged(path, entry, 'is not deflated data', cause);
    throw cause;
  } finally {
    inflate.destroy();
    await feeding;
  }
  if (inflate.bytesWritten !== entry.compressedSize) throw damaged(path, entry, 'hides data behind its end');
}

async function collected(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

function damaged(path: string, entry: ZipEntry, because: string, cause?: unknown): PackageError {
  const name = printable(entry.name);
  return new PackageError('PACKAGE_DAMAGED', `Cannot read "${name}" of ${path}: it ${because}`, {
    hint: 'Get the package again; it was damaged or changed on its way.',
    details: { file: path, entry: entry.name, because: `its entry "${name}" ${because}` },
    cause,
  });
}
