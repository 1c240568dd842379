import type { Database } from '../db/index.ts';
import type { FeedPoint, SealedEntry } from './entry.ts';
import { headerOffset, signatureBytes } from './header.ts';

/** A row of the log as SQLite gives it. */
export type EntryRow = {
  readonly pos: number;
  readonly feed: Buffer;
  readonly epoch: number;
  readonly seq: number;
  readonly hash: Buffer;
  readonly signature: Buffer;
  readonly bytes: Buffer;
};

/** What an entry is, without what its header repeats. */
export type StoredRow = Pick<EntryRow, 'pos' | 'hash' | 'signature' | 'bytes'>;

export type Spot = { readonly epoch: number; readonly seq: number };

/** The statements on the table of entries, prepared once. */
export type EntryTable = {
  insert(feed: Buffer, spot: Spot, hash: Buffer, entry: SealedEntry, receivedAt: number): number;
  /** The newest entry of a feed. */
  head(feed: Buffer): FeedPoint | undefined;
  /** The newest entry of each feed there is, by the feed in hex. */
  heads(): Map<string, FeedPoint>;
  /** The newest entries of a feed, newest first, as places. */
  newestOf(feed: Buffer, limit: number): (Spot & { pos: number })[];
  /** The newest of those at or before a position of the log. */
  headAt(feed: Buffer, pos: number): FeedPoint | undefined;
  hashAt(feed: Buffer, spot: Spot): Buffer | undefined;
  at(feed: Buffer, spot: Spot): EntryRow | undefined;
  atPosition(pos: number): EntryRow | undefined;
  /** Behind `pos`, in the order of the log. */
  after(pos: number, limit: number): EntryRow[];
  /** The same as far as views need it, several times as fast. */
  storedAfter(pos: number, limit: number): StoredRow[];
  /** Of one feed, from `spot` on, in the feed's own order. */
  ofFeed(feed: Buffer, from: Spot, limit: number): EntryRow[];
  /** Of one event type, in the order of the log; looks at all there are, or at all of one feed. */
  ofType(type: string, feed?: Buffer): EntryRow[];
  points(after: number): { pos: number; feed: Buffer; epoch: number; seq: number; hash: Buffer }[];
  count(): number;
  lastPosition(): number;
  /** The highest position ever given out. */
  highestPosition(): number;
};

