import type { BlobPiece } from './blob-pieces.ts';

export type Stretch = { readonly offset: number; readonly length: number };

/** A stretch of a listed blob fits one message of a hub, whatever is usual elsewhere. */
export const stretchBytesMax = 512 * 1024;
/** So much between two wanted pieces is cheaper sent along than a parcel of its own. */
const gapBytesMax = 4096;

/**
 * The stretches that hold the wanted pieces. Where a stretch can begin and end is fixed by the pieces alone: what is
 * wanted beside them changes nothing, so that what is on its way already is known again. If all pieces are wanted, the
 * stretches are the whole blob.
 */
export function stretchesOf(
  pieces: readonly BlobPiece[],
  isWanted: (index: number) => boolean,
  bytesMax: number,
): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (let first = 0; first < pieces.length;) {
    const next = endOfGroup(pieces, first, bytesMax);
    for (const { from, to } of runsIn(pieces, first, next, isWanted))
      for (let offset = from; offset < to; offset += bytesMax)
        stretches.push({ offset, length: Math.min(bytesMax, to - offset) });
    first = next;
  }
  return stretches;
}

function endOfGroup(pieces: readonly BlobPiece[], first: number, bytesMax: number): number {
  let [next, sizeBytes] = [first, 0];
  for (; next < pieces.length; next++) {
    sizeBytes += pieces[next]!.length;
    if (sizeBytes > bytesMax && next > first) break;
  }
  return next;
}

/** Wanted bytes of one group; what stands in the list goes along with its neighbour. */
function runsIn(
  pieces: readonly BlobPiece[],
  first: number,
  next: number,
  isWanted: (index: number) => boolean,
): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  let listedFrom: number | undefined;
  for (let index = first; index < next; index++) {
    const piece = pieces[index]!;
    const last = runs.at(-1);
    const end = piece.offset + piece.length;
    if ('bytes' in piece && !isWanted(index)) {
      listedFrom ??= piece.offset;
      if (last?.to === piece.offset) last.to = end;
      continue;
    }
    if (isWanted(index)) {
      const from = listedFrom ?? piece.offset;
      if (last && from - last.to <= gapBytesMax) last.to = end;
      else runs.push({ from, to: end });
    }
    listedFrom = undefined;
  }
  return runs;
}
