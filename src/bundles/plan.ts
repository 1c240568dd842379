import { createHash, randomBytes } from 'node:crypto';
import type { FeedPoint } from '../events/index.ts';
import type { Place, PlacedEntry } from '../sync/index.ts';
import {
  blobRecordFront,
  endBytes,
  endContent,
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
  /** Exactly `length` bytes of a blob we hold, in `into` where the source can. */
  openBlob(digest: string, offset: number, length: number, into: Uint8Array): Promise<Uint8Array>;
};

/** What goes into a bundle, decided but not yet read. */
export type Intent = {
  readonly number: number;
  readonly link: string;
  readonly from: string;
  readonly to: string;
  readonly feed: string;
  readonly sentAt: string;
  /** Where it begins: the last entry that is not in it; zeros before the first. */
  readonly after: FeedPoint;
  readonly head: Uint8Array | undefined;
  readonly blobs: readonly BundledBlob[];
  readonly assumed: readonly BundledBlob[];
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
  const { number, link, from, to, feed, sentAt, after, head, blobs, assumed } = intent;
  const counted = countEntries(source, after);
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
    blobs,
    assumed,
  });
  const manifestText = JSON.stringify(manifest);
  const hash = createHash('sha256');
  for (const piece of beforeEntries(manifestText, head)) hash.update(piece);
  for (const record of entryRecords(source, manifest)) hash.update(record);
  for (const blob of blobs) hash.update(blobRecordFront(blob));
  return { manifest, manifestText, head, entriesBytes: counted.bytes, sha256: hash.digest('hex') };
}

function countEntries(source: BundleSource, after: Place) {
  let [entries, bytes, last] = [0, 0, { epoch: after.epoch, seq: after.seq }];
  for (const entry of entriesAfter(source, after)) {
    entries += 1;
    bytes += recordFrontBytes + entryContentBytes(entry);
    last = { epoch: entry.epoch, seq: entry.seq };
  }
  return { entries, bytes, last };
}

function* entriesAfter(source: BundleSource, after: Place): Generator<PlacedEntry> {
  for (let at = after; ;) {
    const page = source.outgoing(at, pageEntries);
    if (page.length === 0) return;
    yield* page;
    at = page.at(-1)!;
  }
}

/** The records of a bundle's entries, again and again the same: what is in the log stays as it is. */
export function* entryRecords(source: BundleSource, { after, entries }: Manifest): Generator<Buffer> {
  let left = entries;
  if (left === 0) return;
  for (const entry of entriesAfter(source, { epoch: after.epoch, seq: after.seq })) {
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
  const content = endContent({ entries: manifest.entries, blobs: manifest.blobs.length, sha256 });
  return Buffer.concat([recordFront('end', endBytes), content]);
}
