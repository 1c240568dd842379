import type { Database } from '../db/index.ts';
import type { SealedEntry } from './entry.ts';
import type { Spot } from './entry-table.ts';

/** `entries`: two for one place; `chain`: one names another predecessor; `head`, `epoch`: a head or an epoch does. */
export type EvidenceKind = 'entries' | 'chain' | 'head' | 'epoch';

/** Two things signed by one author that cannot both be true. For `head`, `second.bytes` is a head, unsigned part. */
export type Evidence = {
  readonly feed: string;
  readonly epoch: number;
  readonly seq: number;
  readonly kind: EvidenceKind;
  readonly seenAt: number;
  readonly first: SealedEntry;
  readonly second: SealedEntry;
};

/** A feed that takes nothing in, unless a person allowed its next epoch. */
export type Frozen = { readonly epochAllowed: boolean };

/** Which feeds are frozen, and why. */
export type EvidenceTable = {
  /** Keeps both, and freezes the feed. Call it inside a transaction, so that neither is without the other. */
  keep(
    feed: Buffer,
    spot: Spot,
    kind: EvidenceKind,
    first: SealedEntry,
    second: SealedEntry,
    at: number,
  ): void;
  frozen(feed: Buffer): Frozen | undefined;
  /** Every frozen feed, in hex; rarely any. */
  allFrozen(): string[];
  allowEpoch(feed: Buffer): boolean;
  /** The audiences of frozen feeds whose next epoch a person allowed, in hex. */
  allowed(): string[];
  thaw(feed: Buffer): void;
  list(feed: Buffer): Evidence[];
};

type EvidenceRow = {
  epoch: number;
  seq: number;
  kind: EvidenceKind;
  seen_at: number;
  first_bytes: Buffer;
  first_signature: Buffer;
  second_bytes: Buffer;
  second_signature: Buffer;
};

/** One proof is enough; a few more help to understand. A frozen feed keeps no more than this. */
const keptMax = 16;

export function evidenceTable(db: Database): EvidenceTable {
  const count = db.prepare<[Buffer], number>('SELECT count(*) FROM fork_evidence WHERE feed = ?').pluck();
  const insert = db.prepare(
    `INSERT INTO fork_evidence
       (feed, epoch, seq, kind, seen_at, first_bytes, first_signature, second_bytes, second_signature)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const freeze = db.prepare('INSERT INTO frozen_feed (feed, at) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const frozen = db.prepare<[Buffer], number>('SELECT epoch_allowed FROM frozen_feed WHERE feed = ?').pluck();
  const allFrozen = db.prepare<[], string>('SELECT lower(hex(feed)) FROM frozen_feed').pluck();
  const allow = db.prepare('UPDATE frozen_feed SET epoch_allowed = 1 WHERE feed = ?');
  const allowed = db
    .prepare<[], string>(
      'SELECT lower(hex(audience)) FROM frozen_feed JOIN feed USING (feed) WHERE epoch_allowed = 1',
    )
    .pluck();
  const thaw = db.prepare('DELETE FROM frozen_feed WHERE feed = ?');
  const list = db.prepare<[Buffer], EvidenceRow>('SELECT * FROM fork_evidence WHERE feed = ? ORDER BY id');
  return {
    keep: (feed, { epoch, seq }, kind, first, second, at) => {
      if ((count.get(feed) ?? 0) < keptMax)
        insert.run(feed, epoch, seq, kind, at, first.bytes, first.signature, second.bytes, second.signature);
      freeze.run(feed, at);
    },
    frozen: (feed) => {
      const allowed = frozen.get(feed);
      return allowed === undefined ? undefined : { epochAllowed: allowed === 1 };
    },
    allFrozen: () => allFrozen.all(),
    allowEpoch: (feed) => allow.run(feed).changes === 1,
    allowed: () => allowed.all(),
    thaw: (feed) => void thaw.run(feed),
    list: (feed) =>
      list.all(feed).map((row) => ({
        feed: feed.toString('hex'),
        epoch: row.epoch,
        seq: row.seq,
        kind: row.kind,
        seenAt: row.seen_at,
        first: { bytes: row.first_bytes, signature: row.first_signature },
        second: { bytes: row.second_bytes, signature: row.second_signature },
      })),
  };
}
