import type { Database } from '../db/index.ts';
import { CrossgapError } from '../errors.ts';
import { openIntroduction } from '../identity/index.ts';
import { decodeBody } from './body-reader.ts';
import type { EntryHeader, FeedPoint } from './entry.ts';
import type { EntryRow, EntryTable } from './entry-table.ts';
import { EventError } from './errors.ts';
import type { Feed, FeedTable } from './feed-table.ts';
import type { Epochs } from './epochs.ts';
import { FeedOpened, KeyReplaced, KeyRotated } from './feed-events.ts';
import { feedId, noHash } from './feed.ts';
import { introductionIn, type FeedKeys } from './feed-keys.ts';
import { headerBytes, readHeader } from './header.ts';
import { lastKnownOf, refuseMisplaced, standOf } from './place.ts';
import { entryHash } from './seal.ts';
import type { VerifiedPosition } from './side-file.ts';
import { verifyPool } from './verify.ts';

/** The first entry found that is not what its author signed, in the order of the log. */
export type FirstBad = {
  /** Empty where entries at the end of the log are gone and nothing tells of which feed. */
  readonly feed: string;
  readonly epoch: number;
  readonly seq: number;
  readonly pos: number;
  readonly code: string;
  readonly message: string;
};

/** What a look at the whole history found. */
export type VerifyReport = {
  readonly ok: boolean;
  /** Entries in the log; a quick look trusts those it verified before. */
  readonly entries: number;
  /** How many of them this look verified. */
  readonly verified: number;
  readonly feeds: readonly { feed: string; author: string; epoch: number; seq: number; head: string }[];
  readonly firstBad?: FirstBad;
};

export type VerifyParts = {
  readonly db: Database;
  readonly feeds: FeedTable;
  readonly keys: FeedKeys;
  readonly entries: EntryTable;
  readonly epochs: Epochs;
  /** Up to where the database and the side file both say that all was verified. */
  readonly start: () => VerifiedPosition | undefined;
  readonly keep: (verified: VerifiedPosition) => void;
};

const pageSize = 500;

/**
 * Verifies the log: every hash, every link of every chain, every signature, the key of every feed. `full` begins at
 * the first entry; otherwise what was verified before is trusted as long as the entry there is still the same.
 */
export async function verifyLog(parts: VerifyParts, full: boolean): Promise<VerifyReport> {
  const { feeds, keys, entries, keep } = parts;
  const start = full ? undefined : trustedStart(parts);
  const heads = new Map<string, FeedPoint>();
  const headOf = (feed: string): FeedPoint | undefined =>
    heads.get(feed) ?? (start && entries.headAt(Buffer.from(feed, 'hex'), start.pos));
  const signers = signerChain(parts, headOf);
  const pool = verifyPool();
  let pos = start?.pos ?? 0;
  let verified = 0;
  let firstBad: FirstBad | undefined;
  while (firstBad === undefined) {
    const rows = entries.after(pos, pageSize);
    if (rows.length === 0) break;
    const signatures = rows.map((row) => {
      const feed = feeds.get(row.feed.toString('hex'));
      return feed === undefined ? Promise.resolve(false) : pool.verify(row, keys.at(feed, row).key);
    });
    for (const [at, row] of rows.entries()) {
      const fits = await signatures[at]!;
      firstBad = checked(row, () => checkRow(row, fits, parts, { headOf, signers }));
      if (firstBad !== undefined) break;
      heads.set(row.feed.toString('hex'), {
        epoch: row.epoch,
        seq: row.seq,
        hash: row.hash.toString('hex'),
      });
      verified += 1;
    }
    await Promise.all(signatures);
    pos = rows.at(-1)!.pos;
  }
  firstBad ??= lostTail(entries, feeds);
  const last = entries.atPosition(pos);
  if (firstBad === undefined && last !== undefined) keep({ pos, hash: last.hash.toString('hex') });
  return {
    ok: firstBad === undefined,
    entries: entries.count(),
    verified,
    feeds: feeds.all().flatMap(({ feed, author }) => {
      const head = entries.head(Buffer.from(feed, 'hex'));
      return head === undefined ? [] : [{ feed, author, epoch: head.epoch, seq: head.seq, head: head.hash }];
    }),
    ...(firstBad === undefined ? {} : { firstBad }),
  };
}

