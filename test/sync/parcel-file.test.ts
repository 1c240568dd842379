import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeParcelFile, encodeParcelFile, type Parcel } from '../../src/sync/index.ts';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const parcel: fc.Arbitrary<Parcel> = fc.oneof(
  fc.record({ kind: fc.constant('head' as const), bytes }),
  fc.record({
    kind: fc.constant('entries' as const),
    givenBack: fc.constant(true as const),
    epoch: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    firstSeq: fc.constant(1),
    entries: fc.constant([{ bytes: Buffer.from('abc'), signature: Buffer.from([1, 2]) }]),
  }),
  fc.record({
    kind: fc.constant('entries' as const),
    epoch: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    firstSeq: fc.integer({ min: 1, max: 2 ** 48 }),
    entries: fc.array(fc.record({ bytes, signature: bytes }), { minLength: 1, maxLength: 10 }),
  }),
  fc.record({
    kind: fc.constant('blob' as const),
    digest: fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((array) => Buffer.from(array).toString('hex')),
    sizeBytes: fc.maxSafeNat(),
    attempt: fc.nat(),
    offset: fc.maxSafeNat(),
    bytes,
  }),
);

describe('a parcel file', () => {
  // For whoever writes a second implementation; the format stands at the top of src/sync/parcel-file.ts.
  test.each<[string, Parcel, string]>([
    [
      'a head of two bytes',
      { kind: 'head', bytes: Buffer.from([0xca, 0xfe]) },
      '434750415243454c0102000000000002cafeea8ddd95',
    ],
    [
      'one entry of three bytes with a signature of two',
      {
        kind: 'entries',
        epoch: 1,
        firstSeq: 7,
        entries: [{ bytes: Buffer.from('abc'), signature: Buffer.from([1, 2]) }],
      },
      '434750415243454c010100000000001b000000010000000000000007000000010000000361626300020102cd627e60',
    ],
    [
      'the same entry given back to its author, in epoch 1 + 2^31',
      {
        kind: 'entries',
        givenBack: true,
        epoch: 1,
        firstSeq: 7,
        entries: [{ bytes: Buffer.from('abc'), signature: Buffer.from([1, 2]) }],
      },
      '434750415243454c010100000000001b80000001000000000000000700000001000000036162630002010253542e0b',
    ],
    [
      'the second chunk of a blob, sent for the third time',
      {
        kind: 'blob',
        digest: 'ab'.repeat(32),
        sizeBytes: 4100,
        attempt: 2,
        offset: 4096,
        bytes: Buffer.from('tail'),
      },
      '434750415243454c0103000000000038abababababababababababababababababababababababababababababababab00000000000010040000000200000000000010007461696c3d4b8703',
    ],
  ])('is, for %s, these very bytes', (_, value, hex) => {
    expect(encodeParcelFile(value).toString('hex')).toBe(hex);
  });

  test('gives back the parcel it was made of', () => {
    fc.assert(
      fc.property(parcel, (value) => {
        expect(decodeParcelFile(encodeParcelFile(value))).toEqual({ parcel: value });
      }),
    );
  });

  test('with any one bit changed is no parcel', () => {
    fc.assert(
      fc.property(parcel, fc.nat(), fc.nat(7), (value, at, bit) => {
        const file = encodeParcelFile(value);
        file[at % file.length]! ^= 1 << bit;
        expect(decodeParcelFile(file)).toHaveProperty('code');
      }),
    );
  });

  test('cut short is one that is not there yet, and with more behind it is damaged', () => {
    fc.assert(
      fc.property(parcel, fc.nat(), (value, at) => {
        const file = encodeParcelFile(value);
        expect(decodeParcelFile(file.subarray(0, at % file.length))).toHaveProperty(
          'code',
          'PARCEL_UNFINISHED',
        );
        expect(decodeParcelFile(Buffer.concat([file, Buffer.of(0)]))).toHaveProperty(
          'code',
          'PARCEL_DAMAGED',
        );
      }),
    );
  });

  test('of arbitrary bytes is refused, never thrown upon', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (array) => {
        expect(decodeParcelFile(Buffer.from(array))).toHaveProperty('code');
      }),
    );
  });

  test('whose content lies about lengths is damaged, even where the checksum fits', () => {
    const good = encodeParcelFile({ kind: 'head', bytes: Buffer.alloc(40, 0xff) });
    for (const kind of [0, 1, 3, 4, 255])
      for (const content of [
        Buffer.alloc(0),
        Buffer.alloc(40, 0xff),
        Buffer.alloc(60, 0xff),
        Buffer.alloc(16),
      ]) {
        const file = encodeParcelFile({ kind: 'head', bytes: content });
        file[9] = kind;
        expect(decodeParcelFile(sealed(file)), `kind ${kind}, ${content.length} bytes`).toHaveProperty(
          'code',
          'PARCEL_DAMAGED',
        );
      }
    expect(decodeParcelFile(good)).toHaveProperty('parcel');
  });

  test('of a later format version is told from a damaged one', () => {
    const file = encodeParcelFile({ kind: 'head', bytes: Buffer.from('head') });
    file[8] = 2;
    expect(decodeParcelFile(sealed(file))).toHaveProperty('code', 'PARCEL_FOREIGN');
  });
});

/** With a checksum that fits, as whoever knows the format can make it. */
function sealed(file: Buffer): Buffer {
  const content = file.subarray(16, -4);
  const front = file.subarray(0, 16);
  const whole = encodeParcelFile({ kind: 'head', bytes: content });
  front.copy(whole);
  whole.writeUInt32BE(crc32(whole.subarray(0, -4)), whole.length - 4);
  return whole;
}
