import type { Database } from '../db/index.ts';
import type { FeedPoint } from './entry.ts';
import type { EntryTable } from './entry-table.ts';
import type { EvidenceTable } from './evidence.ts';
import type { FeedKeys } from './feed-keys.ts';
import type { Feed } from './feed-table.ts';
import type { Doubt, Witnesses } from './witnesses.ts';

/** Where an own feed stands. */
export type OwnHead = {
  readonly head: FeedPoint;
  readonly frozen: boolean;
  /** What its receiver says against it. */
  readonly doubt: Doubt | undefined;
  /** The key that has to sign what follows. */
  readonly publicKey: Uint8Array;
};

/** The heads of own feeds, remembered as long as nobody else has written to the database. */
export type OwnHeads = {
  /** Call it inside the writing transaction. */
  get(feed: Feed): OwnHead;
  /** After an append in this transaction. */
  moved(feed: string, head: FeedPoint, publicKey: Uint8Array): void;
  /** Something else than an append changed the log, or a transaction was taken back. */
  forget(): void;
};

type OwnHeadParts = {
  readonly entries: EntryTable;
  readonly evidence: EvidenceTable;
  readonly witnesses: Witnesses;
  readonly keys: FeedKeys;
};

export function ownHeads(db: Database, { entries, evidence, witnesses, keys }: OwnHeadParts): OwnHeads {
  // It changes when another connection commits, and only then.
  const dataVersion = db.prepare<[], number>('PRAGMA data_version').pluck();
  const known = new Map<string, OwnHead>();
  let version: number | undefined;
  return {
    get: (feed) => {
      const now = dataVersion.get();
      if (now !== version) known.clear();
      version = now;
      let state = known.get(feed.feed);
      if (state === undefined) {
        const blob = Buffer.from(feed.feed, 'hex');
        const head = entries.head(blob)!;
        known.set(
          feed.feed,
          (state = {
            head,
            publicKey: keys.after(feed, head).publicKey,
            frozen: evidence.frozen(blob) !== undefined,
            doubt: witnesses.doubt(blob),
          }),
        );
      }
      return state;
    },
    moved: (feed, head, publicKey) =>
      void known.set(feed, { head, frozen: false, doubt: undefined, publicKey }),
    forget: () => known.clear(),
  };
}
