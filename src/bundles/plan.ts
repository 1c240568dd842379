import { createHash, randomBytes } from 'node:crypto';
import type { FeedPoint } from '../events/index.ts';
import type { Place, PlacedEntry } from '../sync/index.ts';
import {
  blobRecordFront,
  endBytes,
  endContent,
  entriesInside,
  entryContentBytes,
  entryRecord,
  Manifest,
  recordFront,
  recordFrontBytes,
  type BundledBlob,
} from './records.ts';

/** Where the content of a bundle comes from. A replica is one. */
export type BundleSource = {
  /** The next entries of our outward feed after a place, in order, at most `limit`. */
  outgoing(after: Place, limit: number): readonly PlacedEntry[];
  /** The next entries of the receiver's feed after a place, as they are held here. */
  incoming?(after: Place, limit: number): readonly PlacedEntry[];
  /** Exactly `length` bytes of a blob we hold, in `into` where the source can. */
  openBlob(digest: string, offset: number, length: number, into: Uint8Array): Promise<Uint8Array>;
};

/** What goes into a bundle, decided but not yet read. */
export type Intent = {
  readonly number: number;
  readonly link: string;
  readonly from: string;
  /** The receiver; null where nobody is known to be one. */
  readonly to: string | null;
  readonly feed: string;
  readonly sentAt: string;
  /** Where it begins: the last entry that is not in it; zeros before the first. */
  readonly after: FeedPoint;
  readonly head: Uint8Array | undefined;
  readonly blobs: readonly BundledBlob[];
  readonly assumed: readonly BundledBlob[];
  /** Where the receiver's own feed ends by its own word, if it lost what came after. */
  readonly stands?: Place | undefined;
};

/** The inside of a bundle, fixed to the last byte before any of it is sealed. */
export type Inside = {
  readonly manifest: Manifest;
  /** The manifest as it is written. */
  readonly manifestText: string;
  readonly head: Uint8Array | undefined;
  /** Bytes that the records of all entries take. */
  readonly entriesBytes: number;
  /** The digest in the end record. */
  readonly sha256: string;
};

const pageEntries = 256;

/** Decides the inside: goes through the entries once, for their number, their size and the digest. */
export function planInside(source: BundleSource, intent: Intent): Inside {
  const { number, link, from, to, feed, sentAt, after, head, blobs, assumed, stands } = intent;
  const counted = countEntries(entriesAfter(ours(source), after), after);
  const back = stands && countEntries(entriesAfter(theirs(source), stands), stands);
  const givenBack = back && back.entries > 0 ? { after: stands, entries: back.entries } : undefined;
  const manifest = Manifest.parse({
    format: 1,
    id: randomBytes(16).toString('hex'),
    number,
    link,
    from,
    to,
    sentAt,
    after: { feed, epoch: after.epoch, seq: after.seq, hash: after.hash },
    last: counted.last,
    entries: counted.entries,
    ...(givenBack && { givenBack }),
    blobs,
    assumed,
  });
  const manifestText = JSON.stringify(manifest);
  const hash = createHash('sha256');
  for (const piece of beforeEntries(manifestText, head)) hash.update(piece);
  for (const record of entryRecords(source, manifest)) hash.update(record);
  for (const blob of blobs) hash.update(blobRecordFront(blob));
  return {
    manifest,
    manifestText,
    head,
    entriesBytes: counted.bytes + (back?.bytes ?? 0),
    sha256: hash.digest('hex'),
  };
}

type EntriesAfter = (after: Place, limit: number) => readonly PlacedEntry[];

const ours =
  (source: BundleSource): EntriesAfter =>
  (after, limit) =>
    source.outgoing(after, limit);
const theirs =
  (source: BundleSource): EntriesAfter =>
  (after, limit) =>
    source.incoming?.(after, limit) ?? [];

function countEntries(all: Iterable<PlacedEntry>, after: Place) {
  let [entries, bytes, last] = [0, 0, { epoch: after.epoch, seq: after.seq }];
  for (const entry of all) {
    entries += 1;
    bytes += recordFrontBytes + entryContentBytes(entry);
    last = { epoch: entry.epoch, seq: entry.seq };
  }
  return { entries, bytes, last };
}

function* entriesAfter(next: EntriesAfter, after: Place): Generator<PlacedEntry> {
  for (let at = after; ;) {
    const page = next(at, pageEntries);
    if (page.length === 0) return;
    yield* page;
    at = page.at(-1)!;
  }
}

/** The records of a bundle's entries, again and again the same: what is in the log stays as it is. */
export function* entryRecords(source: BundleSource, manifest: Manifest): Generator<Buffer> {
  const { after, entries, givenBack } = manifest;
  yield* recordsOf(ours(source), { epoch: after.epoch, seq: after.seq }, entries);
  if (givenBack) yield* recordsOf(theirs(source), givenBack.after, givenBack.entries);
}

function* recordsOf(next: EntriesAfter, after: Place, entries: number): Generator<Buffer> {
  let left = entries;
  if (left === 0) return;
  for (const entry of entriesAfter(next, after)) {
    yield entryRecord(entry);
    left -= 1;
    if (left === 0) return;
  }
}

/** All that stands before the entries. */
export function beforeEntries(manifestText: string, head: Uint8Array | undefined): Buffer[] {
  const text = Buffer.from(manifestText, 'utf8');
  const pieces = [recordFront('manifest', text.length), text];
  if (head !== undefined) pieces.push(recordFront('head', head.length), Buffer.from(head));
  return pieces;
}

export function endRecord({ manifest, sha256 }: Inside): Buffer {
  const content = endContent({ entries: entriesInside(manifest), blobs: manifest.blobs.length, sha256 });
  return Buffer.concat([recordFront('end', endBytes), content]);
}
