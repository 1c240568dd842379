import type { Database } from '../db/index.ts';
import { verifyingKey, type VerifyingKey } from '../identity/index.ts';

/** A feed this instance holds: who writes it for whom, and the key its entries are signed with. */
export type Feed = {
  readonly feed: string;
  readonly author: string;
  readonly audience: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly key: VerifyingKey;
  /** Written by this instance. */
  readonly own: boolean;
};

type FeedRow = { feed: Buffer; author: Buffer; audience: Buffer; public_key: Buffer; own: number };

/** The feeds in the database. A feed never changes, so each that is asked for is read once. */
export type FeedTable = {
  get(feed: string): Feed | undefined;
  all(): Feed[];
  /** So many behind a feed, in the order of their ids. */
  after(feed: string, limit: number): Feed[];
  count(): number;
  add(feed: Feed): void;
  /** A transaction was taken back: what it added is not there. */
  forget(): void;
};

export function feedTable(db: Database): FeedTable {
  const columns = 'feed, author, audience, public_key, own';
  const one = db.prepare<[Buffer], FeedRow>(`SELECT ${columns} FROM feed WHERE feed = ?`);
  const every = db.prepare<[], FeedRow>(`SELECT ${columns} FROM feed`);
  const some = db.prepare<[Buffer, number], FeedRow>(
    `SELECT ${columns} FROM feed WHERE feed > ? ORDER BY feed LIMIT ?`,
  );
  const count = db.prepare<[], number>('SELECT count(*) FROM feed').pluck();
  const insert = db.prepare(`INSERT INTO feed (${columns}) VALUES (?, ?, ?, ?, ?)`);
  const cache = new Map<string, Feed>();
  const read = (row: FeedRow): Feed => {
    const feed = row.feed.toString('hex');
    const before = cache.get(feed);
    if (before !== undefined) return before;
    let key: VerifyingKey | undefined;
    return {
      feed,
      author: row.author.toString('hex'),
      audience: row.audience.toString('hex'),
      publicKey: row.public_key,
      // Made when something is to be verified: of thousands of feeds most are only listed.
      get key() {
        return (key ??= verifyingKey(row.public_key));
      },
      own: row.own === 1,
    };
  };
  return {
    get: (feed) => {
      const before = cache.get(feed);
      if (before !== undefined) return before;
      const row = one.get(Buffer.from(feed, 'hex'));
      if (row === undefined) return undefined;
      const found = read(row);
      cache.set(feed, found);
      return found;
    },
    // Not kept: thousands are listed now and then, and few of them are written to.
    all: () => every.all().map(read),
    after: (feed, limit) => some.all(Buffer.from(feed, 'hex'), limit).map(read),
    count: () => count.get() ?? 0,
    add: (feed) => {
      const blob = (hex: string): Buffer => Buffer.from(hex, 'hex');
      insert.run(blob(feed.feed), blob(feed.author), blob(feed.audience), feed.publicKey, feed.own ? 1 : 0);
      cache.set(feed.feed, feed);
    },
    forget: () => cache.clear(),
  };
}
