import { openIntroduction, openSuccessor, type SigningKey } from '../identity/index.ts';
import { keyRetired, type Appender, type By } from './append.ts';
import type { AnyEvent, MadeEvent } from './define-event.ts';
import type { FeedPoint } from './entry.ts';
import type { EntryTable, Spot } from './entry-table.ts';
import type { Epochs } from './epochs.ts';
import { EventError } from './errors.ts';
import type { EvidenceTable } from './evidence.ts';
import type { Feed, FeedTable } from './feed-table.ts';
import { EpochStarted, KeyReplaced } from './feed-events.ts';
import type { FeedKeys } from './feed-keys.ts';
import type { PeerHeads } from './peer-heads.ts';
import type { Standing, StandingKeeper } from './standing.ts';
import type { Witnesses } from './witnesses.ts';

/** Which feeds went on with a new epoch, and which are lost with all their entries. */
export type StartedEpochs = {
  readonly started: readonly { feed: string; epoch: number; lastKnown: FeedPoint }[];
  /** Not even their first entry is here: they stand still until it comes back, or their links are paired again. */
  readonly lost: readonly string[];
};

/** A feed that can't begin an epoch now, and why; the others did. */
export type StuckFeed = { readonly feed: string; readonly error: EventError };

export type EpochParts<E extends AnyEvent> = {
  readonly feeds: FeedTable;
  readonly entries: EntryTable;
  readonly epochs: Epochs;
  readonly evidence: EvidenceTable;
  readonly heads: PeerHeads;
  readonly witnesses: Witnesses;
  readonly keeper: StandingKeeper;
  readonly keys: FeedKeys;
  readonly signer: SigningKey | undefined;
  readonly write: Appender<E>['writeAnyway'];
  /** Makes the read models anew from what counts. */
  readonly refold: () => void;
};

/**
 * Why, by whom, and with what introduction where a feed is from before the present key. `feeds` begin an epoch too though
 * nothing here speaks against them, behind the place up to which the receiver said that it holds them: it holds a second
 * history, froze the feed, and said so on another way. What it refused since is given up.
 */
export type NewEpoch = {
  readonly reason: string;
  readonly introduction?: Uint8Array;
  readonly feeds?: ReadonlyMap<string, Spot>;
} & By;

type Beginning = { readonly epoch: number; readonly reason: string; readonly lastKnown: FeedPoint };

/** The entry that begins an epoch. Where the present key was announced behind `lastKnown`, the certificate must tell of it again. */
function beginning(
  feed: Feed,
  given: Beginning,
  introduction: Uint8Array | undefined,
  { keys, entries, signer }: Omit<EpochParts<AnyEvent>, 'write'>,
): MadeEvent {
  const head = entries.head(Buffer.from(feed.feed, 'hex'))!;
  if ([given.lastKnown, head].every((spot) => isSignedBy(keys.after(feed, spot), signer)))
    return EpochStarted.make(given);
  if (introduction === undefined) throw keyRetired(feed.feed);
  openSuccessor({ introduction }, keys.introductionAfter(feed, given.lastKnown));
  return KeyReplaced.make({ ...given, introduction });
}

function isSignedBy({ publicKey }: Feed, signer: SigningKey | undefined): boolean {
  return signer !== undefined && Buffer.compare(publicKey, signer.publicKey) === 0;
}

/**
 * Begins a new epoch in every own feed that cannot go on in its present one. What hinders one does not hinder the others.
 *
 * @throws {EventError} EPOCH_NOT_NEEDED; FEED_FROZEN, DUPLICATE_IDENTITY where that hinders all there is to do
 */
export function startEpochs<E extends AnyEvent>(
  parts: EpochParts<E>,
  { reason, actor, introduction, feeds: asked = new Map() }: NewEpoch,
): StartedEpochs & { readonly stuck: readonly StuckFeed[] } {
  const { feeds, entries, epochs, evidence, witnesses, keeper, keys, signer, write, refold } = parts;
  keeper.lookAgain();
  const standing = keeper.standing();
  const lostPoints = lostPointsOf(standing);
  const unsure = standing.state === 'SIDE_FILE_MISSING' || standing.state === 'SIDE_FILE_DAMAGED';
  /** It came back after the keys were changed, which therefore was not announced in it. */
  const missedRotation = (id: string): boolean => {
    const feed = feeds.get(id)!;
    const head = entries.head(Buffer.from(id, 'hex'))!;
    return (
      introduction !== undefined &&
      !isSignedBy(keys.after(feed, head), signer) &&
      openIntroduction(introduction).issuedAt > keys.introductionAfter(feed, head).issuedAt
    );
  };
  const halted = feeds
    .all()
    .filter(
      ({ feed, own }) =>
        own &&
        (unsure ||
          asked.has(feed) ||
          lostPoints.has(feed) ||
          evidence.frozen(Buffer.from(feed, 'hex')) !== undefined ||
          witnesses.doubt(Buffer.from(feed, 'hex')) !== undefined ||
          missedRotation(feed)),
    );
  const gone = witnesses.all().filter(({ feed }) => entries.head(Buffer.from(feed, 'hex')) === undefined);
  if (halted.length === 0 && lostPoints.size === 0 && gone.length === 0)
    throw new EventError('EPOCH_NOT_NEEDED', 'Cannot start a new epoch: every own feed can go on as it is', {
      hint: 'A new epoch gives entries up for good; it is only for feeds that lost some or were signed twice.',
    });
  const stuck: StuckFeed[] = [];
  const ready = halted.flatMap((feed) => {
    try {
      return [{ feed, lastKnown: lastHeld(feed, asked.get(feed.feed), parts) ?? lastCertain(feed, parts) }];
    } catch (error) {
      if (!(error instanceof EventError)) throw error;
      stuck.push({ feed: feed.feed, error });
      return [];
    }
  });
  const [first] = stuck;
  if (first !== undefined && ready.length === 0 && standing.state === 'good' && gone.length === 0)
    throw first.error;
  let leftSomeBehind = false;
  const started = write((append) => {
    const began = ready.map(({ feed, lastKnown }) => {
      const epoch = highestEpoch(feed, parts, lostPoints.get(feed.feed)) + 1;
      const blob = Buffer.from(feed.feed, 'hex');
      const head = entries.head(blob)!;
      append(feed, { epoch, lastKnown }, beginning(feed, { epoch, reason, lastKnown }, introduction, parts), {
        actor,
      });
      epochs.add(blob, epoch, lastKnown);
      evidence.thaw(blob);
      if (head.hash !== lastKnown.hash) leftSomeBehind = true;
      return { feed: feed.feed, epoch, lastKnown };
    });
    if (leftSomeBehind) refold();
    return began;
  });
  giveUp(keeper, lostPoints, started);
  const lost = new Set([...lostPoints.keys(), ...gone.map(({ feed }) => feed)]);
  return {
    started,
    lost: [...lost].filter((feed) => entries.head(Buffer.from(feed, 'hex')) === undefined),
    stuck,
  };
}

