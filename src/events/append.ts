import assert from 'node:assert/strict';
import type { Clock } from '../clock.ts';
import { asDatabaseError, type Database } from '../db/index.ts';
import { faultPoint } from '../faults.ts';
import {
  openIntroduction,
  verifyingKey,
  type OpenedIntroduction,
  type SigningKey,
} from '../identity/index.ts';
import type { AnyEvent, DecodedEvent, EventCatalog, MadeEvent } from './define-event.ts';
import type { FeedPoint } from './entry.ts';
import type { EntryTable } from './entry-table.ts';
import { EventError } from './errors.ts';
import type { FeedKeys } from './feed-keys.ts';
import type { Feed, FeedTable } from './feed-table.ts';
import { FeedOpened, KeyRotated } from './feed-events.ts';
import { feedId, noHash } from './feed.ts';
import { StoredEntry, type LoggedEntry } from './logged-entry.ts';
import type { OwnHeads } from './own-heads.ts';
import { sealEntry } from './seal.ts';
import type { Doubt, Witnesses } from './witnesses.ts';

/** This process read its keys before they were changed, or they were put back to older ones. */
export function keyRetired(feed: string): EventError {
  return new EventError('KEY_RETIRED', `Cannot append to the feed ${feed}: it went on with another key`, {
    hint: 'The keys were rotated meanwhile: run the command again. Where the feed was lost then and came back since: crossgap log new-epoch --reason TEXT. If keys were put back to older ones, put back the newest keys folder.',
    details: { feed },
  });
}

function doubtful(feed: string, head: FeedPoint | undefined, { code, said }: Doubt): EventError {
  if (head === undefined)
    return new EventError(
      'UNSURE',
      `Cannot open the feed ${feed}: it was opened before and signed up to entry ${said.seq} of epoch ${said.epoch} (${said.hash}), and nothing of it is here`,
      {
        hint: 'Let the receiver give back what it holds: crossgap run on both sides. If it never got anything, pair this link again; a new link has new feeds.',
        details: { feed, said },
      },
    );
  const heads = `the receiver holds or may hold entry ${said.seq} of epoch ${said.epoch} (${said.hash}), here the newest is ${head.seq} of epoch ${head.epoch} (${head.hash})`;
  return code === 'UNSURE'
    ? new EventError('UNSURE', `Cannot append to the feed ${feed}: ${heads}`, {
        hint: 'This instance lost entries; let the receiver give them back (crossgap run), or give them up: crossgap log new-epoch --reason TEXT.',
        details: { feed, said, head },
      })
    : new EventError('DUPLICATE_IDENTITY', `Cannot append to the feed ${feed}: ${heads}`, {
        hint: 'A copy of this instance signs too, or this one was restored and signed anew: stop the copy, let the receiver give back what it holds (crossgap run), then crossgap log new-epoch --reason TEXT.',
        details: { feed, said, head },
      });
}

/** Who asked for an entry: the account, as it will stand in the header. */
export type By = { readonly actor: string };

/** What may be done inside one writing transaction: read through `db`, decide, append. */
export type LogWriter<E extends AnyEvent> = {
  readonly db: Database;
  /**
   * Appends to an own feed and folds the read models, so that `db` shows it from here on.
   *
   * @throws {EventError} ENTRY_TOO_LARGE, BODY_VALUE_UNFIT, FEED_UNKNOWN, DUPLICATE_IDENTITY, UNSURE, KEY_RETIRED
   */
  append(feed: string, event: MadeEvent, by: By): LoggedEntry<E>;
  /** The same for several, which are folded together. */
  appendAll(all: readonly ToAppend[], by: By): LoggedEntry<E>[];
  /**
   * Opens this instance's feed to an audience with its introduction, once; returns the feed's id.
   *
   * @throws {EventError} UNSURE where it was opened before and lost since
   */
  openFeed(opening: Opening): string;
};

/** An event and the own feed that it goes into. */
export type ToAppend = { readonly feed: string; readonly event: MadeEvent };

/** For whom a feed is opened, and what introduces its author there: the first entry follows from these two. */
export type Opening = { readonly audience: string; readonly introduction: Uint8Array };

export type AppendParts<E extends AnyEvent> = {
  readonly db: Database;
  readonly clock: Clock;
  readonly catalog: EventCatalog<E>;
  readonly instanceId: string;
  readonly signer: SigningKey | undefined;
  readonly feeds: FeedTable;
  readonly keys: FeedKeys;
  readonly entries: EntryTable;
  readonly heads: OwnHeads;
  readonly witnesses: Witnesses;
  readonly fold: (entries: readonly LoggedEntry<E>[]) => void;
  readonly mustBeGood: () => void;
};

/** The first entry of a new epoch, whose place does not follow from the head. */
export type EpochPlace = { readonly epoch: number; readonly lastKnown: FeedPoint };

/** Appends the first entry of an epoch; `key` where it is not the one of this log. */
export type AppendEpoch = (feed: Feed, place: EpochPlace, event: MadeEvent, by: By, key?: SigningKey) => void;

export type Appender<E extends AnyEvent> = {
  /** One immediate transaction: all that `work` appends, or nothing. */
  write<T>(work: (tx: LogWriter<E>) => T): T;
  /** The same without asking whether the database is the newest; for the entry that begins a new epoch. */
  writeAnyway<T>(work: (append: AppendEpoch) => T): T;
};

