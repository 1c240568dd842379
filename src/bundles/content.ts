import { pieceBytes, pieceCount, sealedPieceBytes, sealPiece, type PayloadKey } from './age-payload.ts';
import { passed } from './flat-memory.ts';
import { beforeEntries, endRecord, entryRecords, type BundleSource, type Inside } from './plan.ts';
import { blobRecordFront, carriedStretches } from './records.ts';
import type { Stretch } from '../sync/index.ts';

/** So much of a blob is read at once. */
const readBytes = 1024 * 1024;

/** A stretch of the inside whose length is known before it is read. */
type Segment = {
  readonly sizeBytes: number;
  /** What it yields is good until the next piece is asked for. */
  read(from: number): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
};

/** The plaintext of a bundle, readable from any byte on without reading what stands before it. */
export type Plaintext = {
  readonly sizeBytes: number;
  /** What it yields is good until the next piece is asked for. */
  read(from: number): AsyncGenerator<Uint8Array>;
};

export function plaintextOf(inside: Inside, source: BundleSource): Plaintext {
  const { manifest, manifestText, head, entriesBytes } = inside;
  const segments: Segment[] = [
    ...beforeEntries(manifestText, head).map(inMemory),
    { sizeBytes: entriesBytes, read: (from) => skipping(entryRecords(source, manifest), from) },
    ...manifest.blobs.flatMap((blob) => [
      inMemory(blobRecordFront(blob)),
      ...carriedStretches(blob).map((stretch) => ({
        sizeBytes: stretch.length,
        read: (from: number) => stretchBytes(source, blob.digest, stretch, from),
      })),
    ]),
    inMemory(endRecord(inside)),
  ];
  const sizeBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  return {
    sizeBytes,
    async *read(from) {
      let skip = from;
      for (const segment of segments) {
        if (skip < segment.sizeBytes) yield* segment.read(skip);
        skip = Math.max(0, skip - segment.sizeBytes);
      }
    },
  };
}

function inMemory(bytes: Buffer): Segment {
  return { sizeBytes: bytes.length, read: (from) => [bytes.subarray(from)] };
}

function* skipping(pieces: Iterable<Buffer>, from: number): Generator<Buffer> {
  let skip = from;
  for (const piece of pieces) {
    if (skip < piece.length) yield piece.subarray(skip);
    skip = Math.max(0, skip - piece.length);
  }
}

async function* stretchBytes(
  source: BundleSource,
  digest: string,
  { offset, length }: Stretch,
  from: number,
): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(Math.min(readBytes, length));
  for (let at = from; at < length; at += readBytes)
    yield await source.openBlob(digest, offset + at, Math.min(readBytes, length - at), buffer);
}

/** The payload from sealed piece `first` on. The arrays it yields are good until the next one is asked for. */
export async function* sealedPieces(
  plaintext: Plaintext,
  key: PayloadKey,
  first: number,
): AsyncGenerator<Buffer> {
  const pieces = pieceCount(plaintext.sizeBytes);
  const gathered = Buffer.allocUnsafe(pieceBytes);
  const sealed = Buffer.allocUnsafe(sealedPieceBytes);
  let [filled, at] = [0, first];
  const seal = (plain: Uint8Array): Buffer => {
    const length = sealPiece(key, { at, last: at === pieces - 1 }, plain, sealed);
    at += 1;
    passed(length);
    return sealed.subarray(0, length);
  };
  for await (const bytes of plaintext.read(first * pieceBytes)) {
    let offset = 0;
    while (offset < bytes.length) {
      // What is whole already needs no copy.
      if (filled === 0 && bytes.length - offset >= pieceBytes) {
        yield seal(bytes.subarray(offset, offset + pieceBytes));
        offset += pieceBytes;
        continue;
      }
      const taken = Math.min(pieceBytes - filled, bytes.length - offset);
      gathered.set(bytes.subarray(offset, offset + taken), filled);
      filled += taken;
      offset += taken;
      if (filled < pieceBytes) continue;
      yield seal(gathered);
      filled = 0;
    }
  }
  if (filled > 0) yield seal(gathered.subarray(0, filled));
}

/** The bytes of a bundle's age file from `from` to `to`, without making those before. */
export async function* ageFileBytes(
  { front, plaintext, key }: { front: Uint8Array; plaintext: Plaintext; key: PayloadKey },
  from: number,
  to: number,
): AsyncGenerator<Uint8Array> {
  if (from < front.length) yield front.subarray(from, Math.min(to, front.length));
  const begin = Math.max(0, from - front.length);
  let left = to - front.length - begin;
  const first = Math.floor(begin / sealedPieceBytes);
  let skip = begin - first * sealedPieceBytes;
  if (left <= 0) return;
  for await (const piece of sealedPieces(plaintext, key, first)) {
    const wanted = piece.subarray(skip, skip + left);
    if (wanted.length > 0) yield wanted;
    left -= wanted.length;
    skip = 0;
    if (left === 0) return;
  }
}
