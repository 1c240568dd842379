import { createHash } from 'node:crypto';
import type { SealedEntry } from '../events/index.ts';
import type { BlobParcel, EntriesRow, NamedBlob, Place, PlacedEntry, Stretch } from '../sync/index.ts';
import { malformed } from './malformed.ts';
import type { OpenBundle } from './open-bundle.ts';
import {
  blobRecordFront,
  carriedBytes,
  carriedStretches,
  endBytes,
  entriesInside,
  readEnd,
  readEntry,
  readRecordFront,
  recordFrontBytes,
  type BlobFront,
  type RecordKind,
} from './records.ts';

/** Entries that are handed over together have at most so many bytes, one entry aside. */
const batchBytes = 1024 * 1024;
const batchEntries = 256;

/** Entries of one epoch in a row, and where in the bundle they end. */
export type Batch = Place & EntriesRow & { readonly entries: readonly SealedEntry[]; readonly end: number };

/** A blob in the bundle, and where its bytes are. */
export type PlacedBlob = BlobFront & { readonly at: number };

/** What follows the entries. */
export type Rest = {
  readonly head: Uint8Array | undefined;
  readonly blobs: readonly PlacedBlob[];
  /** Throws where the end is not that of this content, or not here. */
  readonly checkEnd: () => Promise<void>;
};

/**
 * Goes through the records of an open bundle, once: the entries, then what follows them. Bytes of blobs are passed
 * over, so that it costs the same however large they are.
 */
export interface RecordReader {
  /** The next entries in a row; undefined when there are no more. @throws {BundleError} BUNDLE_MALFORMED, BUNDLE_PART_DAMAGED … */
  nextEntries(): Promise<Batch | undefined>;
  /**
   * Head and blobs, once the last entry was handed over. Where the blobs are follows from the manifest, so that those
   * behind a missing part are found too.
   */
  rest(): Promise<Rest>;
}

export function recordReader(bundle: OpenBundle): RecordReader {
  const { found, manifest } = bundle;
  const hash = createHash('sha256');
  let at = bundle.begin;
  let hashedManifest = false;
  let head: Uint8Array | undefined;
  let [entries, handedOver] = [0, 0];
  let waiting: { readonly entry: PlacedEntry; readonly end: number } | undefined;
  let ended = false;
  let hindered: { readonly by: unknown } | undefined;

  const hashManifest = async (): Promise<void> => {
    if (hashedManifest) return;
    hashedManifest = true;
    hash.update(await bundle.read(0, bundle.begin));
  };

  const frontAt = async (
    offset: number,
  ): Promise<{ kind: RecordKind; contentBytes: number; bytes: Buffer }> => {
    const bytes = await bundle.read(offset, recordFrontBytes);
    const front = readRecordFront(bytes);
    if ('unfit' in front) throw malformed(found, front.unfit);
    if (front.contentBytes > bundle.sizeBytes - offset - recordFrontBytes)
      throw malformed(found, 'a record reaches beyond its end');
    return { ...front, bytes };
  };

  /** The next entry, and where its record ends. */
  const nextEntry = async (): Promise<typeof waiting> => {
    if (waiting !== undefined) {
      const next = waiting;
      waiting = undefined;
      return next;
    }
    await hashManifest();
    while (!ended) {
      const { kind, contentBytes, bytes } = await frontAt(at);
      if (kind !== 'head' && kind !== 'entry') {
        ended = true;
        break;
      }
      const content = await bundle.read(at + recordFrontBytes, contentBytes);
      hash.update(bytes).update(content);
      at += recordFrontBytes + contentBytes;
      if (kind === 'head') {
        if (head !== undefined || entries > 0) throw malformed(found, 'its head is not in its place');
        head = content;
        continue;
      }
      entries += 1;
      if (entries > entriesInside(manifest)) throw malformed(found, 'it has more entries than it says');
      return { entry: readEntry(content), end: at };
    }
    return undefined;
  };

  return {
    async nextEntries() {
      const batch: SealedEntry[] = [];
      let [first, sizeBytes, end]: [Place | undefined, number, number] = [undefined, 0, at];
      if (hindered !== undefined) throw hindered.by;
      for (;;) {
        let next: typeof waiting;
        try {
          next = await nextEntry();
        } catch (by) {
          // What stands before the damage is whole, and handed over first.
          if (batch.length === 0) throw by;
          hindered = { by };
          break;
        }
        if (next === undefined) break;
        // Behind ours begins another feed.
        const isOfOtherFeed = handedOver + batch.length === manifest.entries;
        const isNextInRow =
          first === undefined ||
          (!isOfOtherFeed && next.entry.epoch === first.epoch && next.entry.seq === first.seq + batch.length);
        sizeBytes += next.entry.bytes.length;
        if (!isNextInRow || batch.length >= batchEntries || (batch.length > 0 && sizeBytes > batchBytes)) {
          waiting = next;
          break;
        }
        first ??= { epoch: next.entry.epoch, seq: next.entry.seq };
        end = next.end;
        batch.push(next.entry);
      }
      const row = handedOver >= manifest.entries ? ({ givenBack: true } as const) : {};
      handedOver += batch.length;
      return first === undefined ? undefined : { ...first, ...row, entries: batch, end };
    },
    async rest() {
      while ((await this.nextEntries()) !== undefined);
      const inside = entriesInside(manifest);
      if (entries !== inside) throw malformed(found, `${entries} of its ${inside} entries are there`);
      const blobs: PlacedBlob[] = [];
      for (const blob of manifest.blobs) {
        const front = blobRecordFront(blob);
        hash.update(front);
        blobs.push({ ...blob, at: at + front.length });
        at += front.length + carriedBytes(blob);
      }
      if (at + recordFrontBytes + endBytes !== bundle.sizeBytes)
        throw malformed(found, 'its blobs are not those of its manifest');
      const sha256 = hash.digest('hex');
      return { head, blobs, checkEnd: () => checkEnd(bundle, at, sha256) };
    },
  };
}

