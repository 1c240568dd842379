import { watch, type FSWatcher } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from './errors.ts';
import { firstOf } from './first-of.ts';
import {
  demandFolder,
  identityOf,
  isAbsence,
  isTemporaryName,
  lookAt,
  notReadable,
  parseChunkFileName,
  parseEntriesFileName,
  readParcelBytes,
  type AuthorFolder,
} from './folder-layout.ts';
import { decodeParcelFile } from './parcel-file.ts';
import { isSameRow, type NamedBlob, type Parcel, type Received, type Unreadable } from './transport.ts';
import { waitOut } from './wait-out.ts';

export type FolderInbox = {
  receive(wanted: () => readonly NamedBlob[], signal: AbortSignal): AsyncIterable<Received>;
  arrival(signal: AbortSignal): Promise<void>;
};

export type InboxOptions = {
  readonly theirs: AuthorFolder;
  /** How often the folder is looked at where the system announces no change, as on network drives. */
  readonly pollMs: number;
  /** How long a file must stay as damaged as it is until it is handed over all the same, in milliseconds. */
  readonly damagedAfterMs: number;
  /**
   * How long entries stay dealt with that their author leaves where they are, in milliseconds: they were refused for a
   * reason that may pass, or the receipt has not reached him yet.
   */
  readonly againAfterMs: number;
  readonly now: () => number;
};

/** At most so many names of one directory are looked at: the other side decides how many there are. */
const namesMax = 100_000;
const blobsWatchedMax = 32;
const unreadableWatchedMax = 32;

/** What is known of a file while it stays the same: dealt with, or not to be read as a parcel. */
type Known = {
  readonly identity: string;
  readonly unreadable?: Unreadable;
  /** From when on it is handed over all the same, though it is damaged. */
  readonly likelyFrom?: number;
  /** From when on it is handed over once more. */
  readonly againFrom?: number;
};

