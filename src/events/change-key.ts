import { openSuccessor, type SigningKey, type Successor } from '../identity/index.ts';
import type { Appender, By } from './append.ts';
import type { AnyEvent } from './define-event.ts';
import type { FeedPoint } from './entry.ts';
import { KeyReplaced, KeyRotated } from './feed-events.ts';
import { giveUp, highestEpoch, lostPointsOf, type EpochParts, type StartedEpochs } from './new-epoch.ts';

/** The key with which all own feeds go on, and who stands for it. */
export type NewKey = Successor & { readonly key: SigningKey } & By;

/**
 * Announces a new key in every own feed, under the old one, in one transaction. This log signs nothing after it: it was
 * opened with the old key.
 *
 * @throws {IdentityError} INTRODUCTION_SUPERSEDED, CERTIFICATE_NOT_PINNED, ENDORSEMENT_INVALID: no receiver would follow
 * @throws {EventError} ROLLED_BACK, UNSURE, DUPLICATE_IDENTITY, KEY_RETIRED …
 */
export function rotateKey<E extends AnyEvent>(
  { feeds, keys, entries }: Omit<EpochParts<E>, 'write'>,
  { write }: Pick<Appender<E>, 'write'>,
  { introduction, endorsement, actor }: NewKey,
): string[] {
  return write((tx) => {
    const own = feeds.all().filter((feed) => feed.own);
    for (const feed of own) {
      const head = entries.head(Buffer.from(feed.feed, 'hex'))!;
      openSuccessor({ introduction, endorsement }, keys.introductionAfter(feed, head));
      tx.append(feed.feed, KeyRotated.make({ introduction, endorsement }), { actor });
    }
    return own.map(({ feed }) => feed);
  });
}

/** From which position of the log on the old key is not to be believed, and why. */
export type Revocation = NewKey & { readonly from: number; readonly reason: string };

/**
 * Replaces the key of every own feed on the word of the company certificate: what the old key signed at or behind a
 * position of the log is void, also what others hold that is not here. Feeds that began there are lost.
 *
 * @throws {IdentityError} as `rotateKey`
 */
export function replaceKey<E extends AnyEvent>(
  parts: EpochParts<E>,
  { introduction, endorsement, key, from, reason, actor }: Revocation,
): StartedEpochs {
  const { feeds, keys, entries, epochs, evidence, keeper, write, refold } = parts;
  keeper.lookAgain();
  const lostPoints = lostPointsOf(keeper.standing());
  const own = feeds.all().filter((feed) => feed.own);
  const lastGood = (feed: Buffer): FeedPoint | undefined => {
    const before = entries.headAt(feed, from - 1);
    const spot = before && epochs.counted(feed, before);
    const row = spot && entries.at(feed, spot);
    return row && { epoch: row.epoch, seq: row.seq, hash: row.hash.toString('hex') };
  };
  const done = write((append) => {
    const started: { feed: string; epoch: number; lastKnown: FeedPoint }[] = [];
    const lost: string[] = [];
    for (const feed of own) {
      const blob = Buffer.from(feed.feed, 'hex');
      const lastKnown = lastGood(blob);
      if (lastKnown === undefined) {
        lost.push(feed.feed);
        continue;
      }
      openSuccessor({ introduction, endorsement }, keys.introductionAfter(feed, lastKnown));
      const epoch = highestEpoch(feed, parts, lostPoints.get(feed.feed)) + 1;
      const event = KeyReplaced.make({ epoch, reason, lastKnown, introduction, endorsement });
      append(feed, { epoch, lastKnown }, event, { actor }, key);
      epochs.add(blob, epoch, lastKnown);
      evidence.thaw(blob);
      started.push({ feed: feed.feed, epoch, lastKnown });
    }
    refold();
    return { started, lost };
  });
  giveUp(keeper, lostPoints, done.started);
  return done;
}
