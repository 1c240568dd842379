import { z } from 'zod';
import { bytes, defineEvent } from './define-event.ts';

/** The first entry of every feed: who its author is, as its introduction tells. */
export const FeedOpened = defineEvent('feed.opened', z.strictObject({ introduction: bytes }));

/** By whom a feed goes on, as its company certificate says; `endorsement` is by the certificate before, where it is new. */
const successor = { introduction: bytes, endorsement: bytes.optional() };

/** The author goes on with a new key, announced under the old one: it signs whatever follows this entry. */
export const KeyRotated = defineEvent('key.rotated', z.strictObject(successor));

const lastKnown = z.strictObject({
  epoch: z.int().min(1),
  seq: z.int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * The first entry of a feed's next epoch, signed by a new key on the word of the company certificate alone: the old key
 * is in wrong hands, or lost. What stands in the feed behind `lastKnown` is void.
 */
export const KeyReplaced = defineEvent(
  'key.replaced',
  z.strictObject({ epoch: z.int().min(2), reason: z.string().min(1), lastKnown, ...successor }),
);

/**
 * The first entry of a feed's next epoch, after its author lost entries. What stands in the feed behind `lastKnown`
 * is void.
 */
export const EpochStarted = defineEvent(
  'epoch.started',
  z.strictObject({
    epoch: z.int().min(2),
    reason: z.string().min(1),
    lastKnown,
  }),
);
