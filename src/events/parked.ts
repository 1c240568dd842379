import type { Database } from '../db/index.ts';
import type { SealedEntry } from './entry.ts';
import type { Spot } from './entry-table.ts';

/** So much may wait for one feed's missing entries; what comes beyond is asked for again later. */
export const parkedEntriesMax = 1024;
export const parkedBytesMax = 16 * 1024 * 1024;

export type ParkedRow = {
  readonly rowid: number;
  readonly epoch: number;
  readonly seq: number;
  readonly hash: Buffer;
  readonly verified: number;
  readonly signature: Buffer;
  readonly bytes: Buffer;
};

export type ParkedSize = { entries: number; bytes: number };

/** Entries that came before those they follow. */
export type ParkedTable = {
  size(feed: Buffer): ParkedSize;
  /** Returns false where exactly this one was there already. */
  add(feed: Buffer, spot: Spot, hash: Buffer, verified: boolean, entry: SealedEntry): boolean;
  remove(rowid: number): void;
  at(feed: Buffer, spot: Spot): ParkedRow[];
  /** First entries of epochs behind this one. */
  epochStarts(feed: Buffer, epoch: number): ParkedRow[];
  /** The one farthest from being of use. */
  farthest(feed: Buffer): ParkedRow | undefined;
  /** Removes what can't follow any more, being at or before this place. */
  removeUpTo(feed: Buffer, spot: Spot): void;
  feeds(): Buffer[];
  spots(feed: Buffer): Spot[];
};

export function parkedTable(db: Database): ParkedTable {
  const columns = 'rowid, epoch, seq, hash, verified, signature, bytes';
  const size = db.prepare<[Buffer], ParkedSize>(
    'SELECT count(*) AS entries, coalesce(sum(length(bytes)), 0) AS bytes FROM parked_entry WHERE feed = ?',
  );
  const insert = db.prepare(
    `INSERT INTO parked_entry (feed, epoch, seq, hash, verified, signature, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  );
  const remove = db.prepare('DELETE FROM parked_entry WHERE rowid = ?');
  const at = db.prepare<[Buffer, number, number], ParkedRow>(
    `SELECT ${columns} FROM parked_entry WHERE feed = ? AND epoch = ? AND seq = ? ORDER BY rowid`,
  );
  const starts = db.prepare<[Buffer, number], ParkedRow>(
    `SELECT ${columns} FROM parked_entry WHERE feed = ? AND epoch > ? AND seq = 1 ORDER BY epoch, rowid`,
  );
  const farthest = db.prepare<[Buffer], ParkedRow>(
    `SELECT ${columns} FROM parked_entry WHERE feed = ? ORDER BY epoch DESC, seq DESC LIMIT 1`,
  );
  const removeUpTo = db.prepare('DELETE FROM parked_entry WHERE feed = ? AND (epoch, seq) <= (?, ?)');
  const feeds = db.prepare<[], Buffer>('SELECT DISTINCT feed FROM parked_entry').pluck();
  const spots = db.prepare<[Buffer], Spot>(
    'SELECT DISTINCT epoch, seq FROM parked_entry WHERE feed = ? ORDER BY epoch, seq',
  );
  return {
    size: (feed) => size.get(feed)!,
    add: (feed, { epoch, seq }, hash, verified, entry) =>
      insert.run(feed, epoch, seq, hash, verified ? 1 : 0, entry.signature, entry.bytes).changes === 1,
    remove: (rowid) => void remove.run(rowid),
    at: (feed, { epoch, seq }) => at.all(feed, epoch, seq),
    epochStarts: (feed, epoch) => starts.all(feed, epoch),
    farthest: (feed) => farthest.get(feed),
    removeUpTo: (feed, { epoch, seq }) => void removeUpTo.run(feed, epoch, seq),
    feeds: () => feeds.all(),
    spots: (feed) => spots.all(feed),
  };
}
