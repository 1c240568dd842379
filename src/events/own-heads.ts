import type { Database } from '../db/index.ts';
import type { FeedPoint } from './entry.ts';
import type { EntryTable } from './entry-table.ts';
import type { EvidenceTable } from './evidence.ts';
import type { Doubt, Witnesses } from './witnesses.ts';

/** Where an own feed stands. */
export type OwnHead = {
  readonly head: FeedPoint;
  readonly frozen: boolean;
  /** What its receiver says against it. */
  readonly doubt: Doubt | undefined;
};

/** The heads of own feeds, remembered as long as nobody else has written to the database. */
export type OwnHeads = {
  /** Call it inside the writing transaction. */
  get(feed: string, blob: Buffer): OwnHead;
  /** After an append in this transaction. */
  moved(feed: string, head: FeedPoint): void;
  /** Something else than an append changed the log, or a transaction was taken back. */
  forget(): void;
};

export function ownHeads(
  db: Database,
  { entries, evidence, witnesses }: { entries: EntryTable; evidence: EvidenceTable; witnesses: Witnesses },
): OwnHeads {
  // It changes when another connection commits, and only then.
  const dataVersion = db.prepare<[], number>('PRAGMA data_version').pluck();
  const known = new Map<string, OwnHead>();
  let version: number | undefined;
  return {
    get: (feed, blob) => {
      const now = dataVersion.get();
      if (now !== version) known.clear();
      version = now;
      let state = known.get(feed);
      if (state === undefined)
        known.set(
          feed,
          (state = {
            head: entries.head(blob)!,
            frozen: evidence.frozen(blob) !== undefined,
            doubt: witnesses.doubt(blob),
          }),
        );
      return state;
    },
    moved: (feed, head) => void known.set(feed, { head, frozen: false, doubt: undefined }),
    forget: () => known.clear(),
  };
}