function trustedStart({ entries, start }: VerifyParts): VerifiedPosition | undefined {
  const before = start();
  if (before === undefined) return undefined;
  const row = entries.atPosition(before.pos);
  // Another entry there means that the database was put back or rewritten: everything is looked at again.
  return row !== undefined && entryHash(row.bytes) === before.hash ? before : undefined;
}

function checked(row: EntryRow, check: () => void): FirstBad | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!(error instanceof CrossgapError)) throw error;
    const seq = typeof error.details['seq'] === 'number' ? error.details['seq'] : row.seq;
    return {
      feed: row.feed.toString('hex'),
      epoch: row.epoch,
      seq,
      pos: row.pos,
      code: error.code,
      message: error.message,
    };
  }
}

function checkRow(
  row: EntryRow,
  fits: boolean,
  { feeds, entries }: VerifyParts,
  { headOf, signers }: { headOf: (feed: string) => FeedPoint | undefined; signers: SignerChain },
): void {
  const id = row.feed.toString('hex');
  const feed = feeds.get(id);
  if (feed === undefined) throw changed('LOG_FEED_CHANGED', row, 'its feed is not in the database');
  if (entryHash(row.bytes) !== row.hash.toString('hex'))
    throw changed('LOG_ENTRY_CHANGED', row, 'its bytes are not those it was stored with');
  const header = readHeader(row.bytes);
  if (header.feed !== id || header.epoch !== row.epoch || header.seq !== row.seq)
    throw changed('LOG_ENTRY_CHANGED', row, 'it does not stand at the place it was signed for');
  if (header.audience !== feed.audience || id !== feedId(feed.author, feed.audience))
    throw changed('LOG_FEED_CHANGED', row, 'its feed is not the one its author and audience make');
  if (header.epoch === 1 && header.seq === 1) checkOpening(row, header, feed);
  if (!fits) throw changed('LOG_ENTRY_CHANGED', row, 'its signature does not fit');
  signers.check(row, header, feed);
  refuseMisplaced(header);
  checkChain(row, header, headOf(id), entries);
}

/** Follows the keys of each feed from its introduction on, so that no table has to be believed for them. */
type SignerChain = { check(row: EntryRow, header: EntryHeader, feed: Feed): void };

function signerChain(
  { keys, epochs }: VerifyParts,
  headOf: (feed: string) => FeedPoint | undefined,
): SignerChain {
  /** By feed and epoch: the keys that entries announced, and from where on each signs. */
  const announced = new Map<string, { fromSeq: number; publicKey: Uint8Array }[]>();
  const inForce = (feed: Feed, { epoch, seq }: FeedPoint | EntryHeader): Uint8Array => {
    for (let at = { epoch, seq }; ;) {
      const found = announced.get(`${feed.feed} ${at.epoch}`)?.findLast(({ fromSeq }) => fromSeq <= at.seq);
      if (found !== undefined) return found.publicKey;
      const before = epochs.lastBefore(Buffer.from(feed.feed, 'hex'), at.epoch);
      if (before === undefined) return feed.publicKey;
      at = { epoch: before.epoch, seq: before.seq + 1 };
    }
  };
  const trusted = new Set<string>();
  /** Feeds that go on with their first key, which `checkOpening` looks at. */
  const oneKey = new Map<string, boolean>();
  return {
    check: (row, header, feed) => {
      let plain = oneKey.get(feed.feed);
      if (plain === undefined) oneKey.set(feed.feed, (plain = !keys.hasChanged(feed)));
      if (plain && header.type !== KeyRotated.name && header.type !== KeyReplaced.name) return;
      oneKey.set(feed.feed, false);
      // A look that begins in the middle trusts the keys that were verified up to there.
      const head = headOf(feed.feed);
      if (head !== undefined && !trusted.has(feed.feed) && keys.hasChanged(feed)) {
        const { publicKey } = keys.after(feed, head);
        announced.set(`${feed.feed} ${head.epoch}`, [{ fromSeq: head.seq + 1, publicKey }]);
      }
      trusted.add(feed.feed);
      const introduction =
        header.epoch === 1 && header.seq === 1 ? undefined : introductionIn(header, row.bytes);
      if (introduction !== undefined) {
        const { instanceId, signingKey } = openIntroduction(introduction);
        if (instanceId !== feed.author)
          throw changed('LOG_FEED_CHANGED', row, 'it introduces another author');
        const fromSeq = header.type === KeyReplaced.name ? header.seq : header.seq + 1;
        const place = `${feed.feed} ${header.epoch}`;
        announced.set(place, [...(announced.get(place) ?? []), { fromSeq, publicKey: signingKey }]);
      }
      if (Buffer.compare(inForce(feed, header), keys.at(feed, header).publicKey) !== 0)
        throw changed('LOG_FEED_CHANGED', row, 'it is kept with another key than was introduced for it');
    },
  };
}

