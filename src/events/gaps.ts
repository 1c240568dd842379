import type { FeedPoint } from './entry.ts';
import type { EntryTable, Spot } from './entry-table.ts';
import type { EvidenceTable } from './evidence.ts';
import { headerBytes, readHeader } from './header.ts';
import type { ParkedTable } from './parked.ts';
import type { PeerHeads } from './peer-heads.ts';
import { lastKnownOf } from './place.ts';
import type { Gap } from './verdict.ts';

export type GapParts = {
  readonly entries: EntryTable;
  readonly evidence: EvidenceTable;
  readonly parked: ParkedTable;
  readonly heads: PeerHeads;
};

/**
 * What is missing here and known to exist, because a later entry is parked or a head tells of it. It follows from
 * what is stored, so a restart forgets nothing. Frozen feeds ask for nothing.
 */
export function findGaps({ entries, evidence, parked, heads }: GapParts): Gap[] {
  const told = new Map(heads.all().map((head) => [head.feed, head]));
  const feeds = new Set([...told.keys(), ...parked.feeds().map((feed) => feed.toString('hex'))]);
  return [...feeds].flatMap((feed) => {
    const blob = Buffer.from(feed, 'hex');
    if (evidence.frozen(blob) !== undefined) return [];
    return gapsOf(feed, blob, entries.head(blob), parked, told.get(feed));
  });
}

function gapsOf(
  feed: string,
  blob: Buffer,
  head: FeedPoint | undefined,
  parked: ParkedTable,
  told: Spot | undefined,
): Gap[] {
  const gaps: Gap[] = [];
  let epoch = head?.epoch ?? 1;
  let next = (head?.seq ?? 0) + 1;
  const missing = (to: number): void => {
    if (to >= next) gaps.push({ feed, epoch, from: next, to });
  };
  for (const spot of parked.spots(blob)) {
    if (spot.epoch > epoch) {
      const last = lastBefore(blob, spot, parked);
      if (last?.epoch === epoch) missing(last.seq);
      epoch = spot.epoch;
      next = 1;
    }
    missing(spot.seq - 1);
    next = spot.seq + 1;
  }
  if (told !== undefined && told.epoch > epoch) {
    epoch = told.epoch;
    next = 1;
  }
  if (told !== undefined && told.epoch === epoch) missing(told.seq);
  return gaps;
}

/** Where the epoch before ends, if the parked entry that begins the next one can be read. */
function lastBefore(blob: Buffer, spot: Spot, parked: ParkedTable): FeedPoint | undefined {
  const row = spot.seq === 1 ? parked.at(blob, spot).find(({ verified }) => verified === 1) : undefined;
  if (row === undefined) return undefined;
  return lastKnownOf(readHeader(row.bytes), row.bytes.subarray(headerBytes));
}