export function appender<E extends AnyEvent>(parts: AppendParts<E>): Appender<E> {
  const { db, clock, catalog, instanceId, signer, feeds, keys, entries, heads, witnesses, fold, mustBeGood } =
    parts;
  const immediate = db.transaction((work: () => unknown) => work());

  const inTransaction = <T>(work: () => T): T => {
    faultPoint('log.append.begin');
    try {
      const result = immediate.immediate(() => {
        const made = work();
        faultPoint('log.append.inserted');
        return made;
      }) as T;
      faultPoint('log.append.committed');
      return result;
    } catch (error) {
      feeds.forget();
      heads.forget();
      throw asDatabaseError(error, 'write the log');
    }
  };

  const insert = (
    feed: Feed,
    { epoch, seq, previous }: { epoch: number; seq: number; previous: string },
    event: MadeEvent,
    by: By & { readonly at?: number },
    key = signer,
  ) => {
    assert(key, 'a log that was opened without a signing key appends nothing');
    const now = clock.now();
    const { actor, at = now } = by;
    const place = { feed: feed.feed, epoch, seq, previous, audience: feed.audience, at, actor };
    const { header, hash, sealed } = sealEntry(place, event, key);
    const feedBlob = Buffer.from(feed.feed, 'hex');
    const pos = entries.insert(feedBlob, header, Buffer.from(hash, 'hex'), sealed, now);
    // What was made here is of the newest version, so it is what the catalog would read.
    const made =
      catalog.versionOf(event.name) === event.version
        ? { event: { known: true, name: event.name, data: event.data } as unknown as DecodedEvent<E> }
        : {};
    keys.note(feedBlob, header, sealed.bytes);
    // Behind a change of keys another one signs than this.
    if (header.type === KeyRotated.name) heads.forget();
    else heads.moved(feed.feed, { epoch, seq, hash }, key.publicKey);
    return new StoredEntry(catalog, pos, sealed, { hash, header, ...made });
  };

  const insertNext = ({ feed: id, event }: ToAppend, by: By): LoggedEntry<E> => {
    const feed = feeds.get(id);
    if (feed === undefined || !feed.own)
      throw new EventError(
        'FEED_UNKNOWN',
        `Cannot append to the feed ${id}: this instance does not write it`,
        {
          hint: 'Open the feed first; a feed has one author.',
          details: { feed: id },
        },
      );
    const { head, frozen, doubt, publicKey } = heads.get(feed);
    if (frozen)
      throw new EventError(
        'DUPLICATE_IDENTITY',
        `Cannot append to the feed ${id}: it was signed with two histories`,
        {
          hint: 'Find the other instance that signs with this key and stop it, then start a new epoch: crossgap log new-epoch --reason TEXT.',
          details: { feed: id, head },
        },
      );
    if (doubt !== undefined) throw doubtful(id, head, doubt);
    if (signer !== undefined && Buffer.compare(publicKey, signer.publicKey) !== 0) throw keyRetired(id);
    return insert(feed, { epoch: head.epoch, seq: head.seq + 1, previous: head.hash }, event, by);
  };

  const appendAll: LogWriter<E>['appendAll'] = (all, by) => {
    const logged = all.map((one) => insertNext(one, by));
    fold(logged);
    return logged;
  };
  const append: LogWriter<E>['append'] = (feed, event, by) => appendAll([{ feed, event }], by)[0]!;

  let introduced: { readonly bytes: Uint8Array; readonly facts: OpenedIntroduction } | undefined;
  /** Who publishes to thousands for the first time opens as many feeds with one introduction. */
  const openOnce = (bytes: Uint8Array): OpenedIntroduction => {
    if (introduced?.bytes !== bytes) introduced = { bytes, facts: openIntroduction(bytes) };
    return introduced.facts;
  };

  const openFeed: LogWriter<E>['openFeed'] = ({ audience, introduction }) => {
    const id = feedId(instanceId, audience);
    if (feeds.get(id) !== undefined) return id;
    const doubt = witnesses.doubt(Buffer.from(id, 'hex'));
    if (doubt !== undefined) throw doubtful(id, undefined, doubt);
    const { signingKey, instanceId: author, name, issuedAt } = openOnce(introduction);
    assert.equal(author, instanceId, 'the introduction is of another instance');
    assert(
      signer && Buffer.compare(signingKey, signer.publicKey) === 0,
      'the introduction names another key',
    );
    const feed: Feed = {
      feed: id,
      author: instanceId,
      audience,
      publicKey: signer.publicKey,
      key: verifyingKey(signer.publicKey),
      own: true,
    };
    feeds.add(feed);
    // All of it follows from the introduction, so that a feed that was lost without a trace is opened with the same entry
    // again: what its receiver holds and what is signed from then on have a place in common.
    const opened = FeedOpened.make({ introduction });
    fold([insert(feed, { epoch: 1, seq: 1, previous: noHash }, opened, { actor: name, at: issuedAt })]);
    return id;
  };

  return {
    write: (work) => {
      mustBeGood();
      return inTransaction(() => work({ db, append, appendAll, openFeed }));
    },
    writeAnyway: (work) =>
      inTransaction(() =>
        work((feed, { epoch, lastKnown }, event, by, key) => {
          fold([insert(feed, { epoch, seq: 1, previous: lastKnown.hash }, event, by, key)]);
        }),
      ),
  };
}
