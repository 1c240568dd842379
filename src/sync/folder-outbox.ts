import { randomBytes } from 'node:crypto';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { SealedEntry } from '../events/index.ts';
import { faultPoint } from '../faults.ts';
import { SyncError, systemCode } from './errors.ts';
import {
  chunkFileName,
  demandFolder,
  entriesFileName,
  identityOf,
  isAbsence,
  notWritable,
  parseEntriesFileName,
  readParcelBytes,
  type AuthorFolder,
  type EntriesSpan,
} from './folder-layout.ts';
import { chunkOf, isChunk, lyingFiles, spanOf } from './lying-files.ts';
import { decodeParcelFile, encodeParcelFile, entryBytesInParcel } from './parcel-file.ts';
import {
  comparePlaces,
  isSameRow,
  isSettled,
  type BlobParcel,
  type Chunk,
  type EntriesAfter,
  type EntriesParcel,
  type EntriesRow,
  type Parcel,
  type Place,
  type Settled,
  type Transport,
} from './transport.ts';

export type OutboxOptions = {
  readonly own: AuthorFolder;
  /** How long a file that was found whole is believed to be so without another look, in milliseconds. */
  readonly believedMs: number;
  /** A file of entries below this size is replaced by one that also holds the next entries. */
  readonly mergeBytes: number;
  readonly now: () => number;
};

/** Our own side of a shared folder: the only part of it that this program writes. */
export interface FolderOutbox {
  send(parcel: Parcel, signal: AbortSignal): Promise<void>;
  readonly carriedTo: Transport['carriedTo'];
  readonly carriesChunk: Transport['carriesChunk'];
  settle(settled: Settled): Promise<void>;
}

