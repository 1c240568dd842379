/*
 * What is inside a bundle once it is opened: records, one after the other, and nothing else.
 *
 *   offset  size
 *        0     1   kind: 1 manifest, 2 head, 3 entry, 4 blob, 5 end
 *        1     8   length of the content
 *        9     n   content
 *
 * They come in this order: one manifest, at most one head, the entries in the order of their feed, the blobs, one end.
 *
 *   manifest  JSON in UTF-8, see Manifest below
 *   head      the sender's newest signed head, 136 bytes (docs/event-format.md)
 *   entry     epoch (4), sequence (8), the bytes of the entry, its signature of 64 bytes
 *   blob      SHA-256 (32), size (8), attempt (4), then the bytes of the blob, or of those stretches that the manifest says
 *   end       number of entries (8), number of blobs (8), SHA-256 (32) of all that stands before this record but the
 *             bytes of blobs, each of which has its own in its record
 *
 * Integers are unsigned and big-endian; those of 8 bytes stay below 2^53.
 */
import { z } from 'zod';
import { Digest, entryBytesMax, headBytes, Id, signatureBytes, type SealedEntry } from '../events/index.ts';
import type { PlacedEntry, Stretch } from '../sync/index.ts';

export const recordKinds = { manifest: 1, head: 2, entry: 3, blob: 4, end: 5 } as const;
export type RecordKind = keyof typeof recordKinds;

export const recordFrontBytes = 9;
export const blobFrontBytes = 44;
export const endBytes = 48;
/** Heads have 136 bytes today. */
const headBytesMax = 8 * headBytes;
const placeBytes = 12;

/** A place in a feed; epoch and sequence 0 are before its first entry. */
export const PlaceAt = z.strictObject({ epoch: z.int().min(0), seq: z.int().min(0) });

/** A row of bytes of a blob: its offset and its length. */
const CarriedStretch = z.tuple([z.int().min(0), z.int().min(1)]);
/** So many stretches at most are carried of a blob, and of all blobs of a bundle together. */
export const stretchesMax = 50_000;

function areInOrder(stretches: readonly (readonly [number, number])[]): boolean {
  return stretches.every(([offset], at) => {
    const [before, length] = stretches[at - 1] ?? [0, 0];
    return offset >= before + length;
  });
}

/** A blob that a bundle carries, or that its sender believes the receiver to hold. */
export const BundledBlob = z.strictObject({
  digest: Digest,
  sizeBytes: z.int().min(0),
  /** What of it is carried, in ascending order without overlap; all of it where this is absent. */
  stretches: z.array(CarriedStretch).max(stretchesMax).refine(areInOrder).optional(),
  /** How often the receiver refused what came under this digest. */
  attempt: z.int().min(0).max(0xffff_ffff),
  kind: z.enum(['package', 'other']),
  /** For people: `Orders.Web 3.2.0`. */
  name: z.string().max(300),
});
export type BundledBlob = z.infer<typeof BundledBlob>;

/** What of a blob is inside a bundle. */
export function carriedStretches({ sizeBytes, stretches }: BlobFront): readonly Stretch[] {
  return stretches === undefined
    ? [{ offset: 0, length: sizeBytes }]
    : stretches.map(([offset, length]) => ({ offset, length }));
}

/** How many bytes of a blob are inside a bundle. */
export function carriedBytes({ sizeBytes, stretches }: BlobFront): number {
  return stretches === undefined ? sizeBytes : stretches.reduce((sum, [, length]) => sum + length, 0);
}

/** What a bundle says of itself to its receiver. */
export const Manifest = z.strictObject({
  format: z.literal(1),
  id: Id,
  number: z.int().min(1),
  link: Id,
  from: Id,
  /** The receiver; null in an open bundle alone. */
  to: Id.nullable(),
  sentAt: z.iso.datetime(),
  /** What the receiver must hold before: the last entry that is not in this bundle, and its hash. */
  after: PlaceAt.extend({ feed: Id, hash: Digest }),
  /** The last entry in this bundle; the same place as `after` where there are none. */
  last: PlaceAt,
  entries: z.int().min(0),
  /** Entries of the receiver's own feed that follow ours, after the place where it says that feed ends. */
  givenBack: z.strictObject({ after: PlaceAt, entries: z.int().min(1) }).optional(),
  blobs: z.array(BundledBlob).max(10_000),
  /** What the entries name and the receiver said to hold, so that it is not here. */
  assumed: z.array(BundledBlob).max(10_000),
});
export type Manifest = z.infer<typeof Manifest>;

