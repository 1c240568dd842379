import { createHash, type Hash } from 'node:crypto';
import { closeSync, fdatasync, futimesSync, mkdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { faultPoint } from '../faults.ts';
import { decodedName } from './zip/entry-names.ts';
import { besideWriter, directWriter, type FileWriter } from './file-writer.ts';
import { isPackaging } from './packaging.ts';
import { openNew, writeAll } from './write-files.ts';
import { isSmall } from './zip/yauzl-reading.ts';
import { entryContent, rawContent, wholeEntry, type ZipArchive } from './zip/zip-archive.ts';
import type { ZipEntry } from './zip/zip-layout.ts';
import { dosMoment, localHeaderLength } from './zip/zip-records.ts';

export type UnpackOptions = {
  readonly signal: AbortSignal | undefined;
  /** Called with the path of each file below the folder, once it is written. */
  readonly onFile: (path: string) => void;
};

export type Unpacked = {
  /** Relative, with `/`, in the order of the archive; and the folders made for them, outer ones first. */
  readonly files: string[];
  readonly folders: string[];
  /** Of every byte of the package, as it was read to be written; undefined where it was changed in between. */
  readonly sha256: string | undefined;
};

/**
 * Writes the application in a sound archive into `folder`, which is there, empty, and nobody else's. The package is read
 * once from its first byte to its last: what goes into the digest is what is written, and where an entry's data begins
 * is looked at once more in the very bytes that do.
 *
 * Small entries that follow each other are read in one go, since 20,000 readings of 1 kB take longer than to inflate it.
 */
export async function unpack(archive: ZipArchive, folder: string, options: UnpackOptions): Promise<Unpacked> {
  const { entries, tail } = archive.layout;
  const target = emptyTarget(folder);
  const onWritten = (name: string): void => {
    target.files.push(name);
    faultPoint('extract.file-written');
    options.onFile(name);
  };
  const isMany = entries.length > entriesWrittenHereMax;
  await using writer = (isMany ? besideWriter : directWriter)(folder, onWritten);
  const hash = createHash('sha256');
  let isTheSame = true;
  for (const run of runs(entries)) {
    options.signal?.throwIfAborted();
    if (isSmall(run[0]!)) isTheSame &&= writeSmall(archive, run, target, writer, hash);
    else {
      // One after the other, so that they are told in the order of the archive.
      await writer.finished();
      isTheSame &&= await writeLarge(archive, run[0]!, target, hash, options.signal);
      const name = target.nameOf(run[0]!);
      if (name !== undefined) onWritten(name);
    }
    await writer.turn();
    if (!isTheSame) break;
  }
  await writer.finished();
  options.signal?.throwIfAborted();
  hash.update(tail);
  const { files, folders } = target;
  return { files, folders, sha256: isTheSame ? hash.digest('hex') : undefined };
}

/** Above so many a thread beside writes them. */
const entriesWrittenHereMax = 1000;
const runBytesMax = 1 << 20;
const runContentMax = 1 << 22;
const runEntriesMax = 64;

/** The entries in the order of the file: large ones alone, small ones as many as are read and written in one go. */
function* runs(entries: readonly ZipEntry[]): Generator<readonly ZipEntry[]> {
  let run: ZipEntry[] = [];
  let contentBytes = 0;
  for (const entry of entries.toSorted((a, b) => a.localOffset - b.localOffset)) {
    contentBytes += entry.size;
    const isFull =
      run.length === runEntriesMax ||
      contentBytes > runContentMax ||
      (run.length > 0 && entry.spanEnd - run[0]!.localOffset > runBytesMax);
    if (run.length > 0 && (isFull || !isSmall(entry))) {
      yield run;
      run = [];
      contentBytes = entry.size;
    }
    run.push(entry);
    if (isSmall(entry)) continue;
    yield run;
    run = [];
    contentBytes = 0;
  }
  if (run.length > 0) yield run;
}

/** False where the file is not what it was when the archive was judged. */
function writeSmall(
  archive: ZipArchive,
  run: readonly ZipEntry[],
  target: Target,
  writer: FileWriter,
  hash: Hash,
): boolean {
  const start = run[0]!.localOffset;
  const bytes = archive.file.read(start, run.at(-1)!.spanEnd - start);
  hash.update(bytes);
  for (const entry of run) {
    const name = target.nameOf(entry);
    if (name === undefined) continue;
    const span = bytes.subarray(entry.localOffset - start, entry.spanEnd - start);
    if (!beginsAsRead(span, entry)) return false;
    const dataStart = entry.dataStart - entry.localOffset;
    const data = span.subarray(dataStart, dataStart + entry.compressedSize);
    writer.put(name, wholeEntry(archive.file.path, entry, data), target.changedAt(entry));
  }
  return true;
}

async function writeLarge(
  archive: ZipArchive,
  entry: ZipEntry,
  target: Target,
  hash: Hash,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { file } = archive;
  const { localOffset, dataStart, spanEnd } = entry;
  const name = target.nameOf(entry);
  if (name === undefined) {
    for await (const piece of file.passing(localOffset, spanEnd, signal)) hash.update(piece);
    return true;
  }
  const header = file.read(localOffset, dataStart - localOffset);
  if (!beginsAsRead(header, entry)) return false;
  hash.update(header);
  const descriptor = openNew(target.path(name));
  const writing = writeBack(descriptor);
  try {
    const data = hashed(rawContent(archive, entry, signal), hash);
    for await (const piece of entryContent(file.path, entry, data)) {
      writeAll(descriptor, piece);
      writing.wrote(piece.length);
    }
    const seconds = target.changedAt(entry);
    if (seconds !== null) futimesSync(descriptor, seconds, seconds);
  } finally {
    try {
      await writing.settled();
    } finally {
      closeSync(descriptor);
    }
  }
  const dataEnd = dataStart + entry.compressedSize;
  hash.update(file.read(dataEnd, spanEnd - dataEnd));
  return true;
}

/** Whether the local header is still as long as when the archive was judged, so that the data begins where it did. */
function beginsAsRead(span: Buffer, entry: ZipEntry): boolean {
  return localHeaderLength(span) === entry.dataStart - entry.localOffset;
}

/** Where files are written, and what was made there. */
type Target = {
  readonly files: string[];
  readonly folders: string[];
  /**
   * The path below the folder that an entry is written to, its folder made; undefined for what is no file of the
   * application.
   */
  nameOf(entry: ZipEntry): string | undefined;
  path(name: string): string;
  /** In seconds since 1970; null for a moment that is not past, or is none. */
  changedAt(entry: ZipEntry): number | null;
};

function emptyTarget(folder: string): Target {
  const folders = new Set<string>();
  const makeFolder = (name: string): void => {
    if (name === '' || folders.has(name)) return;
    makeFolder(outerFolder(name));
    mkdirSync(`${folder}/${name}`);
    folders.add(name);
  };
  const moments = new Map<number, number | null>();
  const now = Date.now();
  return {
    files: [],
    get folders() {
      return [...folders];
    },
    nameOf(entry) {
      const name = decodedName(entry.name);
      if (isPackaging(name)) return undefined;
      makeFolder(outerFolder(name));
      return entry.isFolder ? undefined : name;
    },
    path: (name) => `${folder}/${name}`,
    changedAt({ dosDate, dosTime }) {
      const key = dosDate * 0x10000 + dosTime;
      const known = moments.get(key);
      if (known !== undefined) return known;
      const moment = dosMoment(dosDate, dosTime)?.getTime() ?? Number.POSITIVE_INFINITY;
      const seconds = moment > now ? null : moment / 1000;
      moments.set(key, seconds);
      return seconds;
    },
  };
}

/** `a/b` of `a/b/c` and of `a/b/`; nothing of `a`. */
const outerFolder = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('/')));

async function* hashed(pieces: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}

const dirtyBytesMax = 1 << 26;
const toDisk = promisify(fdatasync);

/** Has what is written of a large file go to the disk while more is inflated, so that little is left at its end. */
function writeBack(descriptor: number): { wrote(bytes: number): void; settled(): Promise<void> } {
  let dirtyBytes = 0;
  let failure: unknown;
  let running: Promise<void> | undefined;
  return {
    wrote(bytes) {
      dirtyBytes += bytes;
      if (dirtyBytes < dirtyBytesMax || running !== undefined) return;
      dirtyBytes = 0;
      running = toDisk(descriptor)
        .catch((error: unknown) => (failure ??= error))
        .then(() => (running = undefined));
    },
    async settled() {
      await running;
      if (failure !== undefined) throw failure;
    },
  };
}
