import type { Clock } from '../clock.ts';
import { CrossgapError } from '../errors.ts';
import { decodeBody } from './body-reader.ts';
import type { AnyEvent, DecodedEvent, EventCatalog } from './define-event.ts';
import { IdentityError, openSuccessor } from '../identity/index.ts';
import { introductionRefused, refuseFrozen, signerOf, type Candidate } from './door.ts';
import type { FeedPoint } from './entry.ts';
import type { EntryTable } from './entry-table.ts';
import type { Epochs } from './epochs.ts';
import { EventError } from './errors.ts';
import type { EvidenceKind, EvidenceTable, Frozen } from './evidence.ts';
import type { Feed, FeedTable } from './feed-table.ts';
import { noHash } from './feed.ts';
import { KeyReplaced, KeyRotated } from './feed-events.ts';
import { introductionIn, type FeedKeys } from './feed-keys.ts';
import { headerBytes, readHeader } from './header.ts';
import { StoredEntry } from './logged-entry.ts';
import {
  parkedBytesMax,
  parkedEntriesMax,
  type ParkedRow,
  type ParkedSize,
  type ParkedTable,
} from './parked.ts';
import { epochInvalid, lastKnownOf, standOf } from './place.ts';
import type { SealedEntry } from './entry.ts';
import { refused, type Gap, type Verdict } from './verdict.ts';
import { verifyEntry } from './verify.ts';

export type IntakeParts<E extends AnyEvent> = {
  readonly clock: Clock;
  readonly catalog: EventCatalog<E>;
  readonly feeds: FeedTable;
  readonly keys: FeedKeys;
  readonly entries: EntryTable;
  readonly epochs: Epochs;
  readonly evidence: EvidenceTable;
  readonly parked: ParkedTable;
};

/** Gives what an entry says, or throws what is wrong with its body. */
export type ReadBody<E extends AnyEvent> = () => DecodedEvent<E>;

