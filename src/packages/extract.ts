import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statfsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { faultPoint } from '../faults.ts';
import { size } from '../words.ts';
import { PackageError } from './errors.ts';
import { durability } from './make-durable.ts';
import { unpack } from './unpack.ts';
import { makeNamesDurable } from './write-whole.ts';
import { openZip, type ZipArchive } from './zip/zip-archive.ts';
import type { ZipLimits } from './zip/zip-layout.ts';

export type ExtractOptions = {
  /** SHA-256 of the file that was verified, lower-case hex: what is extracted is that or nothing. */
  readonly expectedSha256: string;
  readonly limits?: ZipLimits;
  /** A folder above: below it no part of the way to the new folder may be a link. */
  readonly within?: string;
  /** Called with the path of each file below the folder, once it is written. */
  readonly onFile?: (path: string) => void;
  readonly signal?: AbortSignal;
};

/**
 * Unpacks the application in a package into `folder`, which must not exist yet, and tells its files (relative,
 * with `/`, in the order of the archive).
 *
 * Every name and size is checked before the first byte is written. The files are written into a new folder beside it
 * that nobody else may enter, and the folder appears under its name when it is whole: the bytes that were read proved to
 * be those of `expectedSha256`, and all that was written would survive a power cut. Names have their `%XX` undone; times
 * are kept where they are not in the future; modes are not. Only one process at a time extracts to one place.
 *
 * Errors: those of `openZip`, `PACKAGE_DAMAGED`, `PACKAGE_CHANGED`, `PACKAGE_FOLDER_TAKEN`, `PACKAGE_NOT_WRITTEN`;
 * an abort rejects with the signal's reason. After any of them nothing is left of it, or what is left is named.
 */
export async function extractPackage(
  path: string,
  folder: string,
  options: ExtractOptions,
): Promise<{ files: string[] }> {
  assert(isAbsolute(folder), 'a folder to extract to is given by its whole path');
  using archive = await openZip(path, options.limits);
  const parent = dirname(folder);
  const beside = join(parent, `${besidePrefix(folder)}${randomBytes(6).toString('hex')}`);
  const made: string[] = [];
  try {
    if (lstatSync(folder, { throwIfNoEntry: false })) throw folderTaken(path, folder);
    mkdirSync(parent, { recursive: true });
    if (options.within !== undefined) refuseLinks(path, options.within, folder);
    removePartialExtraction(folder);
    checkSpace(archive, folder);
    mkdirSync(beside, { mode: 0o700 });
    made.push(beside);
    const content = join(beside, 'content');
    mkdirSync(content);
    const onDisk = durability(content);
    const onFile = (name: string): void => {
      onDisk.wrote();
      options.onFile?.(name);
    };
    const { sha256, ...written } = await unpack(archive, content, { signal: options.signal, onFile });
    if (sha256 !== options.expectedSha256) throw changed(path, options.expectedSha256, sha256);
    await onDisk.settled(written);
    faultPoint('extract.before-rename');
    renameSync(content, folder);
    made.push(folder);
    await makeNamesDurable(parent);
    rmdirSync(beside);
    return { files: written.files };
  } catch (cause) {
    const error = isOfTheSystem(cause) ? notWritten(path, folder, cause) : cause;
    for (const each of made) remove(path, each, error);
    throw error;
  }
}

/** Removes what was made before `error`; what can't be removed is named. */
function remove(path: string, made: string, error: unknown): void {
  try {
    rmSync(made, { recursive: true, force: true });
  } catch (leftover) {
    if (!isOfTheSystem(leftover)) throw leftover;
    const first = error instanceof Error ? error.message : String(error);
    throw new PackageError(
      'PACKAGE_NOT_WRITTEN',
      `${first}; what there is of it stays behind: ${leftover.message}`,
      {
        hint: `Remove ${made} yourself.`,
        details: { file: path, folder: made },
        cause: error,
      },
    );
  }
}

function isOfTheSystem(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}

/** Files are not written through a link that somebody put where folders of ours are. */
function refuseLinks(file: string, within: string, folder: string): void {
  const way = relative(within, dirname(folder));
  assert(!way.startsWith('..') && !isAbsolute(way), 'a package is extracted within the folder that is given');
  let path = within;
  for (const part of way.split(sep).filter((name) => name !== '')) {
    path = join(path, part);
    if (!lstatSync(path).isDirectory()) throw notWritten(file, folder, new Error(`${path} is a link`));
  }
}

const besidePrefix = (folder: string): string => `.crossgap-extracting-${basename(folder)}-`;

/** With less than that a disk is as good as full: not even what is recorded of the work has room. */
const fullBelowBytes = 64 * 1024;

/** Asks the disk before, so that a package too large for it does not fill it up first. */
function checkSpace(archive: ZipArchive, folder: string): void {
  const needed = archive.layout.entries.reduce((sum, entry) => sum + entry.size, 0);
  const { bavail, bsize } = statfsSync(dirname(folder));
  const free = bavail * bsize;
  if (free >= needed) return;
  const because = new Error(`${size(needed)} are needed and ${size(free)} are free`);
  const isFull = free < fullBelowBytes;
  throw notWritten(archive.file.path, folder, isFull ? Object.assign(because, { code: 'ENOSPC' }) : because);
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

function changed(path: string, expected: string, found: string | undefined): PackageError {
  return new PackageError('PACKAGE_CHANGED', `Cannot extract ${path}: it is not the file that was verified`, {
    hint: 'Find out who writes to the store of packages; get the package again.',
    details: { file: path, expected, found: found ?? 'changed while it was read' },
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