export function entryTable(db: Database): EntryTable {
  const columns = 'pos, feed, epoch, seq, hash, signature, bytes';
  type PointRow = { epoch: number; seq: number; hash: Buffer };
  const point = (row: PointRow | undefined): FeedPoint | undefined =>
    row && { epoch: row.epoch, seq: row.seq, hash: row.hash.toString('hex') };
  const insert = db.prepare<[Buffer, number, number, Buffer, number, Uint8Array, Uint8Array]>(
    `INSERT INTO entry (feed, epoch, seq, hash, received_at, signature, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const head = db.prepare<[Buffer], PointRow>(
    `SELECT epoch, seq, hash FROM entry WHERE feed = ? ORDER BY epoch DESC, seq DESC LIMIT 1`,
  );
  const heads = db.prepare<[], PointRow & { feed: Buffer }>(
    `SELECT entry.feed, epoch, seq, hash FROM feed JOIN entry ON entry.pos =
       (SELECT pos FROM entry AS newest WHERE newest.feed = feed.feed ORDER BY epoch DESC, seq DESC LIMIT 1)`,
  );
  const newestOf = db.prepare<[Buffer, number], Spot & { pos: number }>(
    `SELECT pos, epoch, seq FROM entry WHERE feed = ? ORDER BY epoch DESC, seq DESC LIMIT ?`,
  );
  const headAt = db.prepare<[Buffer, number], PointRow>(
    `SELECT epoch, seq, hash FROM entry WHERE feed = ? AND pos <= ? ORDER BY epoch DESC, seq DESC LIMIT 1`,
  );
  const hashAt = db
    .prepare<[Buffer, number, number], Buffer>(
      `SELECT hash FROM entry WHERE feed = ? AND epoch = ? AND seq = ?`,
    )
    .pluck();
  const at = db.prepare<[Buffer, number, number], EntryRow>(
    `SELECT ${columns} FROM entry WHERE feed = ? AND epoch = ? AND seq = ?`,
  );
  const atPosition = db.prepare<[number], EntryRow>(`SELECT ${columns} FROM entry WHERE pos = ?`);
  const after = db.prepare<[number, number], EntryRow>(
    `SELECT ${columns} FROM entry WHERE pos > ? ORDER BY pos LIMIT ?`,
  );
  // What a row costs is mostly its buffers, so three values of known lengths come as one.
  const packedAfter = db.prepare<[number, number], { pos: number; packed: Buffer }>(
    `SELECT pos, CAST(hash || signature || bytes AS BLOB) AS packed FROM entry WHERE pos > ? ORDER BY pos LIMIT ?`,
  );
  const ofFeed = db.prepare<[Buffer, number, number, number], EntryRow>(
    `SELECT ${columns} FROM entry WHERE feed = ? AND (epoch, seq) >= (?, ?) ORDER BY epoch, seq LIMIT ?`,
  );
  const ofType = db.prepare<[number, number, Buffer], EntryRow>(
    `SELECT ${columns} FROM entry WHERE substr(bytes, ?, ?) = ? ORDER BY pos`,
  );
  const ofTypeInFeed = db.prepare<[Buffer, number, number, Buffer], EntryRow>(
    `SELECT ${columns} FROM entry WHERE feed = ? AND substr(bytes, ?, ?) = ? ORDER BY pos`,
  );
  const points = db.prepare<[number], EntryRow>(
    `SELECT pos, feed, epoch, seq, hash FROM entry WHERE pos > ? ORDER BY pos`,
  );
  const countAfter = db.prepare<[number], { entries: number; upTo: number | null }>(
    'SELECT count(*) AS entries, max(pos) AS upTo FROM entry WHERE pos > ?',
  );
  // Entries are never removed, so that what was counted once stays counted.
  let counted = { upTo: 0, entries: 0 };
  const last = db.prepare<[], number>('SELECT coalesce(max(pos), 0) FROM entry').pluck();
  const highest = db.prepare<[], number>(`SELECT seq FROM sqlite_sequence WHERE name = 'entry'`).pluck();
  return {
    insert: (feed, spot, hash, entry, receivedAt) =>
      Number(
        insert.run(feed, spot.epoch, spot.seq, hash, receivedAt, entry.signature, entry.bytes)
          .lastInsertRowid,
      ),
    head: (feed) => point(head.get(feed)),
    heads: () => new Map(heads.all().map((row) => [row.feed.toString('hex'), point(row)!])),
    newestOf: (feed, limit) => newestOf.all(feed, limit),
    headAt: (feed, pos) => point(headAt.get(feed, pos)),
    hashAt: (feed, spot) => hashAt.get(feed, spot.epoch, spot.seq),
    at: (feed, spot) => at.get(feed, spot.epoch, spot.seq),
    atPosition: (pos) => atPosition.get(pos),
    after: (pos, limit) => after.all(pos, limit),
    storedAfter: (pos, limit) => packedAfter.all(pos, limit).map(unpack),
    ofFeed: (feed, from, limit) => ofFeed.all(feed, from.epoch, from.seq, limit),
    ofType: (type, feed) => {
      const name = Buffer.from(`${type}\0`, 'latin1');
      const from = headerOffset.type + 1;
      return feed ? ofTypeInFeed.all(feed, from, name.length, name) : ofType.all(from, name.length, name);
    },
    points: (pos) => points.all(pos),
    count: () => {
      const more = countAfter.get(counted.upTo)!;
      const now = { upTo: more.upTo ?? counted.upTo, entries: counted.entries + more.entries };
      // Those of a transaction may yet be taken back.
      if (!db.inTransaction) counted = now;
      return now.entries;
    },
    lastPosition: () => last.get() ?? 0,
    highestPosition: () => highest.get() ?? 0,
  };
}

const hashBytes = 32;

function unpack({ pos, packed }: { pos: number; packed: Buffer }): StoredRow {
  const bytesFrom = hashBytes + signatureBytes;
  return {
    pos,
    hash: packed.subarray(0, hashBytes),
    signature: packed.subarray(hashBytes, bytesFrom),
    bytes: packed.subarray(bytesFrom),
  };
}
