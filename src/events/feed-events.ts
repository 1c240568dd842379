import { z } from 'zod';
import { bytes, defineEvent } from './define-event.ts';

/** The first entry of every feed: who its author is, as its introduction tells. */
export const FeedOpened = defineEvent('feed.opened', z.strictObject({ introduction: bytes }));

/**
 * The first entry of a feed's next epoch, after its author lost entries. What stands in the feed behind `lastKnown`
 * is void.
 */
export const EpochStarted = defineEvent(
  'epoch.started',
  z.strictObject({
    epoch: z.int().min(2),
    reason: z.string().min(1),
    lastKnown: z.strictObject({
      epoch: z.int().min(1),
      seq: z.int().min(1),
      hash: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  }),
);
