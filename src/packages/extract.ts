import assert from 'node:assert/strict';
import { createHash, randomBytes, type Hash } from 'node:crypto';
import {
  closeSync,
  constants,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { faultPoint } from '../faults.ts';
import { decodedName } from './zip/entry-names.ts';
import { PackageError } from './errors.ts';
import { signatureEntryName } from './signature-entry.ts';
import { isSmall } from './zip/yauzl-reading.ts';
import { entryContent, openZip, rawContent, wholeEntry, type ZipArchive } from './zip/zip-archive.ts';
import type { ZipEntry, ZipLimits } from './zip/zip-layout.ts';
import { dosMoment } from './zip/zip-records.ts';

export type ExtractOptions = {
  /** SHA-256 of the file that was verified, lower-case hex: what is extracted is that or nothing. */
  readonly expectedSha256: string;
  readonly limits?: ZipLimits;
  /** Called with the path of each file below the folder, once it is written. */
  readonly onFile?: (path: string) => void;
  readonly signal?: AbortSignal;
};

/** What a package carries for NuGet and not for the application it brings. */
export function isPackaging(name: string): boolean {
  return (
    name === signatureEntryName ||
    name === '[Content_Types].xml' ||
    name.startsWith('_rels/') ||
    name.startsWith('package/services/metadata/') ||
    /\.nuspec$/i.test(name) ||
    /\.nupkg\.sha512$/i.test(name)
  );
}

/**
 * Unpacks the application in a package into `folder`, which must not exist yet, and tells its files (relative,
 * with `/`, in the order of the archive).
 *
 * Every name and size is checked before the first byte is written. The files are written into a new folder beside it
 * and the folder appears under its name whole, after the bytes that were read proved to be those of
 * `expectedSha256`. Names have their `%XX` undone; times are kept where they are not in the future; modes are not.
 * Only one process at a time extracts to one place.
 *
 * Errors: those of `openZip`, `PACKAGE_DAMAGED`, `PACKAGE_CHANGED`, `PACKAGE_FOLDER_TAKEN`, `PACKAGE_NOT_WRITTEN`;
 * an abort rejects with the signal's reason. After any of them nothing is left of it.
 */
export async function extractPackage(
  path: string,
  folder: string,
  options: ExtractOptions,
): Promise<{ files: string[] }> {
  assert(isAbsolute(folder), 'a folder to extract to is given by its whole path');
  using archive = await openZip(path, options.limits);
  const beside = join(dirname(folder), `${besidePrefix(folder)}${randomBytes(6).toString('hex')}`);
  let made = false;
  try {
    if (lstatSync(folder, { throwIfNoEntry: false })) throw folderTaken(path, folder);
    mkdirSync(dirname(folder), { recursive: true });
    removePartialExtraction(folder);
    checkSpace(archive, folder);
    mkdirSync(beside);
    made = true;
    const files = await unpack(archive, beside, options);
    faultPoint('extract.before-rename');
    renameSync(beside, folder);
    return { files };
  } catch (error) {
    if (made) rmSync(beside, { recursive: true, force: true });
    if (error instanceof Error && 'syscall' in error) throw notWritten(path, folder, error);
    throw error;
  }
}

const besidePrefix = (folder: string): string => `.crossgap-extracting-${basename(folder)}-`;

/** Asks the disk before, so that a package too large for it does not fill it up first. */
function checkSpace(archive: ZipArchive, folder: string): void {
  const needed = archive.layout.entries.reduce((sum, { size }) => sum + size, 0);
  const { bavail, bsize } = statfsSync(dirname(folder));
  if (bavail * bsize >= needed) return;
  const because = `${needed} bytes are needed and ${bavail * bsize} are free`;
  throw notWritten(archive.file.path, folder, new Error(because));
}

/**
 * Removes what an extraction to `folder` left beside it when its process was killed: folders named by us and no
 * others. The next extraction to the same place does this by itself.
 */
export function removePartialExtraction(folder: string): void {
  assert(isAbsolute(folder), 'a folder to extract to is given by its whole path');
  const prefix = besidePrefix(folder);
  for (const entry of readdirSync(dirname(folder), { withFileTypes: true })) {
    const isOurs = entry.name.startsWith(prefix) && /^[0-9a-f]{12}$/.test(entry.name.slice(prefix.length));
    if (isOurs && entry.isDirectory()) rmSync(join(dirname(folder), entry.name), { recursive: true });
  }
}

async function unpack(archive: ZipArchive, folder: string, options: ExtractOptions): Promise<string[]> {
  const hash = createHash('sha256');
  const files: string[] = [];
  const folders = new Set<string>();
  const makeFolder = (name: string): void => {
    if (name === '.' || folders.has(name)) return;
    makeFolder(dirname(name));
    mkdirSync(join(folder, name));
    folders.add(name);
  };
  const inFile = archive.layout.entries.toSorted((a, b) => a.localOffset - b.localOffset);
  for (const entry of inFile) {
    options.signal?.throwIfAborted();
    const name = decodedName(entry.name);
    if (isPackaging(name)) {
      await hashOnly(archive, entry, hash, options.signal);
    } else if (entry.isFolder) {
      makeFolder(name.slice(0, -1));
      await hashOnly(archive, entry, hash, options.signal);
    } else {
      makeFolder(dirname(name));
      await writeEntry(archive, entry, join(folder, name), hash, options.signal);
      files.push(name);
      faultPoint('extract.file-written');
      options.onFile?.(name);
    }
  }
  hash.update(archive.layout.tail);
  const found = hash.digest('hex');
  if (found !== options.expectedSha256) throw changed(archive.file.path, options.expectedSha256, found);
  return files;
}

async function hashOnly(
  archive: ZipArchive,
  entry: ZipEntry,
  hash: Hash,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { localOffset, spanEnd } = entry;
  for await (const piece of archive.file.passing(localOffset, spanEnd, signal)) hash.update(piece);
}

/** Reads the entry's part of the file once: what goes into the hash is what is written. */
async function writeEntry(
  archive: ZipArchive,
  entry: ZipEntry,
  target: string,
  hash: Hash,
  signal: AbortSignal | undefined,
): Promise<void> {
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
  const descriptor = openSync(target, flags, 0o644);
  try {
    const dataEnd = entry.dataStart + entry.compressedSize;
    if (isSmall(entry)) {
      const span = archive.file.read(entry.localOffset, entry.spanEnd - entry.localOffset);
      hash.update(span);
      const data = span.subarray(entry.dataStart - entry.localOffset, dataEnd - entry.localOffset);
      writeAll(descriptor, wholeEntry(archive.file.path, entry, data));
      await breath();
    } else {
      hash.update(archive.file.read(entry.localOffset, entry.dataStart - entry.localOffset));
      const data = hashed(rawContent(archive, entry, signal), hash);
      for await (const piece of entryContent(archive.file.path, entry, data)) writeAll(descriptor, piece);
      hash.update(archive.file.read(dataEnd, entry.spanEnd - dataEnd));
    }
    const modifiedAt = dosMoment(entry.dosDate, entry.dosTime);
    if (modifiedAt !== undefined && modifiedAt.getTime() <= Date.now())
      futimesSync(descriptor, modifiedAt, modifiedAt);
  } finally {
    closeSync(descriptor);
  }
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

let filesSinceBreath = 0;

/** Lets the process do other things now and then: thousands of small files are written without waiting. */
async function breath(): Promise<void> {
  filesSinceBreath += 1;
  if (filesSinceBreath % 64 === 0) await new Promise(setImmediate);
}

function changed(path: string, expected: string, found: string): PackageError {
  return new PackageError('PACKAGE_CHANGED', `Cannot extract ${path}: it is not the file that was verified`, {
    hint: 'Find out who writes to the store of packages; get the package again.',
    details: { file: path, expected, found },
  });
}

function folderTaken(path: string, folder: string): PackageError {
  return new PackageError('PACKAGE_FOLDER_TAKEN', `Cannot extract ${path}: ${folder} exists already`, {
    hint: 'Give a folder that does not exist yet; nothing is ever extracted over something.',
    details: { file: path, folder },
  });
}

function notWritten(path: string, folder: string, cause: Error): PackageError {
  return new PackageError('PACKAGE_NOT_WRITTEN', `Cannot extract ${path} to ${folder}: ${cause.message}`, {
    hint: 'Check the free space and the rights there; nothing half-written is left.',
    details: { file: path, folder },
    cause,
  });
}
