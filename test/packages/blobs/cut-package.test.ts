import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cutPackage,
  decodeChunkList,
  encodeChunkList,
  packNupkg,
  piecesInBoth,
  type ChunkList,
  type Piece,
} from '../../../src/packages/index.ts';
import { buildZip, temporaryFolder, type RawEntry } from '../../support/build-nupkg.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A file's list, with everything that must hold for any file already looked at. */
async function cut(bytes: Buffer): Promise<ChunkList> {
  using folder = temporaryFolder();
  const file = folder.file('package');
  writeFileSync(file, bytes);
  const digest = sha256(bytes);
  const made = await cutPackage(file, digest);
  const list = decodeChunkList(made, { digest, sizeBytes: bytes.length })!;
  expect(list).toBeDefined();
  expect(Buffer.compare(encodeChunkList(list), made)).toBe(0);
  let at = 0;
  for (const piece of list.pieces) {
    expect(piece.offset).toBe(at);
    const part = bytes.subarray(at, at + piece.length);
    expect('bytes' in piece ? sha256(piece.bytes) : piece.digest).toBe(sha256(part));
    expect('bytes' in piece).toBe(piece.length < 256);
    at += piece.length;
  }
  expect(at).toBe(bytes.length);
  return list;
}

const entry = (name: string, sizeBytes: number, dosTime = 0): RawEntry => ({
  name,
  content: createHash('shake256', { outputLength: sizeBytes }).update(name).digest(),
  stored: true,
  both: { dosTime },
});
const zip = (entries: readonly RawEntry[]): Buffer => buildZip(entries);
const sharedBytes = (list: ChunkList, other: ChunkList): number =>
  [...piecesInBoth(list, other).keys()].reduce((sum, index) => sum + list.pieces[index]!.length, 0);

describe('a package is cut', () => {
  test('the same each time, with every byte in exactly one piece', async () => {
    const bytes = zip([entry('a.dll', 40_000), entry('b.txt', 10), entry('c.bin', 1_300_000)]);
    expect(await cut(bytes)).toEqual(await cut(bytes));
  });

  test('at its entries, so that equal files are equal chunks wherever they stand and whenever they were touched', async () => {
    const before = await cut(zip([entry('a.dll', 40_000), entry('b.dll', 600_000), entry('c.dll', 50_000)]));
    const after = await cut(
      zip([entry('new.dll', 30_000), entry('b.dll', 600_000, 77), entry('c.dll', 50_000, 78)]),
    );
    expect(sharedBytes(after, before)).toBe(650_000);
  });

  test('into pieces that fit a message together with the header before them', async () => {
    const { pieces } = await cut(zip([entry('large.bin', 2_000_000)]));
    expect(Math.max(...pieces.map(({ length }) => length))).toBe(508 * 1024);
  });

  test('every 508 KiB where it is no archive that can be believed', async () => {
    const { pieces } = await cut(randomBytes(1_200_000));
    expect(pieces.map(({ length }) => length)).toEqual([520_192, 520_192, 159_616]);
    expect((await cut(Buffer.alloc(0))).pieces).toEqual([]);
  });

  test('as packed, and shares with its next version all but what changed, headers and the directory', async () => {
    using folder = temporaryFolder();
    const pack = async (version: string, settings: string): Promise<Buffer> => {
      const outFile = folder.file(`${version}.nupkg`);
      const files = [
        { path: 'app/main.dll', bytes: randomLike('main', 300_000) },
        { path: 'app/settings.json', bytes: Buffer.from(settings) },
      ];
      await packNupkg({ id: 'Shop', version, files, outFile });
      return readFileSync(outFile);
    };
    const [older, newer] = [await cut(await pack('1.0.0', 'a')), await cut(await pack('1.1.0', 'b'))];
    expect(newer.sizeBytes - sharedBytes(newer, older)).toBeLessThan(5000);
  });
});

const randomLike = (seed: string, sizeBytes: number): Buffer =>
  createHash('shake256', { outputLength: sizeBytes }).update(seed).digest();

describe('bytes are a chunk list', () => {
  const of = { digest: sha256(Buffer.from('x')), sizeBytes: 0 };
  const listOf = (lengths: readonly number[]): ChunkList => {
    let offset = 0;
    const pieces = lengths.map((length): Piece => {
      const at = offset;
      offset += length;
      return length < 256
        ? { offset: at, length, bytes: randomLike(String(at), length) }
        : { offset: at, length, digest: sha256(Buffer.from(String(at))) };
    });
    return { ...of, sizeBytes: offset, pieces };
  };
  const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 600 }), fc.constant(524_288)), {
    maxLength: 12,
  });

  test('T-08 only as they were written: cut, longer or changed they are none, or say something else', () => {
    fc.assert(
      fc.property(lengths, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, position, flip) => {
        const list = listOf(given);
        const bytes = Buffer.from(encodeChunkList(list));
        const where = { digest: list.digest, sizeBytes: list.sizeBytes };
        expect(Buffer.compare(encodeChunkList(decodeChunkList(bytes, where)!), bytes)).toBe(0);
        expect(decodeChunkList(bytes.subarray(0, position % bytes.length), where)).toBeUndefined();
        expect(decodeChunkList(Buffer.concat([bytes, Buffer.alloc(1)]), where)).toBeUndefined();
        const changed = Buffer.from(bytes);
        const at = position % bytes.length;
        changed[at] = changed[at]! ^ flip;
        const read = decodeChunkList(changed, where);
        // What still reads covers the package exactly, and is the other list that it says to be.
        if (read) {
          expect(read.pieces.reduce((sum, { length }) => sum + length, 0)).toBe(list.sizeBytes);
          expect(Buffer.compare(encodeChunkList(read), changed)).toBe(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('T-08 only with as many pieces as they have, however many they say', () => {
    const list = listOf([300, 300]);
    const bytes = Buffer.from(encodeChunkList(list));
    bytes.writeUInt32BE(0xffff_ffff, 12);
    expect(decodeChunkList(bytes, list)).toBeUndefined();
    expect(decodeChunkList(randomBytes(500), list)).toBeUndefined();
  });

  test('only of the package they name', () => {
    const list = listOf([300, 20]);
    const bytes = encodeChunkList(list);
    expect(decodeChunkList(bytes, { ...list, digest: sha256(Buffer.from('y')) })).toBeUndefined();
    expect(decodeChunkList(bytes, { ...list, sizeBytes: 321 })).toBeUndefined();
  });
});
