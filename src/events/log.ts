import type { Clock } from '../clock.ts';
import { asDatabaseError, type Database } from '../db/index.ts';
import type { SigningKey } from '../identity/index.ts';
import { appender, type AppendEpoch, type LogWriter, type Opening } from './append.ts';
import type { AnyEvent, EventCatalog } from './define-event.ts';
import type { Pin } from './door.ts';
import type { FeedPoint, SealedEntry } from './entry.ts';
import { entryTable, type Spot, type StoredRow } from './entry-table.ts';
import { epochs } from './epochs.ts';
import { evidenceTable, type Evidence } from './evidence.ts';
import { replaceKey, rotateKey, type NewKey, type Revocation } from './change-key.ts';
import { feedKeys } from './feed-keys.ts';
import { feedTable, type Feed } from './feed-table.ts';
import { feedId } from './feed.ts';
import { findKeys } from './find-keys.ts';
import { findGaps } from './gaps.ts';
import { nothingHeld, sealHead, type Head } from './head.ts';
import { StoredEntry, type LoggedEntry } from './logged-entry.ts';
import { startEpochs, type NewEpoch, type StartedEpochs, type StuckFeed } from './new-epoch.ts';
import { ownHeads } from './own-heads.ts';
import { parkedTable } from './parked.ts';
import { peerHeads } from './peer-heads.ts';
import { headReceiver, type HeadVerdict } from './receive-head.ts';
import { receiver } from './receive.ts';
import { recentPosition } from './recent-position.ts';
import type { VerifiedPosition } from './side-file.ts';
import { standingKeeper, type Standing } from './standing.ts';
import type { Gap, Verdict } from './verdict.ts';
import { verifyLog, type VerifyReport } from './verify-log.ts';
import { witnesses, type Doubt } from './witnesses.ts';

export type LogOptions<E extends AnyEvent> = {
  /** Open and migrated; it stays the caller's to close. */
  readonly db: Database;
  readonly clock: Clock;
  readonly catalog: EventCatalog<E>;
  /** 16 bytes, lower-case hex. */
  readonly instanceId: string;
  /** Absent: the log can be read and received into, not appended to. */
  readonly signer?: SigningKey;
  /** Where the own heads are kept outside the database. */
  readonly sideFile: string;
  /** Changes the read models, inside the transaction that stores the entries and in their order. */
  readonly fold?: (entries: readonly LoggedEntry<E>[]) => void;
  /**
   * Makes the read models anew from all entries that count, inside the transaction of the entry after which others do
   * not count any more.
   */
  readonly refold?: (history: Iterable<readonly LoggedEntry<E>[]>) => void;
  /** Who may write to us over a link; undefined: nobody, the link is unknown, unconfirmed or removed. */
  readonly pinFor: (link: string) => Pin | undefined;
};

/** A feed as it stands here. */
export type FeedFacts = FeedPoint & {
  readonly feed: string;
  readonly author: string;
  readonly audience: string;
  readonly own: boolean;
  /** Its author signed two histories; nothing more is taken in. */
  readonly frozen: boolean;
  /** Entries that a later epoch left behind. */
  readonly voidEntries: number;
  /** Of an own feed: what its receiver says that speaks against signing it. */
  readonly doubt: Doubt | null;
};

export type ReadOptions = { readonly after: number; readonly limit: number };

