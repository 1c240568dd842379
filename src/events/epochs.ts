import type { Database } from '../db/index.ts';
import type { Spot } from './entry-table.ts';

/** Where the epochs of feeds began, and which entries that made void. */
export type Epochs = {
  add(feed: Buffer, epoch: number, last: Spot): void;
  /** Where the entries before this epoch end. */
  lastBefore(feed: Buffer, epoch: number): Spot | undefined;
  /** Whether a later epoch left this entry behind. */
  isVoid(feed: Buffer, spot: Spot): boolean;
  /** How many entries of a feed later epochs left behind. */
  countVoid(feed: Buffer): number;
  /** The newest place at or before this one that counts. */
  counted(feed: Buffer, spot: Spot): Spot;
  /** Whether any feed ever began a later epoch. */
  any(): boolean;
};

export function epochs(db: Database): Epochs {
  const insert = db.prepare(
    'INSERT INTO epoch_start (feed, epoch, last_epoch, last_seq) VALUES (?, ?, ?, ?)',
  );
  const before = db.prepare<[Buffer, number], Spot>(
    'SELECT last_epoch AS epoch, last_seq AS seq FROM epoch_start WHERE feed = ? AND epoch = ?',
  );
  const leaves = `epoch_start.feed = ? AND epoch_start.epoch > :epoch AND (last_epoch, last_seq) < (:epoch, :seq)`;
  const isVoid = db
    .prepare<[Buffer, Spot], number>(`SELECT 1 FROM epoch_start WHERE ${leaves} LIMIT 1`)
    .pluck();
  const later = db.prepare<[Buffer, number], Spot>(
    `SELECT last_epoch AS epoch, last_seq AS seq FROM epoch_start WHERE feed = ? AND epoch > ? ORDER BY epoch`,
  );
  const started = db.prepare<[Buffer], number>('SELECT 1 FROM epoch_start WHERE feed = ?').pluck();
  const some = db.prepare<[], number>('SELECT 1 FROM epoch_start LIMIT 1').pluck();
  const countVoid = db
    .prepare<[Buffer], number>(
      `SELECT count(*) FROM entry WHERE feed = ? AND EXISTS (
         SELECT 1 FROM epoch_start WHERE epoch_start.feed = entry.feed AND epoch_start.epoch > entry.epoch
            AND (last_epoch, last_seq) < (entry.epoch, entry.seq))`,
    )
    .pluck();
  return {
    counted: (feed, spot) =>
      later
        .all(feed, spot.epoch)
        .reduce(
          (newest, last) =>
            last.epoch < newest.epoch || (last.epoch === newest.epoch && last.seq < newest.seq)
              ? last
              : newest,
          spot,
        ),
    any: () => some.get() !== undefined,
    add: (feed, epoch, last) => void insert.run(feed, epoch, last.epoch, last.seq),
    lastBefore: (feed, epoch) => before.get(feed, epoch),
    isVoid: (feed, { epoch, seq }) => isVoid.get(feed, { epoch, seq }) !== undefined,
    countVoid: (feed) => (started.get(feed) === undefined ? 0 : (countVoid.get(feed) ?? 0)),
  };
}
