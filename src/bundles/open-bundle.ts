import {
  ageHeaderBytesMax,
  ageHeaderLength,
  nonceBytes,
  openAgeHeader,
  type AgeIdentity,
} from './age-keys.ts';
import { openPiece, payloadKey, pieceBytes, pieceCount, plainSize, sealedPieceBytes } from './age-payload.ts';
import { BundleError } from './errors.ts';
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
}

/**
 * Opens the seal of a bundle and reads its manifest.
 *
 * @throws {BundleError} BUNDLE_PART_MISSING, BUNDLE_PART_DAMAGED, BUNDLE_NOT_FOR_US, BUNDLE_MALFORMED
 */
export async function openBundle(found: FoundBundle, identity: AgeIdentity): Promise<OpenBundle> {
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
      throw new BundleError(
        'BUNDLE_NOT_FOR_US',
        `Cannot open bundle ${found.facts.number} from ${found.facts.from.name}: it is not sealed to this instance's key`,
        {
          hint: 'If this instance was made anew or its keys were replaced, pair again and ask for a new bundle.',
          details: { bundle: found.facts.number, id: found.facts.id },
          cause,
        },
      );
    }
    const payloadAt = headerBytes + nonceBytes;
    const plainBytes = plainSize(sizeBytes - payloadAt);
    if (plainBytes === undefined) throw malformed(found, 'its length is that of no age file');
    const key = payloadKey({ fileKey, nonce: await bytes.read(headerBytes, nonceBytes) });
    const pieces = pieceCount(plainBytes);
    let kept: { readonly first: number; readonly plain: Buffer } | undefined;

    /** Opens pieces `first` to `last`, both included. */
    const openPieces = async (first: number, last: number): Promise<Buffer> => {
      const from = payloadAt + first * sealedPieceBytes;
      const to = Math.min(sizeBytes, payloadAt + (last + 1) * sealedPieceBytes);
      const sealed = await bytes.read(from, to - from);
      const opened: Buffer[] = [];
      for (let at = first; at <= last; at += 1) {
        const offset = (at - first) * sealedPieceBytes;
        const piece = sealed.subarray(offset, offset + sealedPieceBytes);
        const plain = openPiece(key, { at, last: at === pieces - 1 }, piece);
        if (plain === undefined) throw bytes.damaged(from + offset, piece.length);
        opened.push(plain);
      }
      return opened.length === 1 ? opened[0]! : Buffer.concat(opened);
    };

    const read = async (offset: number, length: number): Promise<Buffer> => {
      if (offset + length > plainBytes) throw malformed(found, 'a record reaches beyond its end');
      if (length === 0) return Buffer.alloc(0);
      const [first, last] = [Math.floor(offset / pieceBytes), Math.floor((offset + length - 1) / pieceBytes)];
      // Small records follow one another within a piece.
      if (first === last) {
        if (kept?.first !== first) kept = { first, plain: await openPieces(first, last) };
        return kept.plain.subarray(offset - first * pieceBytes, offset - first * pieceBytes + length);
      }
      const plain = await openPieces(first, last);
      const lastPlain = plain.subarray((last - first) * pieceBytes);
      kept = { first: last, plain: lastPlain };
      return plain.subarray(offset - first * pieceBytes, offset - first * pieceBytes + length);
    };

    const { manifest, begin } = await readManifest(found, read);
    return {
      found,
      manifest,
      begin,
      sizeBytes: plainBytes,
      read,
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
  const shows = [facts.id, facts.number, facts.link, facts.from.instance, facts.to.instance];
  if (says.join(' ') !== shows.join(' '))
    throw malformed(found, 'what is sealed in it is not what its envelope says');
  return { manifest, begin: recordFrontBytes + front.contentBytes };
}