/** The log of one instance. */
export type Log<E extends AnyEvent> = {
  readonly instanceId: string;
  /** The id of this instance's feed to an audience; the self feed's audience is the instance's own id. */
  feedTo(audience: string): string;

  /**
   * One immediate transaction: read, decide, append; all or nothing. Safe with several processes on one database.
   *
   * @throws {EventError} ROLLED_BACK, SIDE_FILE_MISSING, SIDE_FILE_DAMAGED, UNSURE, DUPLICATE_IDENTITY, ENTRY_TOO_LARGE …
   * @throws {DiskError} DISK_FULL, {DatabaseError} DATABASE_READ_ONLY …
   */
  write<T>(work: (tx: LogWriter<E>) => T): T;
  /** Opens this instance's feed to an audience, once; returns its id. */
  openFeed(opening: Opening): string;
  /** Takes entries from outside in; one verdict for each, in their order. @throws {DatabaseError} */
  receive(entries: readonly SealedEntry[]): Promise<Verdict[]>;
  receiveHead(bytes: Uint8Array): HeadVerdict;

  /** Brings the side file up to the database. Before anything leaves the instance it happens by itself. */
  saveHead(): void;
  /**
   * The signed head of an own feed. Of one of which nothing is here it says so: whoever holds it gives it back, also
   * where nothing here remembers that it ever was.
   */
  sealHead(feed: string): Uint8Array;
  /** Whether an own feed was signed once and not one entry of it is here. */
  isLost(feed: string): boolean;
  /** Whether this instance may sign. */
  standing(): Standing;
  /** A person vouches that the database is the newest, where the side file is missing or damaged. */
  confirmHead(): void;
  /**
   * Gives up entries that nobody can give back, and lets the feeds they belong to go on; `stuck` are those that can't.
   *
   * @throws {EventError} EPOCH_NOT_NEEDED; FEED_FROZEN, DUPLICATE_IDENTITY where that hinders all there is to do
   */
  startEpoch(why: NewEpoch): StartedEpochs & { readonly stuck: readonly StuckFeed[] };
  /** Announces a new key in every own feed under the old one; returns the feeds. This log signs nothing after it. */
  rotateKey(to: NewKey): string[];
  /** Replaces the key by the word of the company certificate; what the old one signed from a position on is void. */
  replaceKey(to: Revocation): StartedEpochs;
  /** The key that signs what follows in a feed, 32 bytes; undefined where the feed is not held. */
  keyInForce(feed: string): Uint8Array | undefined;
  /** Goes by changes of keys that an older program kept unread; inside a transaction of the caller. */
  findKeys(): void;
  /** Every introduction of a feed that counts, oldest first. */
  introductions(feed: string): Uint8Array[];

  read(options: ReadOptions): LoggedEntry<E>[];
  /** All entries behind a position, a page at a time; memory stays flat, and no cursor is held open. */
  pages(options: { readonly after: number; readonly size?: number }): Generator<readonly LoggedEntry<E>[]>;
  /** All entries that count, in order, a page at a time: what the read models follow from. */
  history(): Generator<readonly LoggedEntry<E>[]>;
  entryAt(feed: string, spot: Spot): LoggedEntry<E> | undefined;
  /** All entries of one type in a feed that count, in order; for types of which there are few. */
  ofType(feed: string, type: string): LoggedEntry<E>[];
  /** The entries of a feed from a place on as they travel, without those a later epoch left behind. */
  readFeed(feed: string, from: Spot, limit: number): SealedEntry[];
  feeds(): FeedFacts[];
  /** So many of them behind one, in the order of their ids; '' is before all. */
  feedsAfter(feed: string, limit: number): FeedFacts[];
  feed(feed: string): FeedFacts | undefined;
  feedCount(): number;
  /**
   * The newest entries of our feeds for these audiences, newest first. They come with the one that was told something
   * last before the others, and no more of them are asked for than are needed.
   */
  newestTold(audiences: Iterable<string>, limit: number): LoggedEntry<E>[];
  /** Those that hold two entries for one place; see `FeedFacts.frozen`. */
  frozenFeeds(): string[];
  /** What receivers say that speaks against signing own feeds; see `FeedFacts.doubt`. */
  doubts(): { readonly feed: string; readonly doubt: Doubt }[];
  pointAt(feed: string): FeedPoint | undefined;
  entryCount(): number;
  lastPosition(): number;
  /**
   * The same for thousands of links that ask again and again: what this log wrote is in it, what another process wrote a
   * moment ago may be missing until the next round of the event loop.
   */
  lastPositionLately(): number;
  gaps(): Gap[];
  /** The newest head each author signed, as far as one reached us. */
  peerHeads(): (Head & { readonly receivedAt: number })[];
  /** The same of one feed. */
  peerHead(feed: string): Head | undefined;

  evidence(feed: string): Evidence[];
  /** The same of a feed that is frozen now; of any other, nothing. */
  frozenBy(feed: string): Evidence[];
  /** A person decided that a frozen feed may go on with the next epoch its author starts. False: it is not frozen. */
  allowEpoch(feed: string): boolean;
  /** The audiences of frozen feeds for which a person decided so, until their epoch begins. */
  epochsAllowed(): string[];
  verify(options: { readonly full: boolean }): Promise<VerifyReport>;
};

