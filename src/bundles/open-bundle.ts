import {
  ageHeaderBytesMax,
  ageHeaderLength,
  nonceBytes,
  openAgeHeader,
  type AgeIdentity,
} from './age-keys.ts';
import { openPiece, payloadKey, pieceBytes, pieceCount, plainSize, sealedPieceBytes } from './age-payload.ts';
import { BundleError } from './errors.ts';
import { passed } from './flat-memory.ts';
import { malformed } from './malformed.ts';
import { damageOf } from './inspect.ts';
import { partBytes } from './part-bytes.ts';
import { manifestBytesMax, Manifest, readRecordFront, recordFrontBytes } from './records.ts';
import type { FoundBundle } from './scan.ts';

/** A bundle whose seal was opened: its inside, readable at any place. */
export interface OpenBundle extends AsyncDisposable {
  readonly found: FoundBundle;
  readonly manifest: Manifest;
  /** Where the first record after the manifest begins. */
  readonly begin: number;
  readonly sizeBytes: number;
  /** Exactly `length` bytes of the inside. @throws {BundleError} BUNDLE_PART_MISSING, BUNDLE_PART_DAMAGED, BUNDLE_MALFORMED */
  read(offset: number, length: number): Promise<Buffer>;
  /** The same for at most `stretchBytesMax` bytes, which are good until the next stretch is read. */
  readStretch(offset: number, length: number): Promise<Buffer>;
}

/** The longest stretch that is read at once. */
export const stretchBytesMax = 1024 * 1024;

/**
 * Opens the seal of a bundle and reads its manifest. An open bundle brings the key for that itself.
 *
 * @throws {BundleError} BUNDLE_PART_MISSING, BUNDLE_PART_DAMAGED, BUNDLE_NOT_FOR_US, BUNDLE_MALFORMED
 */
