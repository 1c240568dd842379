import fc from 'fast-check';
import { Unpackr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { decodeBody, encodeBody, EventError } from '../../src/events/index.ts';
import { anyCharacter } from '../support/any-character.ts';
import { readable } from './golden.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'fine';
  } catch (error) {
    if (error instanceof EventError) return error.code;
    throw error;
  }
};

const keysThatNeedCare = ['constructor', 'toString', '1', '10', '9', '', '\uffee', '\u{1f680}', 'length'];
const key = fc
  .oneof(fc.string({ unit: anyCharacter }), fc.constantFrom(...keysThatNeedCare))
  .filter((name) => name !== '__proto__');

/** Anything an event may hold. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.integer(),
    fc.string({ unit: anyCharacter, maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(key, tie('value'), { maxKeys: 20, noNullPrototype: true }),
  ),
}));

test('T-25 decoding what was encoded gives the value back, and encoding that gives the bytes back', () => {
  fc.assert(
    fc.property(value, (data) => {
      const bytes = encodeBody(data);
      const back = decodeBody(bytes);
      expect(readable(back)).toEqual(readable(data));
      expect(Buffer.from(encodeBody(back)).equals(bytes)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('any other reader of MessagePack reads the same', () => {
  const other = new Unpackr({ mapsAsObjects: true, int64AsType: 'number', useRecords: false });
  fc.assert(
    fc.property(value, (data) => {
      const bytes = encodeBody(data);
      expect(readable(decodeBody(bytes))).toEqual(readable(other.unpack(bytes)));
    }),
  );
});

test('T-25 a value has one encoding, however its properties are ordered', () => {
  const one = Buffer.from(encodeBody({ b: 1, a: { d: [1], c: 'x' } }));
  expect(one.equals(encodeBody({ a: { c: 'x', d: [1], e: undefined }, b: 1 }))).toBe(true);
});

describe('T-25 of byte strings with equal meaning all but the canonical one are refused', () => {
  const equal: readonly (readonly [string, ...string[]])[] = [
    [
      '01',
      'cc01',
      'cd0001',
      'ce00000001',
      'cf0000000000000001',
      'd001',
      'd10001',
      'd200000001',
      'd30000000000000001',
    ],
    ['ff', 'd0ff', 'd1ffff', 'd2ffffffff', 'd3ffffffffffffffff'],
    ['cc80', 'cd0080', 'ce00000080', 'd10080', 'd200000080', 'd30000000000000080', 'cf0000000000000080'],
    ['ceffffffff', 'd300000000ffffffff', 'cf00000000ffffffff'],
    ['d30000000100000000', 'cf0000000100000000'],
    ['a161', 'd90161', 'da000161', 'db0000000161'],
    ['c40161', 'c5000161', 'c60000000161'],
    ['9101', 'dc000101', 'dd0000000101'],
    ['81a16101', 'de0001a16101', 'df00000001a16101', '81d9016101'],
    ['82a16101a16202', '82a16202a16101', '82a16101a16101', 'de0002a16101a16202'],
  ];
  for (const [canonical, ...others] of equal)
    test(canonical, () => {
      expect(codeOf(() => decodeBody(hex(canonical)))).toBe('fine');
      for (const other of others)
        expect(
          codeOf(() => decodeBody(hex(other))),
          other,
        ).toBe('BODY_NOT_CANONICAL');
    });
});

describe('T-70 bytes that are no body are refused with a code', () => {
  const corpus: readonly (readonly [string, string, string])[] = [
    ['nothing', '', 'BODY_MALFORMED'],
    ['something behind the value', '0101', 'BODY_MALFORMED'],
    ['a text that ends too early', 'a361', 'BODY_MALFORMED'],
    ['a map that ends too early', '82a16101', 'BODY_MALFORMED'],
    ['a list of 2^32 - 1 in five bytes', 'ddffffffff', 'BODY_MALFORMED'],
    ['a map of 2^32 - 1 in five bytes', 'dfffffffff', 'BODY_MALFORMED'],
    ['bytes of 2^32 - 1 in five bytes', 'c6ffffffff', 'BODY_MALFORMED'],
    ['a text of 2^32 - 1 in five bytes', 'dbffffffff', 'BODY_MALFORMED'],
    ['a 32-bit float', 'ca3f800000', 'BODY_MALFORMED'],
    ['a 64-bit float', 'cb3ff0000000000000', 'BODY_MALFORMED'],
    ['not a number', 'cb7ff8000000000000', 'BODY_MALFORMED'],
    ['an extension', 'd47000', 'BODY_MALFORMED'],
    ['a record of msgpackr', 'd4724091a161', 'BODY_MALFORMED'],
    ['a timestamp', 'd6ff00000000', 'BODY_MALFORMED'],
    ['an extension with a length', 'c70170ff', 'BODY_MALFORMED'],
    ['the unused byte', 'c1', 'BODY_MALFORMED'],
    ['an integer beyond 2^53', 'd30020000000000000', 'BODY_MALFORMED'],
    ['an integer beyond -2^53', 'd3ffdfffffffffffff', 'BODY_MALFORMED'],
    ['text that is not UTF-8', 'a2c328', 'BODY_MALFORMED'],
    ['half a surrogate pair', 'a3eda080', 'BODY_MALFORMED'],
    ['an overlong character', 'a2c080', 'BODY_MALFORMED'],
    ['a key that is not text', '810101', 'BODY_MALFORMED'],
    ['a key that is bytes', '81c4016101', 'BODY_MALFORMED'],
    ['the key __proto__', '81a95f5f70726f746f5f5f80', 'BODY_MALFORMED'],
    ['33 lists in one another', `${'91'.repeat(33)}01`, 'BODY_TOO_DEEP'],
    ['200,000 lists in one another', '91'.repeat(200_000), 'BODY_TOO_DEEP'],
    ['65,536 values in a list', `dd00010000${'01'.repeat(65_536)}`, 'BODY_TOO_MANY_ELEMENTS'],
  ];
  for (const [comment, bytes, code] of corpus)
    test(comment, () => expect(codeOf(() => decodeBody(hex(bytes)))).toBe(code));
});

/** Noise, and good bodies with one byte changed. */
const doubtful = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  fc.tuple(value, fc.nat(), fc.nat({ max: 255 })).map(([data, at, byte]) => {
    const mutated = Buffer.from(encodeBody(data));
    mutated[at % mutated.length] = byte;
    return mutated;
  }),
);