/** Opens the log in a database, after comparing it with the side file. */
export function openLog<E extends AnyEvent>(options: LogOptions<E>): Log<E> {
  const {
    db,
    clock,
    catalog,
    instanceId,
    signer,
    sideFile,
    pinFor,
    fold = () => {},
    refold = () => {},
  } = options;
  const feeds = feedTable(db);
  const entries = entryTable(db);
  const evidence = evidenceTable(db);
  const epochTable = epochs(db);
  const parked = parkedTable(db);
  const heads = peerHeads(db);
  const position = verifiedPosition(db);
  const keeper = standingKeeper({ db, path: sideFile, entries, feeds, readVerified: () => position.get() });
  const keys = feedKeys(db, entries, epochTable);
  const witnessed = witnesses(db, entries, () => keeper.givenUp());
  const tables = {
    db,
    clock,
    catalog,
    feeds,
    keys,
    entries,
    evidence,
    witnesses: witnessed,
    parked,
    heads,
    epochs: epochTable,
  };
  const own = ownHeads(db, tables);
  const lately = recentPosition(
    () => entries.lastPosition(),
    () => db.inTransaction,
  );
  /** Something else than an append is about to change the log, or did. */
  const forget = (): void => {
    own.forget();
    lately.forget();
  };
  const write = <T>(work: (tx: LogWriter<E>) => T): T => {
    try {
      return append.write(work);
    } finally {
      lately.forget();
    }
  };
  const mustBeGood = (): void => keeper.mustBeGood();
  const append = appender({ ...tables, heads: own, instanceId, signer, fold, mustBeGood });
  const takeHead = headReceiver(tables);
  const receive = receiver({
    ...tables,
    takeHead,
    instanceId,
    signer,
    pinFor,
    fold,
    refold: () => refold(history()),
    committed: (ownCameBack) => {
      forget();
      if (ownCameBack) keeper.lookAgain();
    },
  });
  const blob = (hex: string): Buffer => Buffer.from(hex, 'hex');
  const logged = (row: StoredRow): LoggedEntry<E> =>
    new StoredEntry(catalog, row.pos, { bytes: row.bytes, signature: row.signature }, { rawHash: row.hash });
  function* pages({ after, size = 100 }: { readonly after: number; readonly size?: number }) {
    for (let pos = after; ;) {
      const rows = entries.storedAfter(pos, size);
      if (rows.length === 0) return;
      pos = rows.at(-1)!.pos;
      yield rows.map(logged);
    }
  }
  function* history() {
    const someVoid = epochTable.any();
    for (const page of pages({ after: 0, size: 500 }))
      yield someVoid ? page.filter(({ header }) => !epochTable.isVoid(blob(header.feed), header)) : page;
  }
  const epochParts = {
    ...tables,
    signer,
    keeper,
    refold: () => refold(history()),
    write: <T>(work: (append: AppendEpoch) => T): T => append.writeAnyway(work),
  };
  const isOwn = (feed: string): boolean => feeds.get(feed)?.own === true;
  const isLost = (feed: string): boolean => {
    if (entries.head(blob(feed)) !== undefined) return false;
    const standing = keeper.standing();
    const isMissed = standing.state === 'ROLLED_BACK' && standing.lost.some((one) => one.feed === feed);
    return isMissed || witnessed.doubt(blob(feed)) !== undefined;
  };

  const feedFacts = (some: readonly Feed[], headOf: (feed: string) => FeedPoint | undefined): FeedFacts[] => {
    const frozen = new Set(evidence.allFrozen());
    const doubts = new Map(witnessed.all().map(({ feed, doubt }) => [feed, doubt]));
    const isAnyVoid = epochTable.any();
    return some.flatMap(({ feed, author, audience, own: isOurs }) => {
      const head = headOf(feed);
      if (head === undefined) return [];
      const voidEntries = isAnyVoid ? epochTable.countVoid(blob(feed)) : 0;
      const doubt = (isOurs ? doubts.get(feed) : undefined) ?? null;
      return [{ feed, author, audience, own: isOurs, ...head, frozen: frozen.has(feed), voidEntries, doubt }];
    });
  };

  return {
    instanceId,
    feedTo: (audience) => feedId(instanceId, audience),
    write,
    openFeed: (opening) => write((tx) => tx.openFeed(opening)),
    receive: async (batch) => {
      try {
        return await receive(batch);
      } catch (error) {
        throw asDatabaseError(error, 'write the log');
      }
    },
    receiveHead: (bytes) => {
      forget();
      return takeHead(bytes);
    },

    saveHead: () => keeper.save(),
    sealHead: (feed) => {
      const head = entries.head(blob(feed)) ?? nothingHeld;
      if (signer === undefined || (!isOwn(feed) && head !== nothingHeld))
        throw new TypeError(`the feed ${feed} is not written here`);
      keeper.save();
      return sealHead({ feed, ...head, issuedAt: clock.now() }, signer);
    },
    isLost,
    standing: () => keeper.standing(),
    confirmHead: () => {
      if (keeper.standing().state === 'ROLLED_BACK') keeper.mustBeGood();
      keeper.accept();
    },
    startEpoch: (why) => {
      forget();
      return startEpochs(epochParts, why);
    },
    rotateKey: (to) => {
      forget();
      return rotateKey(epochParts, append, to);
    },
    replaceKey: (to) => {
      forget();
      return replaceKey(epochParts, to);
    },
    findKeys: () => findKeys(tables),
    keyInForce: (feed) => {
      const held = feeds.get(feed);
      const head = held && entries.head(blob(feed));
      return head && keys.after(held, head).publicKey;
    },
    introductions: (feed) => {
      const held = feeds.get(feed);
      return held === undefined ? [] : keys.introductions(held);
    },

    read: ({ after, limit }) => entries.storedAfter(after, limit).map(logged),
    pages,
    history,
    entryAt: (feed, spot) => {
      const row = entries.at(blob(feed), spot);
      return row && logged(row);
    },
    ofType: (feed, type) =>
      entries
        .ofType(type, blob(feed))
        .filter((row) => !epochTable.isVoid(row.feed, row))
        .map(logged),
    readFeed: (feed, from, limit) => {
      // What is about to leave must not be ahead of the side file.
      if (isOwn(feed)) keeper.save();
      const found: SealedEntry[] = [];
      // However many of them were left behind, what comes after them is found.
      for (let next = from; ;) {
        const rows = entries.ofFeed(blob(feed), next, limit);
        for (const row of rows)
          if (found.length < limit && !epochTable.isVoid(row.feed, row))
            found.push({ bytes: row.bytes, signature: row.signature });
        const last = rows.at(-1);
        if (last === undefined || rows.length < limit || found.length === limit) return found;
        next = { epoch: last.epoch, seq: last.seq + 1 };
      }
    },
    feeds: () => {
      // Read once for all: there may be thousands of feeds.
      const all = entries.heads();
      return feedFacts(feeds.all(), (feed) => all.get(feed));
    },
    feedsAfter: (feed, limit) => feedFacts(feeds.after(feed, limit), (id) => entries.head(blob(id))),
    feed: (id) => {
      const feed = feeds.get(id);
      return feed && feedFacts([feed], () => entries.head(blob(id)))[0];
    },
    feedCount: () => feeds.count(),
    frozenFeeds: () => evidence.allFrozen(),
    newestTold: (audiences, limit) => {
      let found: number[] = [];
      for (const audience of audiences) {
        const feed = blob(feedId(instanceId, audience));
        const spots = entries.newestOf(feed, limit);
        const newest = spots[0]?.pos ?? 0;
        // Those that follow have none that is newer than what was found.
        if (found.length === limit && newest < found.at(-1)!) break;
        const counted = spots.filter((spot) => !epochTable.isVoid(feed, spot));
        found = [...found, ...counted.map((spot) => spot.pos)].toSorted((a, b) => b - a).slice(0, limit);
      }
      return found.map((pos) => logged(entries.atPosition(pos)!));
    },
    doubts: () => witnessed.all(),
    pointAt: (feed) => entries.head(blob(feed)),
    entryCount: () => entries.count(),
    lastPosition: () => entries.lastPosition(),
    lastPositionLately: () => lately.get(),
    gaps: () => findGaps(tables),
    peerHeads: () => heads.all(),
    peerHead: (feed) => heads.get(blob(feed)),

    evidence: (feed) => evidence.list(blob(feed)),
    frozenBy: (feed) => (evidence.frozen(blob(feed)) === undefined ? [] : evidence.list(blob(feed))),
    allowEpoch: (feed) => evidence.allowEpoch(blob(feed)),
    epochsAllowed: () => evidence.allowed(),
    verify: async ({ full }) => {
      const report = await verifyLog(
        {
          ...tables,
          start: () => {
            const [inDatabase, inFile] = [position.get(), keeper.verified()];
            return inDatabase !== undefined &&
              inFile?.pos === inDatabase.pos &&
              inFile.hash === inDatabase.hash
              ? inDatabase
              : undefined;
          },
          keep: (verified) => {
            if (!db.readonly) position.set(verified);
          },
        },
        full,
      );
      keeper.save();
      return report;
    },
  };
}

type PositionRow = { pos: number; hash: Buffer };

function verifiedPosition(db: Database): {
  get(): VerifiedPosition | undefined;
  set(position: VerifiedPosition): void;
} {
  const get = db.prepare<[], PositionRow>('SELECT pos, hash FROM verified_position WHERE id = 1');
  const set = db.prepare(
    `INSERT INTO verified_position (id, pos, hash) VALUES (1, ?, ?)
     ON CONFLICT (id) DO UPDATE SET pos = excluded.pos, hash = excluded.hash`,
  );
  return {
    get: () => {
      const row = get.get();
      return row && { pos: row.pos, hash: row.hash.toString('hex') };
    },
    set: ({ pos, hash }) => void set.run(pos, Buffer.from(hash, 'hex')),
  };
}