function checkOpening(row: EntryRow, header: EntryHeader, feed: Feed): void {
  const body = decodeBody(row.bytes.subarray(headerBytes));
  const { introduction } = FeedOpened.read(Math.min(header.schemaVersion, FeedOpened.version), body);
  const { instanceId, signingKey } = openIntroduction(introduction);
  if (instanceId !== feed.author || Buffer.compare(signingKey, feed.publicKey) !== 0)
    throw changed(
      'LOG_FEED_CHANGED',
      row,
      'its feed is kept with another author or key than were introduced',
    );
}

function checkChain(
  row: EntryRow,
  header: EntryHeader,
  head: FeedPoint | undefined,
  entries: EntryTable,
): void {
  const stand = standOf(header, head);
  if (stand === 'next') {
    if (header.previous !== (head?.hash ?? noHash))
      throw changed('LOG_ENTRY_CHANGED', row, 'it does not follow the entry before it');
    return;
  }
  if (stand === 'new-epoch') {
    const lastKnown = lastKnownOf(header, row.bytes.subarray(headerBytes));
    if (entries.hashAt(row.feed, lastKnown)?.toString('hex') !== lastKnown.hash)
      throw changed('LOG_ENTRY_CHANGED', row, 'it does not follow the entry that it names as the last one');
    return;
  }
  if (stand === 'past') throw changed('LOG_ENTRY_CHANGED', row, 'it stands behind later ones of its feed');
  const seq = (head?.epoch === row.epoch ? head.seq : 0) + 1;
  throw new EventError(
    'LOG_ENTRY_MISSING',
    `Cannot verify the log: entry ${seq} of the feed ${header.feed} is gone`,
    {
      hint: 'Somebody changed the file with another tool; keep a copy and restore the last backup.',
      details: { feed: header.feed, epoch: header.epoch, seq },
    },
  );
}

/** Positions are never given out twice, so the counter tells of entries that were cut off the end. */
function lostTail(entries: EntryTable, feeds: FeedTable): FirstBad | undefined {
  const [last, highest] = [entries.lastPosition(), entries.highestPosition()];
  if (last >= highest) return undefined;
  const only = feeds.all();
  return {
    feed: only.length === 1 ? only[0]!.feed : '',
    epoch: 0,
    seq: 0,
    pos: last + 1,
    code: 'LOG_ENTRY_MISSING',
    message: `Cannot verify the log: its newest entries are gone, positions ${last + 1} to ${highest}`,
  };
}

function changed(code: 'LOG_ENTRY_CHANGED' | 'LOG_FEED_CHANGED', row: EntryRow, why: string): EventError {
  return new EventError(
    code,
    `Cannot verify entry ${row.seq} of the feed ${row.feed.toString('hex')}: ${why}`,
    {
      hint: 'The disk or somebody changed it; keep a copy of the database, restore the last backup, and sync.',
      details: { epoch: row.epoch, seq: row.seq, pos: row.pos },
    },
  );
}