test('T-70 any bytes either decode or are refused with a code, and change nothing else', () => {
  const before = Object.getOwnPropertyNames(Object.prototype).length;
  fc.assert(
    fc.property(doubtful, (given) => {
      if (codeOf(() => decodeBody(given)) !== 'fine') return;
      expect(Buffer.from(encodeBody(decodeBody(given))).equals(given)).toBe(true);
    }),
    { numRuns: 1500 },
  );
  expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(before);
});

test('values that cannot be told apart later are not written', () => {
  const unfit = [
    1.5,
    Number.NaN,
    Infinity,
    2 ** 53,
    1n,
    '\ud800',
    new Date(),
    new Map(),
    Symbol('x'),
    () => 1,
    undefined,
  ];
  for (const data of unfit) expect(codeOf(() => encodeBody([data]))).toBe('BODY_VALUE_UNFIT');
  expect(codeOf(() => encodeBody(JSON.parse('{"__proto__": 1}')))).toBe('BODY_VALUE_UNFIT');
  expect(codeOf(() => encodeBody(Array.from({ length: 70_000 }, () => 1)))).toBe('BODY_TOO_MANY_ELEMENTS');
  expect(codeOf(() => encodeBody(Array.from({ length: 33 }).reduce((inner) => [inner], 1)))).toBe(
    'BODY_TOO_DEEP',
  );
});