/** How many entries are inside, ours and the receiver's own. */
export function entriesInside({ entries, givenBack }: Manifest): number {
  return entries + (givenBack?.entries ?? 0);
}

export const manifestBytesMax = 8 * 1024 * 1024;

const lengths: Record<RecordKind, { readonly least: number; readonly most: number }> = {
  manifest: { least: 2, most: manifestBytesMax },
  head: { least: 1, most: headBytesMax },
  entry: { least: placeBytes + signatureBytes, most: placeBytes + entryBytesMax },
  blob: { least: blobFrontBytes, most: Number.MAX_SAFE_INTEGER },
  end: { least: endBytes, most: endBytes },
};

/** The first bytes of a record. */
export function recordFront(kind: RecordKind, contentBytes: number): Buffer {
  const front = Buffer.alloc(recordFrontBytes);
  front.writeUInt8(recordKinds[kind], 0);
  front.writeBigUInt64BE(BigInt(contentBytes), 1);
  return front;
}

/** What a record's first bytes say, or why they can't be such. */
export function readRecordFront(
  front: Buffer,
): { readonly kind: RecordKind; readonly contentBytes: number } | { readonly unfit: string } {
  const code = front.readUInt8(0);
  const kind = (Object.keys(recordKinds) as RecordKind[]).find((name) => recordKinds[name] === code);
  if (kind === undefined) return { unfit: `a record is of the unknown kind ${code}` };
  const length = front.readBigUInt64BE(1);
  const { least, most } = lengths[kind];
  if (length < BigInt(least) || length > BigInt(most))
    return { unfit: `a record of the kind ${kind} says it has ${length} bytes` };
  return { kind, contentBytes: Number(length) };
}

export function entryRecord({ epoch, seq, bytes, signature }: PlacedEntry): Buffer {
  const place = Buffer.alloc(placeBytes);
  place.writeUInt32BE(epoch, 0);
  place.writeBigUInt64BE(BigInt(seq), 4);
  return Buffer.concat([
    recordFront('entry', entryContentBytes({ bytes, signature })),
    place,
    bytes,
    signature,
  ]);
}

export function entryContentBytes({ bytes, signature }: SealedEntry): number {
  return placeBytes + bytes.length + signature.length;
}

/** An entry, and the place its sender says it has: good for order, believed only once it is verified. */
export function readEntry(content: Buffer): PlacedEntry {
  return {
    epoch: content.readUInt32BE(0),
    seq: Number(content.readBigUInt64BE(4)),
    bytes: content.subarray(placeBytes, content.length - signatureBytes),
    signature: content.subarray(content.length - signatureBytes),
  };
}

/** What stands before the bytes of a blob. */
export function blobRecordFront(blob: BlobFront): Buffer {
  const { digest, sizeBytes, attempt } = blob;
  const front = Buffer.alloc(recordFrontBytes + blobFrontBytes);
  recordFront('blob', blobFrontBytes + carriedBytes(blob)).copy(front);
  front.write(digest, recordFrontBytes, 'hex');
  front.writeBigUInt64BE(BigInt(sizeBytes), recordFrontBytes + 32);
  front.writeUInt32BE(attempt, recordFrontBytes + 40);
  return front;
}

export type BlobFront = Pick<BundledBlob, 'digest' | 'sizeBytes' | 'attempt' | 'stretches'>;

export type End = { readonly entries: number; readonly blobs: number; readonly sha256: string };

export function endContent({ entries, blobs, sha256 }: End): Buffer {
  const content = Buffer.alloc(endBytes);
  content.writeBigUInt64BE(BigInt(entries), 0);
  content.writeBigUInt64BE(BigInt(blobs), 8);
  content.write(sha256, 16, 'hex');
  return content;
}

export function readEnd(content: Buffer): End {
  return {
    entries: Number(content.readBigUInt64BE(0)),
    blobs: Number(content.readBigUInt64BE(8)),
    sha256: content.toString('hex', 16, 48),
  };
}
