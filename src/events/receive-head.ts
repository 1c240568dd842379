import type { Clock } from '../clock.ts';
import type { Database } from '../db/index.ts';
import { CrossgapError } from '../errors.ts';
import type { FeedPoint } from './entry.ts';
import type { EntryTable, Spot } from './entry-table.ts';
import type { Epochs } from './epochs.ts';
import { EventError } from './errors.ts';
import type { EvidenceTable } from './evidence.ts';
import type { FeedKeys } from './feed-keys.ts';
import type { FeedTable } from './feed-table.ts';
import { readHead, verifyHead, type Head } from './head.ts';
import { asBuffer } from './header.ts';
import type { PeerHeads } from './peer-heads.ts';

/** What a head told. */
export type HeadVerdict =
  /** The author has no more than is held here. */
  | { readonly outcome: 'same'; readonly head: Head }
  /** The author has more: ask for what is missing. */
  | { readonly outcome: 'behind'; readonly head: Head; readonly have: FeedPoint }
  /** It was not believed, or shows something wrong. */
  | { readonly outcome: 'refused'; readonly error: CrossgapError };

export type HeadParts = {
  readonly db: Database;
  readonly clock: Clock;
  readonly feeds: FeedTable;
  readonly keys: FeedKeys;
  readonly entries: EntryTable;
  readonly epochs: Epochs;
  readonly evidence: EvidenceTable;
  readonly heads: PeerHeads;
};

/** Takes a head in: it tells what is missing, whether the author was put back, and whether he signs two histories. */
export function headReceiver(parts: HeadParts): (bytes: Uint8Array) => HeadVerdict {
  const { db, clock, feeds, keys, entries, epochs, evidence, heads } = parts;

  const judge = (bytes: Uint8Array): HeadVerdict => {
    const head = readHead(bytes);
    const feed = feeds.get(head.feed);
    // Its author has nothing, and so have we: whoever said it, nothing follows.
    if (feed === undefined && head.seq === 0) return { outcome: 'same', head };
    if (feed === undefined)
      throw refuse(
        'FEED_UNKNOWN',
        head,
        'the feed is not held here',
        'Its first entry has to come before its heads.',
      );
    const blob = Buffer.from(head.feed, 'hex');
    const have = entries.head(blob)!;
    // Right behind a change of keys either may have signed; who was put back before it signs with the present one.
    const signers = keys.hasChanged(feed)
      ? [keys.at(feed, head), keys.after(feed, head), keys.after(feed, have)]
      : [feed];
    if (!signers.some(({ key }) => verifyHead(bytes, key)))
      throw refuse(
        'SIGNATURE_INVALID',
        head,
        'its signature does not fit',
        'It was changed on the way; the next one will do.',
      );
    const before = heads.get(blob);
    refuseFork(bytes, blob, head, before);
    const highest = before !== undefined && isBefore(have, before) ? before : have;
    if (isBefore(head, highest)) throw rollback(head, highest, before);
    if (before === undefined || isBefore(before, head) || before.issuedAt < head.issuedAt)
      heads.keep(blob, head, bytes, clock.now());
    return isBefore(have, head) ? { outcome: 'behind', head, have } : { outcome: 'same', head };
  };

  /** A head that names another entry than the author's own signature put there. */
  const refuseFork = (bytes: Uint8Array, blob: Buffer, head: Head, before: Head | undefined): void => {
    if (epochs.isVoid(blob, head)) return;
    const held = entries.at(blob, head);
    const other =
      held?.hash.toString('hex') ?? (before !== undefined && isSame(before, head) ? before.hash : head.hash);
    if (other === head.hash) return;
    const given = asBuffer(bytes);
    // Where only two heads disagree, the entry of one of them settles it when it comes.
    if (held !== undefined) {
      const second = { bytes: given.subarray(0, 72), signature: given.subarray(72) };
      evidence.keep(blob, head, 'head', held, second, clock.now());
    }
    throw refuse(
      'EQUIVOCATION',
      head,
      `its author signed another entry for place ${head.seq} of epoch ${head.epoch}, ${head.hash} instead of ${other}`,
      'Both are kept as evidence and the feed is frozen; ask the author what happened.',
      { held: other, offered: head.hash },
    );
  };

  const take = db.transaction((bytes: Uint8Array): HeadVerdict => {
    try {
      return judge(bytes);
    } catch (error) {
      if (error instanceof CrossgapError) return { outcome: 'refused', error };
      throw error;
    }
  });
  return (bytes) => take.immediate(bytes);
}

function rollback(head: Head, highest: Spot, before: Head | undefined): EventError {
  // An old head comes again now and then; a new one that tells of less means that the author lost entries.
  const replayed = before !== undefined && head.issuedAt <= before.issuedAt;
  return refuse(
    'ROLLBACK',
    head,
    `it tells of entry ${head.seq} of epoch ${head.epoch}, and entry ${highest.seq} of epoch ${highest.epoch} is known`,
    replayed
      ? 'It is an old head that came again; nothing needs to be done.'
      : 'If its author restored a backup, send him his own entries back.',
    { highest: { epoch: highest.epoch, seq: highest.seq }, replayed, issuedAt: head.issuedAt },
  );
}

function isBefore(a: Spot, b: Spot): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.seq < b.seq);
}

const isSame = (a: Spot, b: Spot): boolean => a.epoch === b.epoch && a.seq === b.seq;

type HeadRefusal = 'FEED_UNKNOWN' | 'SIGNATURE_INVALID' | 'EQUIVOCATION' | 'ROLLBACK';

function refuse(code: HeadRefusal, head: Head, why: string, hint: string, details: object = {}): EventError {
  return new EventError(code, `Cannot believe a head of the feed ${head.feed}: ${why}`, {
    hint,
    details: { feed: head.feed, epoch: head.epoch, seq: head.seq, ...details },
  });
}
