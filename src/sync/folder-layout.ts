import assert from 'node:assert/strict';
import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SyncError, systemCode } from './errors.ts';
import { parcelFileBytesMax } from './parcel-file.ts';
import { rowFromWire, rowToWire } from './row-on-wire.ts';
import type { EntriesRow } from './transport.ts';

/** The places of one author's parcels of one link. The layout is described in folder-transport.ts. */
export type AuthorFolder = {
  readonly root: string;
  readonly link: string;
  readonly home: string;
  readonly head: string;
  readonly entries: string;
  readonly blobs: string;
  blob(digest: string): string;
};

const digestText = /^[0-9a-f]{64}$/;
const id = /^[0-9a-f]{8,64}$/;
const parcelName = /^(\d{4,10})-(\d{12,16})-(\d{12,16})\.cgp$/;
const chunkName = /^(\d{13,16})\.cgp$/;
const temporaryName = /^[.~]|\.(?:tmp|part|partial|crdownload)$/i;

export function authorFolder(folder: string, link: string, author: string): AuthorFolder {
  assert(id.test(link) && id.test(author), 'ids of links and instances are lower-case hex');
  // Absolute from here on: what is removed never depends on where the program happens to stand.
  const root = resolve(folder);
  const linkFolder = join(root, `crossgap-${link}`);
  const home = join(linkFolder, author);
  const blobs = join(home, 'blobs');
  return {
    root,
    link: linkFolder,
    home,
    head: join(home, 'head.cgp'),
    entries: join(home, 'entries'),
    blobs,
    blob(digest) {
      assert(digestText.test(digest), 'digests are checked where entries are');
      return join(blobs, digest);
    },
  };
}

/** The entries that a file says it carries, from `first` to `last`. */
export type EntriesSpan = EntriesRow & { readonly first: number; readonly last: number };

/** Sorts as the entries do. */
export function entriesFileName({ first, last, ...row }: EntriesSpan): string {
  const padded = (value: number): string => String(value).padStart(12, '0');
  return `${String(rowToWire(row)).padStart(4, '0')}-${padded(first)}-${padded(last)}.cgp`;
}

export function parseEntriesFileName(name: string): EntriesSpan | undefined {
  const [, row, first, last] = parcelName.exec(name) ?? [];
  if (row === undefined) return undefined;
  const span = { ...rowFromWire(Number(row)), first: Number(first), last: Number(last) };
  const sane = span.first <= span.last && Number.isSafeInteger(span.last);
  return sane && entriesFileName(span) === name ? span : undefined;
}

/** Sorts as the offsets do. */
export function chunkFileName(offset: number): string {
  return `${String(offset).padStart(13, '0')}.cgp`;
}

export function parseChunkFileName(name: string): number | undefined {
  const [, digits] = chunkName.exec(name) ?? [];
  const offset = Number(digits);
  return digits !== undefined && Number.isSafeInteger(offset) && chunkFileName(offset) === name
    ? offset
    : undefined;
}

/** Whether a name is one that this or another program gives to what it has not finished. */
export function isTemporaryName(name: string): boolean {
  return temporaryName.test(name);
}

/** Changes whenever the file is written or replaced; the same as before means the same content. */
export function identityOf(stats: BigIntStats): string {
  return `${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

/** What lies under a name: its identity, or that there is nothing, or that it is not an ordinary file. */
export async function lookAt(path: string): Promise<{ identity: string } | 'nothing' | 'no file'> {
  try {
    const stats = await lstat(path, { bigint: true });
    return stats.isFile() ? { identity: identityOf(stats) } : 'no file';
  } catch (error) {
    if (isAbsence(error)) return 'nothing';
    throw error;
  }
}

/**
 * The bytes of an ordinary file, at most one more than a parcel may have; undefined where there is none. A link
 * is not followed and a pipe not waited for: the other side decides what lies here.
 */
export async function readParcelBytes(path: string): Promise<Buffer | undefined> {
  try {
    await using file = await open(
      path,
      // Windows has neither flag.
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
    const stats = await file.stat();
    if (!stats.isFile()) return undefined;
    const buffer = Buffer.alloc(Math.min(stats.size, parcelFileBytesMax + 1));
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  } catch (error) {
    if (isAbsence(error) || systemCode(error) === 'ELOOP') return undefined;
    throw error;
  }
}

export function isAbsence(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '');
}

/** Refuses to go on where the folder itself is not there: an unplugged or unmounted one is never made anew. */
export async function demandFolder(root: string): Promise<void> {
  const stats = await stat(root).catch((cause: unknown) => {
    throw isAbsence(cause) ? missing(root, cause) : notReadable(root, cause);
  });
  if (!stats.isDirectory()) throw missing(root);
}

function missing(root: string, cause?: unknown): SyncError {
  return new SyncError('FOLDER_MISSING', `Cannot use the folder ${root}: it is not there`, {
    hint: 'Plug it in, mount it or create it; the exchange goes on by itself.',
    details: { folder: root },
    cause,
  });
}

/** The error for a path of the other side that may not be read. */
export function notReadable(path: string, cause: unknown): SyncError {
  return new SyncError(
    'FOLDER_NOT_READABLE',
    `Cannot read ${path}: the system says ${systemCode(cause) ?? 'no'}`,
    {
      hint: 'Let the account that runs crossgap read this folder and all below it.',
      details: { path, system: systemCode(cause) },
      cause,
    },
  );
}

/** The error for a path of our own side that may not be written. */
export function notWritable(path: string, cause: unknown): SyncError {
  const system = systemCode(cause);
  if (system === 'ENOSPC' || system === 'EDQUOT')
    return new SyncError('FOLDER_FULL', `Cannot write ${path}: there is no space left`, {
      hint: 'Make space in the folder; the exchange goes on by itself and nothing is lost.',
      details: { path, system },
      cause,
    });
  return new SyncError('FOLDER_NOT_WRITABLE', `Cannot write ${path}: the system says ${system ?? 'no'}`, {
    hint: 'Let the account that runs crossgap write its own subfolder of the shared folder.',
    details: { path, system },
    cause,
  });
}
