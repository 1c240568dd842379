import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openIncomingPieces, type BlobPiece, type IncomingPieces } from '../../src/sync/blob-pieces.ts';
import { stretchesOf } from '../../src/sync/blob-stretches.ts';
import { openIncomingBlob } from '../../src/sync/blobs.ts';
import type { BlobParcel } from '../../src/sync/index.ts';
import { scratch } from './folder-support.ts';
import { someBlob } from './transport-contract.ts';

let dir: ReturnType<typeof scratch>;
let path: string;
beforeEach(() => {
  dir = scratch();
  path = join(dir.path, 'incoming', 'partial');
});
afterEach(() => dir[Symbol.dispose]());

const { bytes, named } = someBlob(30_000, 30_000);
const sha256 = (part: Uint8Array): string => createHash('sha256').update(part).digest('hex');

/** The pieces between these cuts. */
function cutAt(cuts: readonly number[]): BlobPiece[] {
  const all = [...new Set([0, ...cuts, named.sizeBytes])].toSorted((a, b) => a - b);
  return all.slice(1).map((to, at) => {
    const offset = all[at]!;
    const part = bytes.subarray(offset, to);
    const length = to - offset;
    return length < 256 ? { offset, length, bytes: part } : { offset, length, digest: sha256(part) };
  });
}

const pieces = cutAt([80, 5000, 5100, 9000, 9000, 21_000, 21_090, 29_000]);
const parcel = (from: number, to: number): BlobParcel => ({
  kind: 'blob',
  ...named,
  offset: from,
  bytes: bytes.subarray(from, to),
});
const opened = (): Promise<IncomingPieces> => openIncomingPieces(named, path, pieces);
const cuts = fc.uniqueArray(fc.integer({ min: 1, max: named.sizeBytes - 1 }), { maxLength: 12 });

async function expectWhole(incoming: IncomingPieces): Promise<void> {
  expect([incoming.complete, incoming.missing()]).toEqual([true, []]);
  expect(await incoming.isWhole()).toBe(true);
  expect(readFileSync(incoming.path).equals(bytes)).toBe(true);
}

describe('a listed blob that comes', () => {
  test('is whole when its bytes came, however they were cut and in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(cuts, fc.infiniteStream(fc.nat()), async (at, chance) => {
        rmSync(join(dir.path, 'incoming'), { recursive: true, force: true });
        const ends = [0, ...at.toSorted((a, b) => a - b), named.sizeBytes];
        const parcels = ends.slice(1).map((to, index) => parcel(ends[index]!, to));
        let incoming = await opened();
        const left = [...parcels];
        while (left.length > 0) {
          const [next] = left.splice((chance.next().value ?? 0) % left.length, 1);
          expect(await incoming.accept(next!)).toMatch(/kept|had/);
        }
        await expectWhole(incoming);
        incoming = await opened();
        await expectWhole(incoming);
      }),
      { numRuns: 15 },
    );
  });

  test('goes on at the last chunk after a cut or a kill at any of them', async () => {
    const whole = pieces.filter((piece) => 'digest' in piece);
    for (const stop of whole.keys()) {
      rmSync(join(dir.path, 'incoming'), { recursive: true, force: true });
      const first = await opened();
      for (const { offset, length } of whole.slice(0, stop))
        await first.accept(parcel(offset, offset + length));
      // What a kill leaves of the next one.
      const torn = whole[stop]!;
      writeFileSync(first.path, bytes.subarray(torn.offset, torn.offset + 50), { flag: 'r+' });
      const again = await opened();
      expect(again.missing()).toHaveLength(whole.length - stop);
      for (const index of again.missing()) {
        const { offset, length } = pieces[index]!;
        await again.accept(parcel(offset, offset + length));
      }
      await expectWhole(again);
    }
  });

  test('keeps of what came before its list what is right', async () => {
    const before = await openIncomingBlob(named, path);
    await before.accept(parcel(0, 9000));
    const wrong = Buffer.from(bytes.subarray(9000, 21_000));
    wrong[77] = wrong[77]! ^ 1;
    await before.accept({ ...parcel(9000, 21_000), bytes: wrong });
    const incoming = await opened();
    expect(incoming.missing().map((index) => pieces[index]!.offset)).toEqual([9000, 21_090, 29_000]);
    expect([existsSync(path), existsSync(`${path}.parts`)]).toEqual([false, false]);
  });

  test('takes found pieces only if they are those of the list', async () => {
    const incoming = await opened();
    const [first, second] = incoming.missing();
    const right = pieces[first!]!;
    await incoming.put([
      { index: first!, bytes: bytes.subarray(right.offset, right.offset + right.length) },
      { index: second!, bytes: Buffer.alloc(pieces[second!]!.length) },
    ]);
    expect(incoming.missing()).not.toContain(first);
    expect(incoming.missing()).toContain(second);
  });

  test('begins again where its file was lost or cut', async () => {
    const incoming = await opened();
    await incoming.accept(parcel(0, named.sizeBytes));
    truncateSync(incoming.path, 9500);
    expect((await opened()).missing().map((index) => pieces[index]!.offset)).toEqual([9000, 21_090, 29_000]);
    await incoming.discard();
    expect(existsSync(incoming.path)).toBe(false);
    expect((await opened()).heldBytes).toBe(80 + 100 + 90);
  });

  test('may be empty', async () => {
    const none = { digest: sha256(new Uint8Array()), sizeBytes: 0, attempt: 0 };
    const incoming = await openIncomingPieces(none, path, []);
    expect([incoming.complete, await incoming.isWhole()]).toEqual([true, true]);
  });
});

