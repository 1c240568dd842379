import { hash as digest } from 'node:crypto';
import { CrossgapError } from '../errors.ts';
import {
  openIntroduction,
  preAuthEncoding,
  verifyingKey,
  type OpenedIntroduction,
  type SigningKey,
} from '../identity/index.ts';
import { decodeBody } from './body-reader.ts';
import type { EntryHeader, FeedPoint, SealedEntry } from './entry.ts';
import type { EntryTable } from './entry-table.ts';
import { EventError, type EventErrorCode } from './errors.ts';
import type { EvidenceTable, Frozen } from './evidence.ts';
import type { Feed, FeedTable } from './feed-table.ts';
import { FeedOpened, EpochStarted, KeyReplaced } from './feed-events.ts';
import type { FeedKeys } from './feed-keys.ts';
import { feedId } from './feed.ts';
import { asBuffer, entryBytesMax, headerBytes, headerOffset, readHeader } from './header.ts';
import { refuseMisplaced } from './place.ts';
import { entryHashType } from './seal.ts';
import { refused, type Verdict } from './verdict.ts';

/** Who may write to us over a link, as a person confirmed it: the author, and its company certificate's SHA-256. */
export type Pin = { readonly author: string; readonly certificateFingerprint: string };

/** An entry that may come in if its signature fits. `feed` has the key that signs at its place; undefined where that has
 * yet to come. */
export type Candidate = {
  readonly entry: SealedEntry;
  readonly header: EntryHeader;
  readonly hash: Buffer;
  readonly feedBlob: Buffer;
  readonly feed: Feed | undefined;
  /** How far the changes of keys had come when `feed` was looked up. */
  readonly keysVersion: number;
};

export type DoorParts = {
  readonly instanceId: string;
  readonly signer: SigningKey | undefined;
  readonly pinFor: (link: string) => Pin | undefined;
  readonly feeds: FeedTable;
  readonly keys: FeedKeys;
  readonly entries: EntryTable;
  readonly evidence: EvidenceTable;
};

/** What is known of a held feed during one delivery. */
type FeedState = {
  readonly head: FeedPoint | undefined;
  readonly frozen: Frozen | undefined;
  readonly oneKey: boolean;
  /** An epoch whose first entry came in this delivery. */
  thawsWith: number | undefined;
};

/**
 * The cheap checks, in their order, of the entries of one delivery: size, header, feed and audience, whether it is
 * known already. Nothing is written, and no body is looked at but that of a feed's first entry.
 */
export type Door = (entry: SealedEntry) => Candidate | Verdict;

export function door({ instanceId, signer, pinFor, feeds, keys, entries, evidence }: DoorParts): Door {
  const pins = new Map<string, Pin | undefined>();
  const opening = new Map<string, Feed>();
  // Read once a delivery: what changes meanwhile is seen when the entry is judged for good.
  const states = new Map<string, FeedState>();
  const stateOf = (feed: Feed, blob: Buffer): FeedState => {
    let state = states.get(feed.feed);
    if (state === undefined) {
      const oneKey = !keys.hasChanged(feed);
      states.set(
        feed.feed,
        (state = { head: entries.head(blob), frozen: evidence.frozen(blob), oneKey, thawsWith: undefined }),
      );
    }
    return state;
  };
  const pinOf = (link: string): Pin | undefined => {
    if (!pins.has(link)) pins.set(link, pinFor(link));
    return pins.get(link);
  };

  /** Where a feed that is not held yet would come from, if anybody may write it to us. */
  const expected = (header: EntryHeader): { author: string; pinned: string | undefined; own: boolean } => {
    if (signer !== undefined && header.feed === feedId(instanceId, header.audience))
      return { author: instanceId, pinned: undefined, own: true };
    const pin = pinOf(header.audience);
    if (pin === undefined) throw notForMe(header);
    if (header.feed !== feedId(pin.author, header.audience))
      throw refuse('FEED_UNKNOWN', header, 'no link expects a feed of this id');
    return { author: pin.author, pinned: pin.certificateFingerprint, own: false };
  };

  /** An own feed that was lost may have begun with an earlier key: the same company stands for that. */
  const isOurCompany = (fingerprint: string): boolean =>
    feeds
      .all()
      .filter(({ own }) => own)
      .flatMap((feed) => keys.introductions(feed))
      .some((introduction) => openIntroduction(introduction).certificate.fingerprint === fingerprint);

  const open = (entry: SealedEntry, header: EntryHeader): Feed | undefined => {
    const { author, pinned, own } = expected(header);
    const before = opening.get(header.feed);
    if (before !== undefined) return before;
    if (header.type !== FeedOpened.name) return undefined;
    const { signingKey: key, certificate } = introducedBy(entry, header, author, pinned);
    if (own && !asBuffer(key).equals(signer!.publicKey) && !isOurCompany(certificate.fingerprint))
      throw refuse('INTRODUCTION_MISMATCH', header, 'it names a signing key that this instance never had');
    const { feed, audience } = header;
    const made: Feed = { feed, author, audience, publicKey: key, key: verifyingKey(key), own };
    opening.set(feed, made);
    return made;
  };

  const look = (entry: SealedEntry): Candidate | Verdict => {
    if (entry.bytes.byteLength + entry.signature.byteLength > entryBytesMax)
      throw new EventError(
        'ENTRY_TOO_LARGE',
        `Cannot take in an entry: it has more than ${entryBytesMax / 1024} KiB`,
        { hint: 'The author has to put what is large into a file of its own.' },
      );
    const header = readHeader(entry.bytes);
    const held = feeds.get(header.feed);
    if (
      held !== undefined &&
      (held.audience !== header.audience || (!held.own && pinOf(held.audience) === undefined))
    )
      throw notForMe(header);
    let feed = held ?? open(entry, header);
    const bytes = asBuffer(entry.bytes);
    const feedBlob = bytes.subarray(headerOffset.feed, headerOffset.feed + 16);
    const hash = digest('sha256', preAuthEncoding(entryHashType, bytes), 'buffer');
    if (held !== undefined) {
      const state = stateOf(held, feedBlob);
      const { head, frozen, oneKey } = state;
      if (!isBehind(header, head) && entries.hashAt(feedBlob, header)?.equals(hash) === true)
        return { outcome: 'known', hash: hash.toString('hex') };
      // What follows an entry that may thaw the feed is judged behind it.
      if (header.epoch !== state.thawsWith) refuseFrozen(frozen, header);
      refuseMisplaced(header);
      if (header.seq === 1) state.thawsWith = header.epoch;
      if (!oneKey || header.type === KeyReplaced.name) feed = signerOf(held, header, entry, keys);
    } else refuseMisplaced(header);
    return { entry, header, hash, feedBlob, feed, keysVersion: keys.version };
  };

  return (entry) => {
    try {
      return look(entry);
    } catch (error) {
      if (error instanceof CrossgapError) return refused(error);
      throw error;
    }
  };
}

