import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, fdatasync, futimesSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { faultPoint } from '../faults.ts';
import { decodedName } from './zip/entry-names.ts';
import { isPackaging } from './packaging.ts';
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
  const target = emptyTarget(folder);
  const hash = createHash('sha256');
  let isTheSame = true;
  for (const run of runs(archive.layout.entries)) {
    options.signal?.throwIfAborted();
    isTheSame &&= isSmall(run[0]!)
      ? await writeSmall(archive, run, target, hash, options)
      : await writeLarge(archive, run[0]!, target, hash, options);
  }
  hash.update(archive.layout.tail);
  const { files, folders } = target;
  return { files, folders, sha256: isTheSame ? hash.digest('hex') : undefined };
}

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

async function writeSmall(
  archive: ZipArchive,
  run: readonly ZipEntry[],
  target: Target,
  hash: Hash,
  options: UnpackOptions,
): Promise<boolean> {
  const start = run[0]!.localOffset;
  const bytes = archive.file.read(start, run.at(-1)!.spanEnd - start);
  hash.update(bytes);
  for (const entry of run) {
    options.signal?.throwIfAborted();
    const name = target.nameOf(entry);
    if (name === undefined) continue;
    const span = bytes.subarray(entry.localOffset - start, entry.spanEnd - start);
    if (!beginsAsRead(span, entry)) return false;
    const dataStart = entry.dataStart - entry.localOffset;
    const data = span.subarray(dataStart, dataStart + entry.compressedSize);
    const content = wholeEntry(archive.file.path, entry, data);
    const descriptor = target.open(name);
    try {
      writeAll(descriptor, content);
      target.date(descriptor, entry);
    } finally {
      closeSync(descriptor);
    }
    told(name, target, options);
  }
  // The process may do other things now and then: thousands of small files are written without waiting.
  await new Promise(setImmediate);
  return true;
}

async function writeLarge(
  archive: ZipArchive,
  entry: ZipEntry,
  target: Target,
  hash: Hash,
  options: UnpackOptions,
): Promise<boolean> {
  const { file } = archive;
  const { localOffset, dataStart, spanEnd } = entry;
  const name = target.nameOf(entry);
  if (name === undefined) {
    for await (const piece of file.passing(localOffset, spanEnd, options.signal)) hash.update(piece);
    return true;
  }
  const header = file.read(localOffset, dataStart - localOffset);
  if (!beginsAsRead(header, entry)) return false;
  hash.update(header);
  const descriptor = target.open(name);
  const writing = writeBack(descriptor);
  try {
    const data = hashed(rawContent(archive, entry, options.signal), hash);
    for await (const piece of entryContent(file.path, entry, data)) {
      writeAll(descriptor, piece);
      writing.wrote(piece.length);
    }
    target.date(descriptor, entry);
  } finally {
    try {
      await writing.settled();
    } finally {
      closeSync(descriptor);
    }
  }
  const dataEnd = dataStart + entry.compressedSize;
  hash.update(file.read(dataEnd, spanEnd - dataEnd));
  told(name, target, options);
  return true;
}

/** Whether the local header is still as long as when the archive was judged, so that the data begins where it did. */
function beginsAsRead(span: Buffer, entry: ZipEntry): boolean {
  return localHeaderLength(span) === entry.dataStart - entry.localOffset;
}

function told(name: string, target: Target, options: UnpackOptions): void {
  target.files.push(name);
  faultPoint('extract.file-written');
  options.onFile(name);
}

/** Where files are written, and what was made there. */
type Target = {
  readonly files: string[];
  readonly folders: string[];
  /** The path below the folder that an entry is written to; undefined for what is no file of the application. */
  nameOf(entry: ZipEntry): string | undefined;
  /** A new file; never one that is there, and nothing is followed. */
  open(name: string): number;
  date(descriptor: number, entry: ZipEntry): void;
};

const newFile = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;

function emptyTarget(folder: string): Target {
  const folders = new Set<string>();
  const makeFolder = (name: string): void => {
    if (name === '' || folders.has(name)) return;
    makeFolder(name.slice(0, Math.max(0, name.lastIndexOf('/'))));
    mkdirSync(`${folder}/${name}`);
    folders.add(name);
  };
  const moments = new Map<number, number | undefined>();
  const now = Date.now();
  return {
    files: [],
    get folders() {
      return [...folders];
    },
    nameOf(entry) {
      const name = decodedName(entry.name);
      if (isPackaging(name)) return undefined;
      if (!entry.isFolder) return name;
      makeFolder(name.slice(0, -1));
      return undefined;
    },
    open(name) {
      makeFolder(name.slice(0, Math.max(0, name.lastIndexOf('/'))));
      return openSync(`${folder}/${name}`, newFile, 0o644);
    },
    date(descriptor, { dosDate, dosTime }) {
      const key = dosDate * 0x10000 + dosTime;
      if (!moments.has(key)) moments.set(key, secondsBefore(now, dosMoment(dosDate, dosTime)));
      const seconds = moments.get(key);
      if (seconds !== undefined) futimesSync(descriptor, seconds, seconds);
    },
  };
}

/** Seconds since 1970 of a moment that is past; undefined for one that is not, or is none. */
function secondsBefore(now: number, moment: Date | undefined): number | undefined {
  return moment === undefined || moment.getTime() > now ? undefined : moment.getTime() / 1000;
}

async function* hashed(pieces: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
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
