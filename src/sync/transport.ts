import type { SealedEntry } from '../events/index.ts';

/** A place in a feed by number alone. Places are ordered by epoch, then by sequence. */
export type Place = { readonly epoch: number; readonly seq: number };

/** Entries are numbered in each epoch anew. What the receiver wrote itself and is given back is a row of its own. */
export type EntriesRow = { readonly epoch: number; readonly givenBack?: true };

/**
 * Entries of one feed and one epoch in unbroken order; the n-th stands at `firstSeq + n`. At the receiving end
 * the place is what the sender says: good for names and order, believed only once the entries are verified.
 */
export type EntriesParcel = EntriesRow & {
  readonly kind: 'entries';
  readonly firstSeq: number;
  readonly entries: readonly SealedEntry[];
};

/** Our own entries after a place, in order, at most `limit`, each with its place. */
export type EntriesAfter = (after: Place, limit: number) => readonly (SealedEntry & Place)[];

/** The sender's newest signed head. */
export type HeadParcel = { readonly kind: 'head'; readonly bytes: Uint8Array };

/**
 * A stretch of a blob. `attempt` counts how often the receiver refused what came under this digest, so that
 * bytes sent again are not mistaken for the refused ones.
 */
export type BlobParcel = {
  readonly kind: 'blob';
  readonly digest: string;
  readonly sizeBytes: number;
  readonly attempt: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
};

/** What travels: entries as sealed bytes in feed order, heads, and blobs in chunks. */
export type Parcel = EntriesParcel | HeadParcel | BlobParcel;

/** A blob that one side wants and the other owes; size and digest come from a verified entry. */
export type NamedBlob = { readonly digest: string; readonly sizeBytes: number; readonly attempt: number };

/** Where a chunk belongs and how long it is, without its bytes. */
export type Chunk = NamedBlob & { readonly offset: number; readonly length: number };

/** Something that lies where parcels lie and is none, or not yet, or not any more. */
export type Unreadable = {
  /** A name that means something to the person who looks after the transport. */
  readonly name: string;
  readonly code: 'PARCEL_UNFINISHED' | 'PARCEL_DAMAGED' | 'PARCEL_FOREIGN';
  readonly message: string;
};

/**
 * A parcel at this end, or what could not be read as one. `done` is called when the parcel is in the log or the
 * store, never before.
 */
export type Received =
  | { readonly parcel: Parcel; readonly done: () => Promise<void> }
  | { readonly unreadable: Unreadable };

/** How far the other side has come, so that a transport can let go of what carried the rest. */
export type Settled = Place & {
  /** Digests still owed to the other side; what carries any other blob may go. */
  readonly owed: ReadonlySet<string>;
  /** Up to where the other side holds its own feed, where it had lost some of it; `all` where it lacks nothing of it. */
  readonly givenBack?: Place | 'all';
};

/**
 * Carries the parcels of one link at least once and believes nothing; what it hands over is verified by the
 * receiver.
 */
export interface Transport extends AsyncDisposable {
  readonly name: string;
  /** Resolves when the parcel is where the other side can get it; the same parcel twice is one parcel. */
  send(parcel: Parcel, signal: AbortSignal): Promise<void>;
  /**
   * The last sequence in this row up to which everything from `place` on is on its way already, so that it
   * need not be sent; `place.seq - 1` where not even that one is. Forgets what was lost on the way. A transport that
   * finds what an earlier run sent where others can change it compares it with `entriesAfter`.
   */
  carriedTo(place: Place & EntriesRow, entriesAfter?: EntriesAfter): Promise<number>;
  /**
   * Whether this very chunk is on its way already. A transport that finds it where an earlier run left it and others can
   * change it compares it with `bytesOf`, once; where those can't be read, it is not on its way.
   */
  carriesChunk(chunk: Chunk, bytesOf?: () => Promise<Uint8Array | undefined>): Promise<boolean>;
  /**
   * Yields what is at hand now, entries first, then the head, then blobs, and ends. What was not `done` comes again.
   * `wanted` is asked when the blobs' turn comes; a transport that can choose leaves all others where they are.
   */
  receive(wanted: () => readonly NamedBlob[], signal: AbortSignal): AsyncIterable<Received>;
  /** Resolves when something may have arrived since the last `receive`, or when the signal fires. */
  arrival(signal: AbortSignal): Promise<void>;
  /**
   * Resolves when there is a line, or the signal fires; at once where there is one. Where it is missing, there is
   * nothing to try until it is back. A transport without such a thing can always be tried.
   */
  lineIsThere?(signal: AbortSignal): Promise<void>;
  /** Removes what carried parcels that the other side holds, and looks again at what still lies there. */
  settle(settled: Settled): Promise<void>;
}

/** Whether both are numbered together. */
export function isSameRow(a: EntriesRow, b: EntriesRow): boolean {
  return a.epoch === b.epoch && a.givenBack === b.givenBack;
}

/** Whether the other side holds a row up to this sequence. */
export function isSettled(row: EntriesRow, last: number, settled: Settled): boolean {
  const place = { epoch: row.epoch, seq: last };
  if (!row.givenBack) return comparePlaces(place, settled) <= 0;
  const { givenBack } = settled;
  return givenBack === 'all' || (givenBack !== undefined && comparePlaces(place, givenBack) <= 0);
}

/** Whether `a` is before `b`, at it (0), or after it: negative, zero, positive. */
export function comparePlaces(a: Place, b: Place): number {
  return a.epoch - b.epoch || a.seq - b.seq;
}
