import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { PackageError } from '../errors.ts';
import type { PackageFile } from './package-file.ts';
import type { ZipEntry, ZipFault, ZipLayout } from './zip-layout.ts';

/** Up to this size data is read and inflated in one go: opening a stream would take longer than reading it. */
const wholeBytesMax = 1 << 18;

/** Whether the entry is read in one go; the data of any other comes as a stream that yauzl opens. */
export function isSmall(entry: ZipEntry): boolean {
  return entry.compressedSize <= wholeBytesMax && entry.size <= wholeBytesMax;
}

/** What yauzl makes of an archive: what differs from our own reading of it, and the data of its entries. */
export type YauzlReading = {
  /** Empty where both readers say the same of every entry. */
  readonly faults: readonly ZipFault[];
  /** The data of an entry as it is stored, exactly as much as its headers say; a plain `Error` where there is less. */
  readonly openRaw: (entry: ZipEntry) => Promise<Readable>;
};

/**
 * Reads an archive, whose layout is sound, with yauzl and compares the two entry by entry: count, order, name, every
 * number of the central header, and for large entries where the data begins.
 */
export async function readWithYauzl(file: PackageFile, layout: ZipLayout): Promise<YauzlReading> {
  const reader = new FileReader(file, layout.tail);
  // Names are decoded below, by yauzl's own strict function; comments stay bytes that nobody looks at.
  const options = { autoClose: false, decodeStrings: false, validateEntrySizes: true };
  let fault: ZipFault | undefined;
  let zip: ZipFile | undefined;
  try {
    zip = await yauzl.fromRandomAccessReaderPromise(reader, file.size, options);
    fault = await firstDifference(zip, layout.entries);
  } catch (error) {
    if (!(error instanceof Error) || error instanceof PackageError) throw error;
    fault = { kind: 'archive', message: `a second reader refuses it: ${error.message}` };
  }
  return { faults: fault === undefined ? [] : [fault], openRaw: (entry) => openRaw(zip, entry) };
}

async function firstDifference(zip: ZipFile, ours: readonly ZipEntry[]): Promise<ZipFault | undefined> {
  let index = 0;
  for await (const theirs of zip.eachEntry()) {
    const entry = ours[index];
    index += 1;
    if (entry === undefined) break;
    const what = difference(entry, theirs) ?? (await differenceInPlace(zip, entry, theirs));
    if (what !== undefined)
      return { kind: 'archive', message: `two readers differ in its ${what}`, entry: entry.name };
  }
  if (index === ours.length) return undefined;
  return { kind: 'archive', message: 'two readers differ in how many entries there are' };
}

/** The first thing that the two readers say differently of an entry. */
function difference(ours: ZipEntry, theirs: Entry): string | undefined {
  const { generalPurposeBitFlag: flags, fileNameRaw, extraFields } = theirs;
  if (yauzl.getFileNameLowLevel(flags, fileNameRaw, extraFields, true) !== ours.name) return 'name';
  if (ours.flags !== flags) return 'flags';
  if (ours.method !== theirs.compressionMethod) return 'method';
  if (ours.crc32 !== theirs.crc32) return 'checksum';
  if (ours.compressedSize !== theirs.compressedSize) return 'compressed size';
  if (ours.size !== theirs.uncompressedSize) return 'size';
  if (ours.dosTime !== theirs.lastModFileTime || ours.dosDate !== theirs.lastModFileDate) return 'date';
  if (ours.versionMadeBy !== theirs.versionMadeBy) return 'origin';
  if (ours.externalAttributes !== theirs.externalFileAttributes) return 'attributes';
  return ours.localOffset === theirs.relativeOffsetOfLocalHeader ? undefined : 'place';
}

/** Where the data begins is agreed on as well for what yauzl is to give. */
async function differenceInPlace(zip: ZipFile, ours: ZipEntry, theirs: Entry): Promise<string | undefined> {
  if (isSmall(ours)) return undefined;
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(theirs, { minimal: true });
  return ours.dataStart === fileDataStart ? undefined : 'start of data';
}

/** Where data begins is agreed on, so no header is read again. */
async function openRaw(zip: ZipFile | undefined, entry: ZipEntry): Promise<Readable> {
  assert(zip !== undefined, 'entries are read only where both readers agree');
  const { dataStart, compressedSize, size } = entry;
  return new Promise((resolve, reject) => {
    zip.openReadStreamLowLevel(dataStart, compressedSize, 0, compressedSize, false, size, (error, stream) => {
      if (error === null) resolve(stream);
      else reject(error);
    });
  });
}

/**
 * Gives yauzl the bytes of an open package: the central directory from the very buffer that the layout was read from
 * and that goes into the hash, all else from the file. Its own reader of descriptors would send each header of 46
 * bytes through the thread pool, and would close a descriptor that is ours.
 */
class FileReader extends yauzl.RandomAccessReader {
  readonly #file: PackageFile;
  readonly #tail: Buffer;
  readonly #tailStart: number;

  constructor(file: PackageFile, tail: Buffer) {
    super();
    this.#file = file;
    this.#tail = tail;
    this.#tailStart = file.size - tail.length;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    const start = position - this.#tailStart;
    try {
      const copied =
        start >= 0
          ? this.#tail.copy(buffer, offset, start, start + length)
          : this.#file.readNearby(position, length).copy(buffer, offset);
      if (copied < length) throw new Error('it ends too early');
    } catch (error) {
      callback(error as Error);
      return;
    }
    callback(null);
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#file.pieces(start, end), { objectMode: false });
  }
}