export async function openBundle(found: FoundBundle, ours: AgeIdentity): Promise<OpenBundle> {
  const { facts } = found;
  const identity = facts.format === 2 ? [facts.open.identity] : ours;
  const bytes = partBytes(found);
  try {
    const { sizeBytes } = bytes;
    const start = await bytes.read(0, Math.min(ageHeaderBytesMax, sizeBytes));
    const headerBytes = ageHeaderLength(start);
    // A changed byte in the header is told from a header of another make by the part it is in.
    const firstPart = found.parts.get(1);
    const refuseDamage = async (): Promise<void> => {
      if (firstPart !== undefined && (await damageOf(firstPart)) !== undefined) throw bytes.damaged(0, 1);
    };
    if (headerBytes === undefined) {
      await refuseDamage();
      throw malformed(found, 'its content is not an age file');
    }
    let fileKey: Uint8Array;
    try {
      fileKey = await openAgeHeader(start.subarray(0, headerBytes), identity);
    } catch (cause) {
      await refuseDamage();
      if (facts.format === 2) throw malformed(found, 'the key in its envelope does not open it', cause);
      throw new BundleError(
        'BUNDLE_NOT_FOR_US',
        `Cannot open bundle ${facts.number} from ${facts.from.name}: it is not sealed to this instance's key`,
        {
          hint: 'If this instance was made anew or its keys were replaced, pair again and ask for a new bundle.',
          details: { bundle: facts.number, id: facts.id },
          cause,
        },
      );
    }
    const payloadAt = headerBytes + nonceBytes;
    const plainBytes = plainSize(sizeBytes - payloadAt);
    if (plainBytes === undefined) throw malformed(found, 'its length is that of no age file');
    const key = payloadKey({ fileKey, nonce: await bytes.read(headerBytes, nonceBytes) });
    const pieces = pieceCount(plainBytes);
    let kept: { readonly at: number; readonly plain: Buffer } | undefined;

    /** Opens pieces `first` to `last`, both included, one after the other. */
    const openPieces = async (
      { first, last, into }: { first: number; last: number; into?: Buffer },
      take: (plain: Buffer, at: number) => void,
    ): Promise<void> => {
      const from = payloadAt + first * sealedPieceBytes;
      const to = Math.min(sizeBytes, payloadAt + (last + 1) * sealedPieceBytes);
      const sealed = await bytes.read(from, to - from, into);
      for (let at = first; at <= last; at += 1) {
        const offset = (at - first) * sealedPieceBytes;
        const piece = sealed.subarray(offset, offset + sealedPieceBytes);
        const plain = openPiece(key, { at, last: at === pieces - 1 }, piece);
        if (plain === undefined) throw bytes.damaged(from + offset, piece.length);
        take(plain, at);
      }
    };

    const pieceAt = async (at: number): Promise<Buffer> => {
      if (kept?.at !== at) await openPieces({ first: at, last: at }, (plain) => (kept = { at, plain }));
      return kept!.plain;
    };

    const readInto = async (offset: number, target: Buffer, into?: Buffer): Promise<void> => {
      if (offset + target.length > plainBytes) throw malformed(found, 'a record reaches beyond its end');
      if (target.length === 0) return;
      const first = Math.floor(offset / pieceBytes);
      const last = Math.floor((offset + target.length - 1) / pieceBytes);
      const copy = (plain: Buffer, at: number): void => {
        const from = at * pieceBytes - offset;
        plain.copy(target, Math.max(0, from), Math.max(0, -from), target.length - from);
      };
      // Small records follow one another within a piece.
      if (first === last) copy(await pieceAt(first), first);
      else await openPieces({ first, last, ...(into && { into }) }, copy);
    };

    const read = async (offset: number, length: number): Promise<Buffer> => {
      if (offset + length > plainBytes) throw malformed(found, 'a record reaches beyond its end');
      const target = Buffer.allocUnsafe(length);
      await readInto(offset, target);
      return target;
    };

    // Stretches of blobs come one by one and are large: they share their memory.
    let stretch: Buffer | undefined;
    let sealedStretch: Buffer | undefined;
    const readStretch = async (offset: number, length: number): Promise<Buffer> => {
      stretch ??= Buffer.allocUnsafe(stretchBytesMax);
      sealedStretch ??= Buffer.allocUnsafe((stretchBytesMax / pieceBytes + 2) * sealedPieceBytes);
      const target = stretch.subarray(0, length);
      await readInto(offset, target, sealedStretch);
      passed(length);
      return target;
    };

    const { manifest, begin } = await readManifest(found, read);
    return {
      found,
      manifest,
      begin,
      sizeBytes: plainBytes,
      read,
      readStretch,
      [Symbol.asyncDispose]: () => bytes[Symbol.asyncDispose](),
    };
  } catch (error) {
    await bytes[Symbol.asyncDispose]();
    throw error;
  }
}

async function readManifest(
  found: FoundBundle,
  read: OpenBundle['read'],
): Promise<{ manifest: Manifest; begin: number }> {
  const front = readRecordFront(await read(0, recordFrontBytes));
  if ('unfit' in front) throw malformed(found, front.unfit);
  if (front.kind !== 'manifest' || front.contentBytes > manifestBytesMax)
    throw malformed(found, 'it does not begin with a manifest');
  const text = await read(recordFrontBytes, front.contentBytes);
  let manifest: Manifest;
  try {
    manifest = Manifest.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text)));
  } catch (cause) {
    throw malformed(found, 'its manifest can not be read', cause);
  }
  const { facts } = found;
  const says = [manifest.id, manifest.number, manifest.link, manifest.from, manifest.to];
  const to = facts.format === 1 ? facts.to.instance : null;
  const shows = [facts.id, facts.number, facts.link, facts.from.instance, to];
  if (says.join(' ') !== shows.join(' '))
    throw malformed(found, 'what is sealed in it is not what its envelope says');
  return { manifest, begin: recordFrontBytes + front.contentBytes };
}