describe('T-54 T-08 what is not as listed', () => {
  test('is refused with the chunk it is in, whichever byte was changed, and the rest is kept', async () => {
    await fc.assert(
      fc.asyncProperty(
        cuts,
        fc.nat(named.sizeBytes - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, place, flip) => {
          rmSync(join(dir.path, 'incoming'), { recursive: true, force: true });
          const changed = Buffer.from(bytes);
          changed[place] = changed[place]! ^ flip;
          const hit = pieces.findIndex(({ offset, length }) => offset <= place && place < offset + length);
          const isListed = 'bytes' in pieces[hit]!;
          const ends = [0, ...at.toSorted((a, b) => a - b), named.sizeBytes];
          const incoming = await opened();
          const damaged: number[] = [];
          for (const [index, from] of ends.slice(0, -1).entries()) {
            const outcome = await incoming.accept({
              ...parcel(from, ends[index + 1]!),
              bytes: changed.subarray(from, ends[index + 1]),
            });
            if (typeof outcome === 'object') damaged.push(...(outcome.damaged ?? []));
          }
          // What stands in the list need not come, and is right whatever comes.
          expect(damaged).toEqual(isListed ? [] : [hit]);
          expect(incoming.missing()).toEqual(damaged);
          const { offset, length } = pieces[hit]!;
          await incoming.accept(parcel(offset, offset + length));
          await expectWhole(incoming);
        },
      ),
      { numRuns: 40 },
    );
  });

  test.each([
    ['longer than announced', { offset: 29_000, bytes: Buffer.alloc(1001) }],
    ['far beyond the end', { offset: 2 ** 40, bytes: Buffer.alloc(10) }],
    ['empty', { bytes: Buffer.alloc(0) }],
    ['of another size', { sizeBytes: 30_001 }],
    ['of another blob', { digest: 'ab'.repeat(32) }],
  ])('a chunk %s is refused and not written', async (_, wrong) => {
    const incoming = await opened();
    const before = statSync(incoming.path).size;
    expect(await incoming.accept({ ...parcel(80, 5000), ...wrong })).toMatchObject({
      refused: expect.any(String),
    });
    expect(statSync(incoming.path).size).toBe(before);
  });

  test('crumbs without end take no more memory than a few do', async () => {
    const even = cutAt(Array.from({ length: 99 }, (_, index) => (index + 1) * 300));
    const incoming = await openIncomingPieces(named, path, even);
    const outcomes = new Set<string>();
    for (let offset = 10; offset < named.sizeBytes; offset += 300) {
      const outcome = await incoming.accept(parcel(offset, offset + 2));
      outcomes.add(typeof outcome === 'object' ? outcome.refused : outcome);
    }
    expect([...outcomes]).toEqual(['kept', 'it cuts its pieces, and too many lie here cut']);
    await incoming.accept(parcel(0, named.sizeBytes));
    await expectWhole(incoming);
  });
});

describe('the stretches of a listed blob', () => {
  const some = fc.array(fc.boolean(), { minLength: pieces.length, maxLength: pieces.length });
  const most = fc.integer({ min: 4096, max: 40_000 });

  test('hold all that is wanted, once, and none is too long', () => {
    fc.assert(
      fc.property(some, most, (wanted, bytesMax) => {
        const stretches = stretchesOf(pieces, (index) => wanted[index]!, bytesMax);
        let end = 0;
        for (const { offset, length } of stretches) {
          expect(offset).toBeGreaterThanOrEqual(end);
          expect(length).toBeGreaterThan(0);
          expect(length).toBeLessThanOrEqual(bytesMax);
          end = offset + length;
        }
        const holds = (at: number): boolean =>
          stretches.some(({ offset, length }) => offset <= at && at < offset + length);
        for (const [index, { offset, length }] of pieces.entries())
          if (wanted[index]) expect([holds(offset), holds(offset + length - 1)]).toEqual([true, true]);
      }),
    );
  });

  test('of all, and of all that is not in the list, begin at the same places', () => {
    for (const bytesMax of [16_384, 20_000, 40_000]) {
      const all = stretchesOf(pieces, () => true, bytesMax);
      expect(stretchesOf(pieces, (index) => 'digest' in pieces[index]!, bytesMax)).toEqual(all);
      expect(all.reduce((sum, { length }) => sum + length, 0)).toBe(named.sizeBytes);
    }
  });

  test('of a little are little', () => {
    const large = pieces.findIndex(({ offset }) => offset === 9000);
    const [only, ...others] = stretchesOf(pieces, (index) => index === large, 40_000);
    expect(others).toEqual([]);
    expect(only).toEqual({ offset: 9000, length: 12_090 });
  });
});
