import type { ChunkListPin, ReleaseDocument } from '../events/index.ts';
import { chunkShelf } from '../packages/index.ts';
import type { Instance } from './open.ts';

const listedFromBytes = 64 * 1024;

/**
 * The chunk lists of a release's packages, put into the store so that they can travel: what is told beside an offer. A
 * package that is not here, or so small that a list would save nothing, has none and travels as a whole.
 */
export async function chunkListsOf(
  { blobs, holds }: Pick<Instance, 'blobs' | 'holds'>,
  { packages }: ReleaseDocument,
): Promise<ChunkListPin[]> {
  const shelf = chunkShelf(blobs);
  const pins: ChunkListPin[] = [];
  for (const { sha256, sizeBytes } of packages) {
    if (sizeBytes < listedFromBytes || !holds(sha256)) continue;
    const { bytes } = await shelf.cut(sha256);
    pins.push({ package: sha256, ...(await blobs.putBytes(bytes)) });
  }
  return pins;
}
