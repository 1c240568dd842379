import { stretchesOf, type OwedPieces } from '../sync/index.ts';
import { carriedBytes, stretchesMax, type BundledBlob } from './records.ts';

/** What the sender knows of a package and its receiver. */
export type PieceKnowledge = {
  /** How the package is cut, and which pieces the receiver said to have in others; undefined where it was not listed. */
  owedPieces(digest: string): Promise<OwedPieces | undefined>;
  /** The blob that lists its pieces, and whether the receiver said to hold it: without it, it puts nothing together. */
  listOf(digest: string): { readonly list: string; readonly listHeld: boolean } | undefined;
};

/** A package of which only a part is carried, and the packages that have the rest. */
export type LeftOut = {
  readonly blob: BundledBlob;
  readonly carriedBytes: number;
  /** Digests of the packages at the receiver, and of those in this bundle, that have what was left out. */
  readonly heldIn: readonly string[];
};

/**
 * Leaves out of packages what their receiver has by its own word: it gave a receipt for a package that has the same
 * piece, and for the lists of both, or the same bundle carries the piece already. What it asked for all the same is
 * carried, and so is a package as a whole of which nothing is proven, or which it once refused.
 */
export async function leaveOutPieces(
  blobs: readonly BundledBlob[],
  knowledge: PieceKnowledge,
): Promise<{ readonly blobs: readonly BundledBlob[]; readonly leftOut: readonly LeftOut[] }> {
  const inside = new Set(blobs.map(({ digest }) => digest));
  /** Pieces that stand in a package further ahead in this bundle, by digest: the package. */
  const ahead = new Map<string, string>();
  const leftOut: LeftOut[] = [];
  const carried: BundledBlob[] = [];
  // All stand in one manifest, whose size is bounded.
  let stretchesLeft = stretchesMax;
  for (const blob of blobs) {
    const known = blob.attempt === 0 ? await knowledge.owedPieces(blob.digest) : undefined;
    const list = knowledge.listOf(blob.digest);
    const canRead =
      known?.knowsLists === true && list !== undefined && (list.listHeld || inside.has(list.list));
    const part = canRead ? partOf(blob, known, ahead, stretchesLeft) : undefined;
    carried.push(part?.blob ?? blob);
    stretchesLeft -= part?.blob.stretches?.length ?? 0;
    if (part !== undefined) leftOut.push(part);
    if (canRead)
      for (const piece of known.pieces)
        if ('digest' in piece && !ahead.has(piece.digest)) ahead.set(piece.digest, blob.digest);
  }
  return { blobs: carried, leftOut };
}

/** What of a package must be carried; undefined where that is all of it. */
function partOf(
  blob: BundledBlob,
  { pieces, heldThere, heldIn, asked }: OwedPieces,
  ahead: ReadonlyMap<string, string>,
  stretchesLeft: number,
): LeftOut | undefined {
  const besides = new Set<string>();
  const isLacking = (index: number): boolean => {
    if (asked.has(index)) return true;
    const piece = pieces[index]!;
    if (!('digest' in piece) || heldThere.has(index)) return false;
    const other = ahead.get(piece.digest);
    if (other !== undefined) besides.add(other);
    return other === undefined;
  };
  const stretches = stretchesOf(pieces, isLacking, blob.sizeBytes);
  const part = {
    ...blob,
    stretches: stretches.map(({ offset, length }): [number, number] => [offset, length]),
  };
  if (stretches.length > stretchesLeft || carriedBytes(part) === blob.sizeBytes) return undefined;
  return { blob: part, carriedBytes: carriedBytes(part), heldIn: [...heldIn, ...besides] };
}