/** The own feeds that lack entries, and up to where they had been signed. */
export function lostPointsOf(standing: Standing): ReadonlyMap<string, FeedPoint> {
  return new Map(
    standing.state === 'ROLLED_BACK' ? standing.lost.map(({ feed, sideFile }) => [feed, sideFile]) : [],
  );
}

/** What was lost of feeds that began no epoch stays on record: nothing may be signed in its place. */
export function giveUp(
  keeper: StandingKeeper,
  lostPoints: ReadonlyMap<string, FeedPoint>,
  started: StartedEpochs['started'],
): void {
  const began = new Set(started.map(({ feed }) => feed));
  keeper.accept(new Map([...lostPoints].filter(([feed]) => !began.has(feed))));
}

/** Up to where the receiver of a feed holds it, where that is asked for and nothing here speaks against the feed. */
function lastHeld(
  { feed }: Feed,
  said: Spot | undefined,
  { entries, epochs, evidence, witnesses }: Omit<EpochParts<AnyEvent>, 'write'>,
): FeedPoint | undefined {
  const blob = Buffer.from(feed, 'hex');
  if (said === undefined || evidence.frozen(blob) !== undefined || witnesses.doubt(blob) !== undefined)
    return undefined;
  const row = entries.at(blob, epochs.counted(blob, said));
  if (row === undefined) throw forkedAtStart(feed);
  return { epoch: row.epoch, seq: row.seq, hash: row.hash.toString('hex') };
}

function forkedAtStart(feed: string): EventError {
  return new EventError(
    'FEED_FROZEN',
    `Cannot start a new epoch of the feed ${feed}: it was forked at its start`,
    { hint: 'Pair this link again; a new link has new feeds.', details: { feed } },
  );
}

/** The newest entry that nobody can hold another one for. */
function lastCertain(
  { feed }: Feed,
  { entries, epochs, evidence, witnesses }: Omit<EpochParts<AnyEvent>, 'write'>,
): FeedPoint {
  const blob = Buffer.from(feed, 'hex');
  const head = entries.head(blob)!;
  if (evidence.frozen(blob) === undefined) {
    const doubt = witnesses.doubt(blob);
    if (doubt?.code !== 'DUPLICATE_IDENTITY') return head;
    throw new EventError(
      'DUPLICATE_IDENTITY',
      `Cannot start a new epoch of the feed ${feed}: its receiver holds another entry ${doubt.said.seq}, and nothing tells yet where the two histories part`,
      {
        hint: 'Let the receiver give back what it holds first: crossgap run on both sides.',
        details: { feed, said: doubt.said, head },
      },
    );
  }
  const [first] = evidence
    .list(blob)
    .filter((one) => !epochs.isVoid(blob, one))
    .toSorted((a, b) => a.epoch - b.epoch || a.seq - b.seq);
  if (first === undefined) return head;
  // The place before the two that exclude each other; a chain that parts there may part one before.
  const before = first.seq - (first.kind === 'chain' ? 2 : 1);
  const spot = before >= 1 ? { epoch: first.epoch, seq: before } : epochs.lastBefore(blob, first.epoch);
  const row = spot && entries.at(blob, spot);
  if (row === undefined) throw forkedAtStart(feed);
  return { epoch: row.epoch, seq: row.seq, hash: row.hash.toString('hex') };
}

/** The highest epoch that anybody may know of. */
export function highestEpoch(
  { feed }: Feed,
  { entries, evidence, heads, witnesses }: Omit<EpochParts<AnyEvent>, 'write'>,
  sideFile: FeedPoint | undefined,
): number {
  const blob = Buffer.from(feed, 'hex');
  return Math.max(
    entries.head(blob)?.epoch ?? 1,
    heads.get(blob)?.epoch ?? 1,
    witnesses.doubt(blob)?.said.epoch ?? 1,
    sideFile?.epoch ?? 1,
    ...evidence.list(blob).map((one) => one.epoch),
  );
}
