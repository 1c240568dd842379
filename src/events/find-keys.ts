import { CrossgapError } from '../errors.ts';
import { openSuccessor } from '../identity/index.ts';
import { decodeBody } from './body-reader.ts';
import type { EntryTable } from './entry-table.ts';
import type { FeedKeys } from './feed-keys.ts';
import type { FeedTable } from './feed-table.ts';
import { KeyRotated } from './feed-events.ts';
import { headerBytes, readHeader } from './header.ts';

export type FindKeysParts = {
  readonly feeds: FeedTable;
  readonly keys: FeedKeys;
  readonly entries: EntryTable;
};

/**
 * Finds the changes of keys that an older program took in without knowing what they are, and goes by them from here on
 * where the company certificate stands for them. Call it inside a transaction, after the program was updated.
 */
export function findKeys({ feeds, keys, entries }: FindKeysParts): void {
  for (const { bytes, feed } of entries.ofType(KeyRotated.name)) {
    const header = readHeader(bytes);
    const held = feeds.get(header.feed)!;
    const after = { epoch: header.epoch, seq: header.seq };
    // What this program took in itself is noted already.
    if (keys.isNoted(held, after) || header.schemaVersion > KeyRotated.version) continue;
    try {
      const successor = KeyRotated.read(header.schemaVersion, decodeBody(bytes.subarray(headerBytes)));
      openSuccessor(successor, keys.introductionAfter(held, { ...after, seq: header.seq - 1 }));
      keys.note(feed, header, bytes);
    } catch (error) {
      // Nobody stands for it, so nothing that it announces is believed; the entry stays as it is.
      if (!(error instanceof CrossgapError)) throw error;
    }
  }
}
