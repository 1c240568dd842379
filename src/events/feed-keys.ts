import type { Database } from '../db/index.ts';
import {
  openIntroduction,
  verifyingKey,
  type OpenedIntroduction,
  type VerifyingKey,
} from '../identity/index.ts';
import { decodeBody } from './body-reader.ts';
import type { EntryHeader, SealedEntry } from './entry.ts';
import type { EntryTable, Spot } from './entry-table.ts';
import type { Epochs } from './epochs.ts';
import type { Feed } from './feed-table.ts';
import { FeedOpened, KeyReplaced, KeyRotated } from './feed-events.ts';
import { headerBytes, readHeader } from './header.ts';

/** A change of key as it is kept: from which place on, and which entry announced it. */
type Change = {
  readonly epoch: number;
  readonly from_seq: number;
  readonly seq: number;
  readonly public_key: Buffer;
  readonly issued_at: number;
};

/** Which key signs a feed at which place. A feed as it is given back here has the key in force there. */
export type FeedKeys = {
  /** Grows with every change that came in through this process. */
  readonly version: number;
  /** The feed with the key that signs the entry at a place of an epoch that has begun. */
  at(feed: Feed, spot: Spot): Feed;
  /** The same for what follows a place. */
  after(feed: Feed, spot: Spot): Feed;
  /** The key that signs an entry from outside: where it comes with its own key, that one, else the one in force. */
  of(feed: Feed, header: EntryHeader, entry: SealedEntry): Feed;
  hasChanged(feed: Feed): boolean;
  /** Whether the change that the entry at this place announces is kept. */
  isNoted(feed: Feed, spot: Spot): boolean;
  /** The introduction in force for what follows a place. */
  introductionAfter(feed: Feed, spot: Spot): OpenedIntroduction;
  /** All introductions of a feed that count, oldest first, as they were signed. */
  introductions(feed: Feed): Uint8Array[];
  /** When the newest introduction of a feed was issued, also one that was left behind. */
  newestIssuedAt(feed: Feed): number;
  /** Notes the change that an entry of these types announces; does nothing for any other. */
  note(
    feed: Buffer,
    header: Pick<EntryHeader, 'epoch' | 'seq' | 'type' | 'schemaVersion'>,
    bytes: Uint8Array,
  ): void;
};

export function feedKeys(db: Database, entries: EntryTable, epochs: Epochs): FeedKeys {
  const columns = 'epoch, from_seq, seq, public_key, issued_at';
  const list = db.prepare<[Buffer], Change>(
    `SELECT ${columns} FROM feed_key WHERE feed = ? ORDER BY epoch, from_seq`,
  );
  const insert = db.prepare(`INSERT INTO feed_key (feed, ${columns}) VALUES (?, ?, ?, ?, ?, ?)`);
  const parsed = new Map<string, VerifyingKey>();
  let version = 0;

  const blobOf = ({ feed }: Feed): Buffer => Buffer.from(feed, 'hex');
  const withKey = (feed: Feed, publicKey: Buffer): Feed => {
    const hex = publicKey.toString('hex');
    let key = parsed.get(hex);
    if (key === undefined) parsed.set(hex, (key = verifyingKey(publicKey)));
    return { ...feed, publicKey, key };
  };
  const inForce = (feed: Feed, spot: Spot): Change | undefined => {
    const blob = blobOf(feed);
    const changes = list.all(blob);
    let { epoch, seq } = spot;
    while (changes.length > 0) {
      const found = changes.findLast((one) => one.epoch === epoch && one.from_seq <= seq);
      if (found !== undefined) return found;
      // An epoch goes on with the key that was in force where it leaves the one before.
      const before = epochs.lastBefore(blob, epoch);
      if (before === undefined) return undefined;
      epoch = before.epoch;
      seq = before.seq + 1;
    }
    return undefined;
  };
  const at = (feed: Feed, spot: Spot): Feed => {
    const change = inForce(feed, spot);
    return change === undefined ? feed : withKey(feed, change.public_key);
  };
  const introducedAt = (feed: Feed, spot: Spot): Uint8Array => {
    const { bytes } = entries.at(blobOf(feed), spot)!;
    return introductionIn(readHeader(bytes), bytes)!;
  };

  return {
    get version() {
      return version;
    },
    at,
    after: (feed, { epoch, seq }) => at(feed, { epoch, seq: seq + 1 }),
    of: (feed, header, entry) => {
      if (header.type === KeyReplaced.name) {
        const introduction = introductionIn(header, entry.bytes);
        if (introduction !== undefined)
          return withKey(feed, Buffer.from(openIntroduction(introduction).signingKey));
      }
      const head = entries.head(blobOf(feed));
      // An epoch that has not begun here begins with the key that is in force now, or with one of its own.
      if (head !== undefined && header.epoch > head.epoch)
        return at(feed, { epoch: head.epoch, seq: head.seq + 1 });
      return at(feed, header);
    },
    hasChanged: (feed) => list.all(blobOf(feed)).length > 0,
    isNoted: (feed, { epoch, seq }) =>
      list.all(blobOf(feed)).some((change) => change.epoch === epoch && change.seq === seq),
    introductionAfter: (feed, { epoch, seq }) => {
      const change = inForce(feed, { epoch, seq: seq + 1 });
      return openIntroduction(introducedAt(feed, change ?? { epoch: 1, seq: 1 }));
    },
    introductions: (feed) => {
      const blob = blobOf(feed);
      if (entries.at(blob, { epoch: 1, seq: 1 }) === undefined) return [];
      const counted = list.all(blob).filter((change) => !epochs.isVoid(blob, change));
      return [{ epoch: 1, seq: 1 }, ...counted].map((spot) => introducedAt(feed, spot));
    },
    newestIssuedAt: (feed) =>
      Math.max(
        openIntroduction(introducedAt(feed, { epoch: 1, seq: 1 })).issuedAt,
        ...list.all(blobOf(feed)).map((change) => change.issued_at),
      ),
    note: (feed, header, bytes) => {
      if (header.type !== KeyRotated.name && header.type !== KeyReplaced.name) return;
      const introduction = introductionIn(header, bytes);
      if (introduction === undefined) return;
      const { signingKey, issuedAt } = openIntroduction(introduction);
      const fromSeq = header.type === KeyReplaced.name ? header.seq : header.seq + 1;
      insert.run(feed, header.epoch, fromSeq, header.seq, signingKey, issuedAt);
      version += 1;
    },
  };
}

/** The introduction that an entry carries; undefined where it is of another type, or of a version not known here. */
export function introductionIn(
  { type, schemaVersion }: Pick<EntryHeader, 'type' | 'schemaVersion'>,
  bytes: Uint8Array,
): Uint8Array | undefined {
  const definition = [FeedOpened, KeyRotated, KeyReplaced].find(({ name }) => name === type);
  if (definition === undefined || schemaVersion > definition.version) return undefined;
  return definition.read(schemaVersion, decodeBody(bytes.subarray(headerBytes))).introduction;
}
