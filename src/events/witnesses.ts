import type { Database } from '../db/index.ts';
import type { FeedPoint } from './entry.ts';
import type { EntryTable } from './entry-table.ts';
import { epochs } from './epochs.ts';

/**
 * What speaks against signing an own feed: `UNSURE`, its receiver holds entries of it that are not here, or they were
 * given up though it may; `DUPLICATE_IDENTITY`, its receiver holds another entry for a place that was signed here.
 */
export type Doubt = {
  readonly code: 'UNSURE' | 'DUPLICATE_IDENTITY';
  /** What the receiver said that it holds, or up to where it may. */
  readonly said: FeedPoint;
};

/** What receivers said of own feeds, as far as the database does not bear it out. */
export type Witnesses = {
  /** A receipt came in; call it inside the transaction that stores it. */
  hear(feed: Buffer, said: FeedPoint): void;
  /** What of it still speaks against signing: entries may have come back since, or a new epoch begun. */
  doubt(feed: Buffer): Doubt | undefined;
  /** Every own feed there is a doubt about; rarely any. */
  all(): { feed: string; doubt: Doubt }[];
};

/** A receipt that names an epoch beyond this is not to be believed. */
const epochMax = 2 ** 31;

/** @param givenUp own feeds that lack entries that a person gave up, and up to where they had been signed */
export function witnesses(
  db: Database,
  entries: EntryTable,
  givenUp: () => ReadonlyMap<string, FeedPoint> = () => new Map(),
): Witnesses {
  const one = db.prepare<[Buffer], { epoch: number; seq: number; hash: Buffer }>(
    'SELECT epoch, seq, hash FROM witnessed_place WHERE feed = ?',
  );
  const every = db.prepare<[], Buffer>('SELECT feed FROM witnessed_place').pluck();
  const keep = db.prepare(
    `INSERT INTO witnessed_place (feed, epoch, seq, hash) VALUES (?, ?, ?, ?)
     ON CONFLICT (feed) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, hash = excluded.hash`,
  );
  const begun = epochs(db);
  const forget = db.prepare('DELETE FROM witnessed_place WHERE feed = ?');
  const judge = (feed: Buffer, said: FeedPoint): Doubt | undefined => {
    const held = entries.hashAt(feed, said)?.toString('hex');
    // What a later epoch left behind may be held elsewhere, and does not count any more.
    if (held === said.hash || begun.isVoid(feed, said)) return undefined;
    if (held !== undefined) return { code: 'DUPLICATE_IDENTITY', said };
    const head = entries.head(feed);
    return head !== undefined && head.epoch > said.epoch ? undefined : { code: 'UNSURE', said };
  };
  const doubt = (feed: Buffer): Doubt | undefined => {
    const row = one.get(feed);
    const told = row && judge(feed, { epoch: row.epoch, seq: row.seq, hash: row.hash.toString('hex') });
    const lost = told ? undefined : givenUp().get(feed.toString('hex'));
    return told ?? (lost && judge(feed, lost));
  };
  return {
    hear: (feed, said) => {
      if (said.epoch === 0 || said.seq === 0 || said.epoch >= epochMax) return;
      if (judge(feed, said) === undefined) forget.run(feed);
      else keep.run(feed, said.epoch, said.seq, Buffer.from(said.hash, 'hex'));
    },
    doubt,
    all: () =>
      [...new Set([...every.all().map((feed) => feed.toString('hex')), ...givenUp().keys()])].flatMap(
        (feed) => {
          const found = doubt(Buffer.from(feed, 'hex'));
          return found === undefined ? [] : [{ feed, doubt: found }];
        },
      ),
  };
}
