import { decodeBody } from './body-reader.ts';
import type { EntryHeader, FeedPoint } from './entry.ts';
import { EventError } from './errors.ts';
import { noHash } from './feed.ts';
import { EpochStarted, FeedOpened, KeyReplaced } from './feed-events.ts';

/** Where an entry stands to what is held of its feed; decided from the header alone. */
export type Stand =
  /** The next one, as its numbers say. */
  | 'next'
  /** At or before the newest one: there is one at its place, or was not to be any more. */
  | 'past'
  /** Behind a gap. */
  | 'ahead'
  /** The first of a later epoch. */
  | 'new-epoch';

export function standOf(header: EntryHeader, head: FeedPoint | undefined): Stand {
  const epoch = head?.epoch ?? 1;
  const seq = head?.seq ?? 0;
  if (header.epoch < epoch) return 'past';
  if (header.epoch > epoch) return header.seq === 1 ? 'new-epoch' : 'ahead';
  if (header.seq <= seq) return 'past';
  return header.seq === seq + 1 ? 'next' : 'ahead';
}

/**
 * The types that open a feed and an epoch stand at those places and nowhere else.
 *
 * @throws {EventError} ENTRY_MISPLACED
 */
export function refuseMisplaced(header: EntryHeader): void {
  const opensFeed = header.epoch === 1 && header.seq === 1;
  const opensEpoch = header.epoch > 1 && header.seq === 1;
  const fits =
    (header.type === FeedOpened.name) === opensFeed &&
    (header.type === EpochStarted.name || header.type === KeyReplaced.name) === opensEpoch &&
    (header.previous === noHash) === opensFeed;
  if (fits) return;
  throw new EventError(
    'ENTRY_MISPLACED',
    `Cannot take in ${header.type}: it cannot be entry ${header.seq} of epoch ${header.epoch}`,
    {
      hint: 'A feed begins with feed.opened, a later epoch with epoch.started or key.replaced, and these stand nowhere else.',
      details: { feed: header.feed, epoch: header.epoch, seq: header.seq },
    },
  );
}

/**
 * The last entry that counts before an epoch, as the entry that begins it says.
 *
 * @throws {EventError} EPOCH_INVALID and the codes of a body that can't be read
 */
export function lastKnownOf(header: EntryHeader, body: Uint8Array): FeedPoint {
  const begins = header.type === KeyReplaced.name ? KeyReplaced : EpochStarted;
  if (header.schemaVersion > begins.version)
    throw epochInvalid(header, 'it is written in a version not known here; update crossgap on this machine');
  const { epoch, lastKnown } = begins.read(header.schemaVersion, decodeBody(body));
  if (epoch !== header.epoch) throw epochInvalid(header, `its body speaks of epoch ${epoch}`);
  if (lastKnown.epoch >= epoch)
    throw epochInvalid(header, 'it names a last entry that is not of an earlier epoch');
  if (lastKnown.hash !== header.previous)
    throw epochInvalid(header, 'it does not follow the last entry it names');
  return lastKnown;
}

export function epochInvalid(header: EntryHeader, why: string): EventError {
  return new EventError(
    'EPOCH_INVALID',
    `Cannot begin epoch ${header.epoch} of the feed ${header.feed}: ${why}`,
    {
      hint: 'The author begins an epoch with an entry that names the last one that others hold.',
      details: { feed: header.feed, epoch: header.epoch },
    },
  );
}