/** The other author's side of a shared folder. Nothing in it is ever written or removed from here. */
export function folderInbox({
  theirs,
  pollMs,
  damagedAfterMs,
  againAfterMs,
  now,
}: InboxOptions): FolderInbox {
  const known = new Map<string, Known>();
  let lastWanted: readonly NamedBlob[] = [];
  let lastState: string | undefined;

  async function* receive(wanted: () => readonly NamedBlob[], signal: AbortSignal): AsyncGenerator<Received> {
    lastState = await state();
    await demandFolder(theirs.root);
    const met = new Set<string>();
    yield* receiveEntries(met, signal);
    if (signal.aborted) return;
    // After the entries it speaks of, so that it tells what is missing and not what is merely unread.
    yield* readInto(met, theirs.head, 'head.cgp', (parcel) => parcel.kind === 'head');
    yield* receiveBlobs(met, wanted, signal);
    // What is gone, or no longer wanted, need not be remembered. An abandoned pass remembers a little longer.
    if (!signal.aborted) for (const path of known.keys()) if (!met.has(path)) known.delete(path);
  }

  async function* receiveEntries(met: Set<string>, signal: AbortSignal): AsyncGenerator<Received> {
    for (const name of await namesIn(theirs.entries)) {
      if (signal.aborted) return;
      const span = parseEntriesFileName(name);
      if (!span) {
        if (!isTemporaryName(name)) yield foreign(`entries/${name}`, 'its name is not one that a parcel has');
        continue;
      }
      yield* readInto(met, join(theirs.entries, name), `entries/${name}`, (parcel) => {
        if (parcel.kind !== 'entries' || !isSameRow(parcel, span) || parcel.firstSeq !== span.first)
          return false;
        return parcel.firstSeq + parcel.entries.length - 1 === span.last;
      });
    }
  }

  async function* receiveBlobs(
    met: Set<string>,
    wanted: () => readonly NamedBlob[],
    signal: AbortSignal,
  ): AsyncGenerator<Received> {
    lastWanted = wanted();
    for (const blob of lastWanted)
      for (const name of await namesIn(theirs.blob(blob.digest))) {
        if (signal.aborted) return;
        const label = `blobs/${blob.digest}/${name}`;
        const offset = parseChunkFileName(name);
        if (offset === undefined) {
          if (!isTemporaryName(name)) yield foreign(label, 'its name is not one that a chunk has');
          continue;
        }
        const path = join(theirs.blob(blob.digest), name);
        yield* readInto(
          met,
          path,
          label,
          (parcel) => parcel.kind === 'blob' && parcel.digest === blob.digest && parcel.offset === offset,
        );
      }
  }

  /** Yields the parcel in a file unless it is dealt with, or what hinders; nothing where there is no file. */
  async function* readInto(
    met: Set<string>,
    path: string,
    name: string,
    fits: (parcel: Parcel) => boolean,
  ): AsyncGenerator<Received> {
    met.add(path);
    let identity: string;
    let bytes: Buffer | undefined;
    let stayed = false;
    try {
      const found = await lookAt(path);
      if (found === 'nothing') return;
      if (found === 'no file') return yield foreign(name, 'it is not an ordinary file');
      ({ identity } = found);
      const before = known.get(path);
      stayed = before?.identity === identity && isLikely(before);
      if (before?.identity === identity && !isDue(before)) {
        if (before.unreadable) yield { unreadable: before.unreadable };
        return;
      }
      bytes = await readParcelBytes(path);
    } catch (error) {
      return yield foreign(
        name,
        `it cannot be read: ${error instanceof Error ? error.message : 'no reason'}`,
      );
    }
    if (!bytes) return;
    const decoded = decodeParcelFile(bytes);
    // What stays damaged is handed over: it is verified like everything else, and only so can it be told what of
    // it has changed. What only looks damaged because it is still being filled changes before that.
    const parcel = 'parcel' in decoded ? decoded.parcel : stayed ? decoded.likely : undefined;
    if (parcel && fits(parcel)) {
      const again = parcel.kind === 'entries' ? { againFrom: now() + againAfterMs } : {};
      const done = async (): Promise<void> => void known.set(path, { identity, ...again });
      return yield { parcel, done };
    }
    const unreadable: Unreadable =
      'parcel' in decoded
        ? { name, code: 'PARCEL_FOREIGN', message: 'it holds another parcel than its name says' }
        : { name, code: decoded.code, message: decoded.message };
    const mayBeDue = 'likely' in decoded && !stayed;
    known.set(path, { identity, unreadable, ...(mayBeDue && { likelyFrom: now() + damagedAfterMs }) });
    yield { unreadable };
  }

  /** Whether a damaged file has stayed as it is for long enough. */
  function isLikely({ likelyFrom = Infinity }: Known): boolean {
    return now() >= likelyFrom;
  }

  /** Whether a file is worth another look although it stayed as it is. */
  function isDue(file: Known): boolean {
    return isLikely(file) || now() >= (file.againFrom ?? Infinity);
  }

  /**
   * A text that changes when something arrives; cheap enough to make every few seconds. A directory's own mark
   * changes with the names in it; what was met unfinished has a mark of its own, since it changes in place.
   */
  async function state(): Promise<string> {
    const unreadable = [...known].filter(([, file]) => file.unreadable).map(([path]) => path);
    const looked = [...places(), ...unreadable.slice(0, unreadableWatchedMax)];
    const due = [...known.values()].filter(isDue).length;
    return [due, ...(await Promise.all(looked.map(markOf)))].join('\n');
  }

  function places(): readonly string[] {
    const blobs = lastWanted.slice(0, blobsWatchedMax).map(({ digest }) => theirs.blob(digest));
    return [theirs.root, theirs.link, theirs.home, theirs.head, theirs.entries, theirs.blobs, ...blobs];
  }

  async function arrival(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !(await changesWithin(pollMs, signal)));
  }

  /** Looks now, and again when the system announces a change or when the time is over. */
  async function changesWithin(timeMs: number, signal: AbortSignal): Promise<boolean> {
    const announced = Promise.withResolvers<void>();
    // The eyes open before the first look, so that nothing falls between the two.
    const watchers = places().flatMap((path) => tryWatch(path, announced.resolve));
    try {
      if ((await state()) !== lastState) return true;
      await firstOf(signal, (over) => [announced.promise, waitOut(timeMs, over)]);
      return (await state()) !== lastState;
    } finally {
      for (const watcher of watchers) watcher.close();
    }
  }

  return { receive, arrival };
}

/** Sorted, so that entries come in the order of their feed and chunks in the order of their blob. */
async function namesIn(path: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of await opendir(path)) if (names.push(name) >= namesMax) break;
  } catch (error) {
    if (isAbsence(error)) return [];
    throw notReadable(path, error);
  }
  return names.toSorted();
}

function foreign(name: string, message: string): Received {
  return { unreadable: { name, code: 'PARCEL_FOREIGN', message } };
}

/**
 * The eyes of the system on a path; none where it has none to offer, or takes them away: each path is looked at now
 * and then anyway.
 */
function tryWatch(path: string, announce: () => void): readonly FSWatcher[] {
  try {
    const watcher = watch(path, announce);
    watcher.on('error', () => watcher.close());
    return [watcher];
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return [];
  }
}

async function markOf(path: string): Promise<string> {
  try {
    return identityOf(await lstat(path, { bigint: true }));
  } catch (error) {
    return systemCode(error) ?? 'unknown';
  }
}