/** Reads the body of an entry whose signature fits, ahead of the moment its turn comes. */
export function bodyReader<E extends AnyEvent>(catalog: EventCatalog<E>, candidate: Candidate): ReadBody<E> {
  try {
    const event = decode(catalog, candidate);
    return () => event;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function decode<E extends AnyEvent>(catalog: EventCatalog<E>, { header, entry }: Candidate): DecodedEvent<E> {
  return catalog.decode(header.type, header.schemaVersion, entry.bytes.subarray(headerBytes));
}

/** What one transaction took in. */
export type Intake<E extends AnyEvent> = {
  /** Judges one entry whose signature fits, and stores it where it may be stored. */
  take(candidate: Candidate, read?: ReadBody<E>): Verdict;
  /** All that came into the log, those that had been parked too, in its order. */
  readonly accepted: StoredEntry<E>[];
  /** Whether entries that had been folded do not count any more. */
  readonly leftSomeBehind: boolean;
};

type FeedState = { head: FeedPoint | undefined; parked: ParkedSize; frozen: Frozen | undefined };

/** Begins taking entries in; use it inside one transaction and throw it away afterwards. */
export function intake<E extends AnyEvent>(parts: IntakeParts<E>): Intake<E> {
  return new Taking(parts);
}

class Taking<E extends AnyEvent> implements Intake<E> {
  readonly accepted: StoredEntry<E>[] = [];
  leftSomeBehind = false;
  readonly #parts: IntakeParts<E>;
  readonly #states = new Map<string, FeedState>();

  constructor(parts: IntakeParts<E>) {
    this.#parts = parts;
  }

  take(candidate: Candidate, read?: ReadBody<E>): Verdict {
    const verdict = this.#takeOne(candidate, read);
    if (verdict.outcome === 'accepted') this.#drain(candidate);
    return verdict;
  }

  #takeOne(candidate: Candidate, read?: ReadBody<E>): Verdict {
    try {
      return this.#judge(candidate, read);
    } catch (error) {
      if (error instanceof CrossgapError) return refused(error);
      throw error;
    }
  }

  #judge(candidate: Candidate, read?: ReadBody<E>): Verdict {
    const { header, feedBlob, hash } = candidate;
    const { entries } = this.#parts;
    const state = this.#stateOf(candidate);
    const stand = standOf(header, state.head);
    if (stand === 'past') return this.#judgePast(candidate, state.head!);
    refuseFrozen(state.frozen, header);
    // A feed whose first entry has yet to come has no key: what comes early is kept, and verified then.
    if (candidate.feed === undefined || stand === 'ahead') return this.#park(candidate, state);
    if (stand === 'new-epoch') return this.#judgeEpoch(candidate, state, read);
    if (header.previous !== (state.head?.hash ?? noHash)) {
      const before = entries.at(feedBlob, state.head!)!;
      this.#keepEvidence(candidate, 'chain', before);
      throw new EventError(
        'PREVIOUS_MISMATCH',
        `Cannot take in entry ${header.seq} of the feed ${header.feed}: it does not follow the entry held here`,
        {
          hint: 'The author signed two histories; both are kept as evidence and the feed is frozen.',
          details: {
            feed: header.feed,
            seq: header.seq,
            names: header.previous,
            held: state.head!.hash,
            hash: hex(hash),
          },
        },
      );
    }
    if (header.type === KeyRotated.name) this.#refuseUnfitKey(candidate, state.head!);
    return this.#accept(candidate, state, read);
  }

  /** The company certificate that is in force behind a place must stand for the key that follows it. */
  #refuseUnfitKey({ header, entry, feed }: Candidate, after: FeedPoint): void {
    const { keys } = this.#parts;
    const introduction = introductionIn(header, entry.bytes);
    // Of a version not known here: kept as it is; what the new key signs is refused until this program is newer.
    if (introduction === undefined) return;
    const definition = header.type === KeyReplaced.name ? KeyReplaced : KeyRotated;
    const body = decodeBody(entry.bytes.subarray(headerBytes));
    const { endorsement } = definition.read(header.schemaVersion, body);
    try {
      const { issuedAt } = openSuccessor({ introduction, endorsement }, keys.introductionAfter(feed!, after));
      const newest = keys.newestIssuedAt(feed!);
      if (issuedAt >= newest) return;
      throw new IdentityError(
        'INTRODUCTION_SUPERSEDED',
        'Cannot put an introduction in force: a later one is known',
        {
          hint: 'An earlier introduction that comes again is not believed; the present one stays in force.',
          details: { issuedAt, newest },
        },
      );
    } catch (cause) {
      if (cause instanceof EventError || !(cause instanceof CrossgapError)) throw cause;
      throw introductionRefused(header, cause);
    }
  }

  #judgePast(candidate: Candidate, head: FeedPoint): Verdict {
    const { header, feedBlob, hash } = candidate;
    const { entries, epochs } = this.#parts;
    const held = entries.at(feedBlob, header);
    if (held?.hash.equals(hash) === true) return { outcome: 'known', hash: hex(hash) };
    if (held === undefined || epochs.isVoid(feedBlob, header))
      throw new EventError(
        'EPOCH_ENDED',
        `Cannot take in entry ${header.seq} of epoch ${header.epoch}: the feed ${header.feed} went on with epoch ${head.epoch} from an earlier one`,
        {
          hint: 'The author lost this entry and began a new epoch without it; nothing needs to be done.',
          details: { feed: header.feed, epoch: header.epoch, seq: header.seq },
        },
      );
    this.#keepEvidence(candidate, 'entries', held);
    throw equivocation(candidate, hex(held.hash));
  }

  #judgeEpoch(candidate: Candidate, state: FeedState, read?: ReadBody<E>): Verdict {
    const { header, feedBlob, entry } = candidate;
    const { entries, epochs, evidence } = this.#parts;
    const lastKnown = lastKnownOf(header, entry.bytes.subarray(headerBytes));
    const head = state.head;
    if (head === undefined || isBefore(head, lastKnown)) return this.#park(candidate, state, lastKnown);
    const held = entries.at(feedBlob, lastKnown);
    if (held === undefined) throw epochInvalid(header, 'it names an entry that never was in the feed');
    if (hex(held.hash) !== lastKnown.hash) {
      this.#keepEvidence(candidate, 'epoch', held);
      throw epochInvalid(header, 'it names another entry than the one its author signed before');
    }
    this.#refuseUnfitSigner(candidate, head, lastKnown);
    const verdict = this.#accept(candidate, state, read);
    if (verdict.outcome === 'accepted') {
      epochs.add(feedBlob, header.epoch, lastKnown);
      if (head.hash !== lastKnown.hash) this.leftSomeBehind = true;
      evidence.thaw(feedBlob);
      state.frozen = undefined;
    }
    return verdict;
  }

  /** A key that was given up must not begin an epoch from before it was: only the company certificate reaches behind. */
  #refuseUnfitSigner(candidate: Candidate, head: FeedPoint, lastKnown: FeedPoint): void {
    const { header } = candidate;
    const { keys, feeds } = this.#parts;
    if (header.type === KeyReplaced.name) return this.#refuseUnfitKey(candidate, lastKnown);
    const feed = feeds.get(header.feed)!;
    if (Buffer.compare(keys.after(feed, lastKnown).publicKey, keys.after(feed, head).publicKey) === 0) return;
    throw epochInvalid(header, 'its author went on with another key behind the entry that it names');
  }

  #accept(candidate: Candidate, state: FeedState, read?: ReadBody<E>): Verdict {
    const { header, entry, feedBlob, hash } = candidate;
    const { catalog, clock, entries, feeds, keys } = this.#parts;
    const event = read === undefined ? decode(catalog, candidate) : read();
    const feed = candidate.feed!;
    if (state.head === undefined && feeds.get(header.feed) === undefined) feeds.add(feed);
    const pos = entries.insert(feedBlob, header, hash, entry, clock.now());
    keys.note(feedBlob, header, entry.bytes);
    const hexHash = hex(hash);
    state.head = { epoch: header.epoch, seq: header.seq, hash: hexHash };
    this.accepted.push(new StoredEntry(catalog, pos, entry, { hash: hexHash, header, event }));
    return { outcome: 'accepted', hash: hexHash, pos };
  }

  #park(candidate: Candidate, state: FeedState, upTo?: FeedPoint): Verdict {
    const { header, feedBlob, hash, entry, feed } = candidate;
    const { parked } = this.#parts;
    if (feed !== undefined) {
      const rival = parked.at(feedBlob, header).find((row) => row.verified === 1 && !row.hash.equals(hash));
      if (rival !== undefined) {
        this.#keepEvidence(candidate, 'entries', rival);
        throw equivocation(candidate, hex(rival.hash));
      }
    }
    this.#makeRoom(candidate, state);
    if (parked.add(feedBlob, header, hash, feed !== undefined, entry)) {
      state.parked.entries += 1;
      state.parked.bytes += entry.bytes.byteLength;
    }
    return { outcome: 'parked', hash: hex(hash), waitsFor: gapBefore(candidate, state.head, upTo) };
  }

  #makeRoom(candidate: Candidate, state: FeedState): void {
    const { header, feedBlob, entry } = candidate;
    const { parked } = this.#parts;
    const full = (): boolean =>
      state.parked.entries >= parkedEntriesMax ||
      state.parked.bytes + entry.bytes.byteLength > parkedBytesMax;
    while (full()) {
      const farthest = parked.farthest(feedBlob);
      if (farthest === undefined || !isBefore(header, farthest))
        throw new EventError(
          'PARKED_FULL',
          `Cannot keep entry ${header.seq} of the feed ${header.feed}: too many wait for missing ones already`,
          {
            hint: 'Ask the author for the missing entries; this one is asked for again after them.',
            details: { feed: header.feed, seq: header.seq, waiting: state.parked.entries },
          },
        );
      parked.remove(farthest.rowid);
      state.parked.entries -= 1;
      state.parked.bytes -= farthest.bytes.byteLength;
    }
  }

  /** After an entry came in: those that waited for it. */
  #drain({ feedBlob, header }: Candidate): void {
    const held = this.#parts.feeds.get(header.feed)!;
    const state = this.#states.get(feedBlob.toString('hex'))!;
    while (state.parked.entries > 0) {
      const head = state.head!;
      const next = this.#parked(feedBlob, held, state, { epoch: head.epoch, seq: head.seq + 1 });
      const taken = next.map((candidate) => this.#takeOne(candidate));
      if (taken.some((verdict) => verdict.outcome === 'accepted')) continue;
      if (!this.#drainEpochs(feedBlob, held, state, head)) break;
    }
    if (state.parked.entries === 0) return;
    this.#parts.parked.removeUpTo(feedBlob, state.head!);
    state.parked = this.#parts.parked.size(feedBlob);
  }

  #drainEpochs(feedBlob: Buffer, feed: Feed, state: FeedState, head: FeedPoint): boolean {
    const starts = this.#parts.parked.epochStarts(feedBlob, head.epoch).map((row) => row.epoch);
    for (const epoch of new Set(starts))
      for (const candidate of this.#parked(feedBlob, feed, state, { epoch, seq: 1 }))
        if (this.#takeOne(candidate).outcome === 'accepted') return true;
    return false;
  }

  /** Takes what is parked at a place out again, as far as its signature fits. */
  #parked(feedBlob: Buffer, feed: Feed, state: FeedState, spot: { epoch: number; seq: number }): Candidate[] {
    const { parked } = this.#parts;
    return parked.at(feedBlob, spot).flatMap((row) => {
      parked.remove(row.rowid);
      state.parked.entries -= 1;
      state.parked.bytes -= row.bytes.byteLength;
      return this.#candidateOf(row, feedBlob, feed) ?? [];
    });
  }

  #candidateOf(row: ParkedRow, feedBlob: Buffer, feed: Feed): Candidate | undefined {
    const { keys } = this.#parts;
    const entry = { bytes: row.bytes, signature: row.signature };
    const header = readHeader(row.bytes);
    const candidate = { entry, header, hash: row.hash, feedBlob, keysVersion: keys.version };
    if (row.verified === 1 && !keys.hasChanged(feed)) return { ...candidate, feed };
    // What it waited for may have brought another key.
    const signer = signerOrNone(feed, header, entry, keys);
    return signer !== undefined && verifyEntry(entry, signer.key)
      ? { ...candidate, feed: signer }
      : undefined;
  }

  #keepEvidence({ feedBlob, header, entry }: Candidate, kind: EvidenceKind, first: SealedEntry): void {
    const { evidence, clock } = this.#parts;
    evidence.keep(feedBlob, header, kind, first, entry, clock.now());
    this.#states.get(header.feed)!.frozen = evidence.frozen(feedBlob);
  }

  #stateOf({ header, feedBlob }: Candidate): FeedState {
    const before = this.#states.get(header.feed);
    if (before !== undefined) return before;
    const { entries, evidence, parked } = this.#parts;
    const state = {
      head: entries.head(feedBlob),
      parked: parked.size(feedBlob),
      frozen: evidence.frozen(feedBlob),
    };
    this.#states.set(header.feed, state);
    return state;
  }
}

