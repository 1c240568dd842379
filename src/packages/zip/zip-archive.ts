import assert from 'node:assert/strict';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { PackageError, type PackageErrorCode } from '../errors.ts';
import { PackageFile } from './package-file.ts';
import { readWithYauzl, type YauzlReading } from './yauzl-reading.ts';
import { readZipLayout, type ZipEntry, type ZipFault, type ZipLayout, type ZipLimits } from './zip-layout.ts';
import { methods } from './zip-records.ts';

/** An archive as both readers read it, without faults; its entries may be read in any order. */
export type ZipArchive = Disposable & {
  readonly file: PackageFile;
  readonly layout: ZipLayout;
  readonly openRaw: YauzlReading['openRaw'];
};

/**
 * Opens a zip archive and refuses one that is not sound, or that two readers read differently; this is the one way
 * to what is in a package. Disposing closes the file.
 *
 * Errors: `PACKAGE_FILE_UNREADABLE`, `NOT_A_PACKAGE`, `PACKAGE_ARCHIVE_MALFORMED`, `PACKAGE_NAME_UNSAFE`, `PACKAGE_TOO_LARGE`.
 */
export async function openZip(path: string, limits?: ZipLimits): Promise<ZipArchive> {
  const file = PackageFile.open(path);
  try {
    const { layout, openRaw } = await readZip(file, limits);
    const fault = layout.faults[0];
    if (fault !== undefined) throw faultError(path, fault, layout.faults);
    return { file, layout, openRaw, [Symbol.dispose]: () => file[Symbol.dispose]() };
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/**
 * Reads what an archive is made of: by ourselves first, and where nothing is wrong with it once more with yauzl. The
 * faults of the layout are those of both. Errors: those of `readZipLayout`.
 */
export async function readZip(
  file: PackageFile,
  limits?: ZipLimits,
): Promise<Pick<ZipArchive, 'layout' | 'openRaw'>> {
  const layout = readZipLayout(file, limits);
  if (layout.faults.length > 0) return { layout, openRaw: notOpened };
  const { faults, openRaw } = await readWithYauzl(file, layout);
  return { layout: { ...layout, faults }, openRaw };
}

function notOpened(): never {
  assert.fail('entries are read only where nothing is wrong with the archive');
}

/** A fault as a sentence about the entry or the archive it is in. */
export function faultSentence(fault: ZipFault): string {
  if (fault.entry === undefined) return fault.message;
  const name = printable(fault.entry);
  return fault.kind === 'name'
    ? `its entry name "${name}" ${fault.message}`
    : `of its entry "${name}": ${fault.message}`;
}

export const faultCodes = {
  archive: 'PACKAGE_ARCHIVE_MALFORMED',
  name: 'PACKAGE_NAME_UNSAFE',
  limit: 'PACKAGE_TOO_LARGE',
} as const satisfies Record<ZipFault['kind'], PackageErrorCode>;

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

/** The data of an entry as it is stored, in pieces. Errors: `PACKAGE_DAMAGED`; an abort throws its reason. */
export async function* rawContent(
  archive: ZipArchive,
  entry: ZipEntry,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const piece of await archive.openRaw(entry)) {
      signal?.throwIfAborted();
      yield piece as Buffer;
    }
  } catch (error) {
    if (signal?.aborted === true || error instanceof PackageError) throw error;
    throw damaged(archive.file.path, entry, 'is cut off', error);
  }
}

/**
 * The content of the entry whose data `raw` gives, in pieces, checked against its size and CRC; the last check is
 * made when the pieces have been taken, so what was done with them is good only when this ends without an error.
 *
 * It is inflated here and not by yauzl, which can't tell whether data hides behind the end of what is inflated.
 * Errors: `PACKAGE_DAMAGED`.
 */
export async function* entryContent(
  path: string,
  entry: ZipEntry,
  raw: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  let [size, crc] = [0, 0];
  for await (const piece of entry.method === methods.stored ? raw : inflated(path, entry, raw)) {
    size += piece.length;
    if (size > entry.size) throw damaged(path, entry, 'is larger than its header says');
    crc = crc32(piece, crc);
    yield piece;
  }
  if (size !== entry.size) throw damaged(path, entry, 'is smaller than its header says');
  if (crc !== entry.crc32) throw damaged(path, entry, 'does not fit its checksum');
}

/** The whole content of a small entry; larger than `bytesMax` is refused before it is read. */
export function readEntry(file: PackageFile, entry: ZipEntry, bytesMax: number): Buffer {
  if (entry.size > bytesMax || entry.compressedSize > bytesMax) {
    const name = printable(entry.name);
    const because = `its entry "${name}" has ${entry.size} bytes, and ${bytesMax} are allowed`;
    const message = `Cannot read package ${file.path}: ${because}`;
    throw new PackageError('PACKAGE_TOO_LARGE', message, {
      hint: 'Ask whoever made the package what this is.',
      details: { file: file.path, entry: entry.name, because },
    });
  }
  return wholeEntry(file.path, entry, file.read(entry.dataStart, entry.compressedSize));
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
    const roomBytes = entry.size + 1;
    const options = { info: true, maxOutputLength: roomBytes, chunkSize: Math.max(64, roomBytes) } as const;
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
  raw: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const inflate = createInflateRaw({ chunkSize: 1 << 18 });
  // What goes wrong on the way in destroys the stream and so comes out of it below.
  const feeding = pipeline(raw, inflate).catch((): void => undefined);
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

function damaged(path: string, entry: ZipEntry, because: string, cause?: unknown): PackageError {
  const name = printable(entry.name);
  return new PackageError('PACKAGE_DAMAGED', `Cannot read "${name}" of ${path}: it ${because}`, {
    hint: 'Get the package again; it was damaged or changed on its way.',
    details: { file: path, entry: entry.name, because: `its entry "${name}" ${because}` },
    cause,
  });
}