async function checkEnd(bundle: OpenBundle, at: number, sha256: string): Promise<void> {
  const { found, manifest } = bundle;
  const front = readRecordFront(await bundle.read(at, recordFrontBytes));
  if ('unfit' in front || front.kind !== 'end') throw malformed(found, 'its end record is not in its place');
  const end = readEnd(await bundle.read(at + recordFrontBytes, endBytes));
  if (end.entries !== entriesInside(manifest) || end.blobs !== manifest.blobs.length || end.sha256 !== sha256)
    throw malformed(found, 'its end record is of another content');
}

/** A row of bytes of a blob, and where in the bundle it is. */
export type PlacedStretch = Stretch & { readonly at: number };

/** What a bundle carries of a blob, in stretches of at most `lengthMax`. */
export function* placedStretches(blob: PlacedBlob, lengthMax: number): Generator<PlacedStretch> {
  let { at } = blob;
  for (const { offset, length } of carriedStretches(blob)) {
    for (let done = 0; done < length; done += lengthMax)
      yield { offset: offset + done, length: Math.min(lengthMax, length - done), at: at + done };
    at += length;
  }
}

/**
 * A stretch of a blob, once what stands before the blob was found to be of it. Its bytes are good until the next one
 * is read.
 */
export async function blobParcel(
  bundle: OpenBundle,
  blob: PlacedBlob,
  { offset, length, at }: PlacedStretch,
): Promise<BlobParcel> {
  const { digest, sizeBytes, attempt } = blob;
  if (at === blob.at) {
    const front = blobRecordFront(blob);
    if (!(await bundle.read(at - front.length, front.length)).equals(front))
      throw malformed(bundle.found, `the record of blob ${digest} is not in its place`);
  }
  const bytes = await bundle.readStretch(at, length);
  return { kind: 'blob', digest, sizeBytes, attempt, offset, bytes };
}

/** Whether a bundle's blob is what is wanted. */
export function isWanted(blob: PlacedBlob, wanted: readonly NamedBlob[]): boolean {
  return wanted.some(({ digest, sizeBytes }) => digest === blob.digest && sizeBytes === blob.sizeBytes);
}