/** Who has to sign what was parked; nobody where it brings a key of its own that is not sound. */
function signerOrNone(
  feed: Feed,
  header: Candidate['header'],
  entry: SealedEntry,
  keys: FeedKeys,
): Feed | undefined {
  try {
    return signerOf(feed, header, entry, keys);
  } catch (error) {
    if (error instanceof CrossgapError) return undefined;
    throw error;
  }
}

type Spot = { readonly epoch: number; readonly seq: number };

function isBefore(a: Spot, b: Spot): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.seq < b.seq);
}

function gapBefore({ header }: Candidate, head: FeedPoint | undefined, upTo: FeedPoint | undefined): Gap {
  const epoch = upTo?.epoch ?? header.epoch;
  const from = (head?.epoch ?? 1) === epoch ? (head?.seq ?? 0) + 1 : 1;
  return { feed: header.feed, epoch, from, to: upTo?.seq ?? header.seq - 1 };
}

function equivocation({ header, hash }: Candidate, held: string): EventError {
  return new EventError(
    'EQUIVOCATION',
    `Cannot take in entry ${header.seq} of the feed ${header.feed}: its author signed another one for the same place, ${hex(hash)} instead of ${held}`,
    {
      hint: 'Both are kept as evidence and the feed is frozen; ask the author what happened.',
      details: { feed: header.feed, epoch: header.epoch, seq: header.seq, held, offered: hex(hash) },
    },
  );
}

const hex = (bytes: Buffer): string => bytes.toString('hex');
