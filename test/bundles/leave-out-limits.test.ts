import { expect, test } from 'vitest';
import { leaveOutPieces, type BundledBlob } from '../../src/bundles/index.ts';
import { Manifest, stretchesMax } from '../../src/bundles/records.ts';

const pieceBytes = 8192;
const pieceCount = 50_000;
const hex = (n: number): string => n.toString(16).padStart(64, '0');
/** Blobs of which every other piece is at the receiver. */
const blobs = Array.from({ length: 3 }, (_, n): BundledBlob => ({
  digest: hex(n),
  sizeBytes: pieceBytes * pieceCount,
  attempt: 0,
  kind: 'package',
  name: `Orders.Part${n} 1.0.0`,
}));

test('a bundle of very many stretches carries packages as a whole rather than a manifest that nobody reads', async () => {
  const { blobs: carried } = await leaveOutPieces(blobs, {
    listOf: (digest) => ({ list: hex(1000 + Number.parseInt(digest, 16)), listHeld: true }),
    owedPieces: (digest) => {
      const first = pieceCount * (1 + Number.parseInt(digest, 16));
      const pieces = Array.from({ length: pieceCount }, (_, n) => ({
        offset: n * pieceBytes,
        length: pieceBytes,
        digest: hex(first + n),
      }));
      const heldThere = new Set<number>();
      for (let n = 0; n < pieceCount; n += 2) heldThere.add(n);
      return Promise.resolve({
        pieces,
        knowsLists: true,
        heldThere,
        heldIn: [hex(2000)],
        asked: new Set<number>(),
        asks: 0,
      });
    },
  });
  const stretches = carried.map((blob) => blob.stretches?.length ?? 0);
  expect(stretches[0]).toBe(pieceCount / 2);
  expect(stretches.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(stretchesMax);
  expect(Manifest.shape.blobs.safeParse(carried).success).toBe(true);
});