export function folderOutbox({ own, believedMs, mergeBytes, now }: OutboxOptions): FolderOutbox {
  const lying = lyingFiles({ believedMs, now });
  let spans: EntriesSpan[] | undefined;
  let lastHead: Uint8Array | undefined;
  let prepared = false;

  const pathOf = (span: EntriesSpan): string => join(own.entries, entriesFileName(span));

  async function prepare(): Promise<void> {
    if (prepared) return;
    await demandFolder(own.root);
    try {
      for (const path of [own.link, own.home, own.entries, own.blobs]) await ownDirectory(path);
      await sweepTemporaries();
    } catch (error) {
      throw error instanceof SyncError ? error : notWritable(own.home, error);
    }
    prepared = true;
  }

  /** What an earlier run did not finish. One daemon per identity: nobody else writes here. */
  async function sweepTemporaries(): Promise<void> {
    for (const name of await readdir(own.home))
      if (name.startsWith('.new-')) await rm(join(own.home, name), { force: true });
  }

  /** Writes beside its place and renames, so that nobody ever meets half a file under its name. */
  async function write(path: string, parcel: Parcel): Promise<void> {
    // All temporaries lie in one directory, so that one look sweeps them.
    const temporary = join(own.home, `.new-${randomBytes(8).toString('hex')}`);
    const bytes = encodeParcelFile(parcel);
    let identity: string;
    try {
      {
        await using file = await open(temporary, 'wx', 0o666);
        await file.writeFile(bytes);
        await file.sync();
      }
      faultPoint('sync.parcel-written');
      await rename(temporary, path);
      identity = identityOf(await lstat(path, { bigint: true }));
    } catch (cause) {
      await rm(temporary, { force: true }).catch((error: unknown) => {
        // What stays is swept at the next turn, or hinders that; what went wrong first is what is told now.
        if (systemCode(error) === undefined) throw error;
      });
      // A folder that vanished half-way is missing, not read-only.
      if (isAbsence(cause)) await demandFolder(own.root);
      throw notWritable(path, cause);
    }
    faultPoint('sync.parcel-renamed');
    lying.written(path, identity, parcel, bytes);
  }

  /** Whether a file of entries holds what our own log does. */
  function holdsOurs(span: EntriesSpan, entriesAfter: EntriesAfter): Promise<boolean> {
    return lying.holds(pathOf(span), (parcel) => {
      if (parcel.kind !== 'entries') return false;
      let ours: ReturnType<EntriesAfter> = [];
      return parcel.entries.every((entry, at) => {
        const place = { epoch: span.epoch, seq: span.first + at };
        if (ours.length === 0) ours = entriesAfter({ ...place, seq: place.seq - 1 }, comparedTogether);
        const [own] = ours;
        ours = ours.slice(1);
        return own !== undefined && comparePlaces(own, place) === 0 && isSameEntry(own, entry);
      });
    });
  }

  /** Spans of all whole files of entries. Names are read anew after each `settle`, so that a lost file is missed. */
  async function lyingSpans(): Promise<EntriesSpan[]> {
    if (spans) return spans;
    const names = await readdir(own.entries).catch((error: unknown) => {
      if (isAbsence(error)) return [];
      throw notWritable(own.entries, error);
    });
    const there = new Set(names.map((name) => join(own.entries, name)));
    lying.forget((path) => dirname(path) === own.entries && !there.has(path));
    const found: EntriesSpan[] = [];
    for (const name of names) {
      const span = parseEntriesFileName(name);
      if (!span) continue;
      const inside = await lying.carried(pathOf(span));
      if (inside?.kind === 'entries' && covers(inside, span) && covers(span, inside)) found.push(span);
      // A file of ours that was damaged is of no use to anybody; what it held is sent again.
      else await rm(pathOf(span), { force: true });
    }
    return (spans = found.toSorted(bySpan));
  }

  async function carriedTo(
    { seq, ...row }: Place & EntriesRow,
    entriesAfter?: EntriesAfter,
  ): Promise<number> {
    let reached = seq - 1;
    for (const span of await lyingSpans()) {
      if (!isSameRow(span, row) || span.first > reached + 1 || span.last <= reached) continue;
      if (entriesAfter && !(await holdsOurs(span, entriesAfter))) await remove([span]);
      else reached = span.last;
    }
    return reached;
  }

  async function sendEntries(parcel: EntriesParcel): Promise<void> {
    const { first, last, ...row } = spanOf(parcel);
    if ((await carriedTo({ ...row, seq: first })) >= last) return;
    const merged = (await withTail(parcel)) ?? parcel;
    const span = spanOf(merged);
    await write(pathOf(span), merged);
    await remove((await lyingSpans()).filter((other) => covers(span, other)));
    spans = [...(await lyingSpans()), span].toSorted(bySpan);
  }

  /** The parcel with the entries of the small file that ends right before it, if there is one. */
  async function withTail(parcel: EntriesParcel): Promise<EntriesParcel | undefined> {
    const tail = (await lyingSpans()).find(
      (span) => isSameRow(span, parcel) && span.last === parcel.firstSeq - 1,
    );
    if (!tail) return undefined;
    const bytes = await readParcelBytes(pathOf(tail));
    // What was altered is not carried on under our hand.
    if (!bytes || !lying.isOurs(pathOf(tail), bytes)) return undefined;
    const added = parcel.entries.reduce((sum, entry) => sum + entryBytesInParcel(entry), 0);
    if (bytes.length + added > mergeBytes) return undefined;
    const decoded = decodeParcelFile(bytes);
    if (!('parcel' in decoded) || decoded.parcel.kind !== 'entries') return undefined;
    if (decoded.parcel.firstSeq !== tail.first) return undefined;
    return { ...parcel, firstSeq: tail.first, entries: [...decoded.parcel.entries, ...parcel.entries] };
  }

  async function remove(gone: readonly EntriesSpan[]): Promise<void> {
    for (const span of gone) await rm(pathOf(span), { force: true });
    lying.forget((path) => gone.some((span) => pathOf(span) === path));
    spans = (await lyingSpans()).filter((span) => !gone.includes(span));
  }

  async function sendHead(bytes: Uint8Array): Promise<void> {
    const same = lastHead && Buffer.compare(lastHead, bytes) === 0;
    if (same && (await lying.carried(own.head))?.kind === 'head') return;
    await write(own.head, { kind: 'head', bytes });
    lastHead = bytes.slice();
  }

  async function sendChunk(parcel: BlobParcel): Promise<void> {
    if (await carriesChunk(chunkOf(parcel), () => Promise.resolve(parcel.bytes))) return;
    try {
      await ownDirectory(own.blob(parcel.digest));
    } catch (error) {
      throw error instanceof SyncError ? error : notWritable(own.blob(parcel.digest), error);
    }
    await write(join(own.blob(parcel.digest), chunkFileName(parcel.offset)), parcel);
  }

  async function carriesChunk(
    chunk: Chunk,
    bytesOf?: () => Promise<Uint8Array | undefined>,
  ): Promise<boolean> {
    const path = join(own.blob(chunk.digest), chunkFileName(chunk.offset));
    if (!isChunk(await lying.carried(path), chunk)) return false;
    if (bytesOf === undefined) return true;
    return lying.holds(path, async (parcel) => {
      const ours = await bytesOf();
      return ours !== undefined && parcel.kind === 'blob' && Buffer.compare(parcel.bytes, ours) === 0;
    });
  }

  async function send(parcel: Parcel, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await prepare();
    switch (parcel.kind) {
      case 'entries':
        return sendEntries(parcel);
      case 'head':
        return sendHead(parcel.bytes);
      case 'blob':
        return sendChunk(parcel);
    }
  }

  async function settle(settled: Settled): Promise<void> {
    spans = undefined;
    prepared = false;
    await prepare();
    try {
      await remove((await lyingSpans()).filter(({ last, ...row }) => isSettled(row, last, settled)));
      await removeBlobs(settled.owed);
    } catch (error) {
      throw error instanceof SyncError ? error : notWritable(own.home, error);
    }
    faultPoint('sync.settled');
  }

  async function removeBlobs(owed: ReadonlySet<string>): Promise<void> {
    const names = await readdir(own.blobs).catch((error: unknown) => {
      if (isAbsence(error)) return [];
      throw error;
    });
    for (const digest of names) {
      if (!/^[0-9a-f]{64}$/.test(digest) || owed.has(digest)) continue;
      await rm(own.blob(digest), { recursive: true, force: true });
      lying.forget((path) => dirname(path) === own.blob(digest));
    }
  }

  return { send, carriedTo, carriesChunk, settle };
}

/** Makes a directory of ours; a link or a file planted in its place is not followed. */
async function ownDirectory(path: string): Promise<void> {
  await mkdir(path).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw error;
  });
  if ((await lstat(path)).isDirectory()) return;
  throw new SyncError(
    'FOLDER_UNSAFE',
    `Cannot use ${path}: ${basename(path)} is not a directory but something else that was put there`,
    { hint: 'Find out who put it there, remove it, and the exchange goes on.', details: { path } },
  );
}

/** So many entries of our own are looked up at a time. */
const comparedTogether = 64;

function isSameEntry(one: SealedEntry, other: SealedEntry): boolean {
  return Buffer.compare(one.bytes, other.bytes) === 0 && Buffer.compare(one.signature, other.signature) === 0;
}

function covers(wide: EntriesSpan, narrow: EntriesSpan): boolean {
  return isSameRow(wide, narrow) && wide.first <= narrow.first && narrow.last <= wide.last;
}

function bySpan(a: EntriesSpan, b: EntriesSpan): number {
  return a.epoch - b.epoch || a.first - b.first || a.last - b.last;
}