/** @throws {EventError} FEED_FROZEN, unless a person allowed the next epoch, or the company certificate began it */
export function refuseFrozen(frozen: Frozen | undefined, header: EntryHeader): void {
  if (frozen === undefined || (frozen.epochAllowed && header.type === EpochStarted.name)) return;
  // The company's own word; whether it is that, is judged where the entry is.
  if (header.type === KeyReplaced.name) return;
  throw new EventError(
    'FEED_FROZEN',
    `Cannot take in an entry of the feed ${header.feed}: its author signed two histories`,
    {
      hint: 'Look at the evidence together with the author; a new epoch of the feed can then be allowed.',
      details: { feed: header.feed, epoch: header.epoch, seq: header.seq },
    },
  );
}

/**
 * The feed with the key that has to sign this entry.
 *
 * @throws {EventError} INTRODUCTION_REFUSED where the entry brings its own key and its introduction is not sound
 */
export function signerOf(feed: Feed, header: EntryHeader, entry: SealedEntry, keys: FeedKeys): Feed {
  try {
    return keys.of(feed, header, entry);
  } catch (cause) {
    if (cause instanceof EventError || !(cause instanceof CrossgapError)) throw cause;
    throw introductionRefused(header, cause);
  }
}

/** What is wrong with an introduction, said of the entry that carries it. */
export function introductionRefused(header: EntryHeader, cause: CrossgapError): EventError {
  return new EventError(
    'INTRODUCTION_REFUSED',
    `Cannot go on with the feed ${header.feed}: ${cause.message}`,
    {
      hint: cause.hint,
      details: {
        feed: header.feed,
        epoch: header.epoch,
        seq: header.seq,
        code: cause.code,
        ...cause.details,
      },
      cause,
    },
  );
}

function isBehind(header: EntryHeader, head: FeedPoint | undefined): boolean {
  return (
    head === undefined || header.epoch > head.epoch || (header.epoch === head.epoch && header.seq > head.seq)
  );
}

function introducedBy(
  entry: SealedEntry,
  header: EntryHeader,
  author: string,
  pinned: string | undefined,
): OpenedIntroduction {
  refuseMisplaced(header);
  const { introduction } = FeedOpened.read(
    Math.min(header.schemaVersion, FeedOpened.version),
    decodeBody(entry.bytes.subarray(headerBytes)),
  );
  const opened = openPinned(introduction, header, pinned);
  if (opened.instanceId !== author)
    throw refuse('INTRODUCTION_MISMATCH', header, `it introduces ${opened.instanceId} instead of ${author}`);
  return opened;
}

function openPinned(introduction: Uint8Array, header: EntryHeader, pinned: string | undefined) {
  try {
    return openIntroduction(introduction, pinned);
  } catch (cause) {
    if (!(cause instanceof CrossgapError)) throw cause;
    throw new EventError('INTRODUCTION_REFUSED', `Cannot open the feed ${header.feed}: ${cause.message}`, {
      hint: cause.hint,
      details: { feed: header.feed, code: cause.code, ...cause.details },
      cause,
    });
  }
}

function notForMe(header: EntryHeader): EventError {
  return new EventError(
    'NOT_FOR_ME',
    `Cannot take in an entry: its audience ${header.audience} is no link here`,
    {
      hint: 'It is meant for somebody else, or the link it belongs to has been removed or not been confirmed yet.',
      details: { feed: header.feed, audience: header.audience },
    },
  );
}

function refuse(code: EventErrorCode, header: EntryHeader, why: string): EventError {
  return new EventError(code, `Cannot take in an entry of the feed ${header.feed}: ${why}`, {
    hint: 'Ask the sender which link it belongs to; nothing was stored.',
    details: { feed: header.feed, epoch: header.epoch, seq: header.seq },
  });
}
