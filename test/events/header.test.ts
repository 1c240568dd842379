import { expect, test } from 'vitest';
import { entryBytesMax, readHeader, sealEntry } from '../../src/events/index.ts';
import { makeGolden } from './golden.ts';
import { goldenSigner, note } from './known.ts';

const golden = Buffer.from(makeGolden()[1]!.hex, 'hex');

/** The golden entry with some bytes written over. */
function changed(at: number, ...bytes: number[]): Buffer {
  const copy = Buffer.from(golden);
  copy.set(bytes, at);
  return copy;
}

const malformed: readonly (readonly [string, Buffer])[] = [
  ['nothing at all', Buffer.alloc(0)],
  ['one byte less than a header', golden.subarray(0, 303)],
  ['another magic', changed(0, 0x50, 0x4b)],
  ['another format version', changed(3, 2)],
  ['schema version 0', changed(4, 0, 0)],
  ['a reserved byte', changed(7, 1)],
  ['epoch 0', changed(24, 0, 0, 0, 0)],
  ['sequence number 0', changed(28, 0, 0, 0, 0, 0, 0, 0, 0)],
  ['T-03 a sequence number above 2^48', changed(28, 0, 1, 0, 0, 0, 0, 0, 1)],
  ['a sequence number above 2^53', changed(28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
  ['a time no calendar knows', changed(84, 0xff)],
  ['a type with a capital', changed(92, 0x4e)],
  ['a type with a space', changed(92, 0x20)],
  ['no type', changed(92, ...Array<number>(48).fill(0))],
  ['something behind the end of the type', changed(139, 0x61)],
  ['an actor with a line end', changed(140, 0x0a)],
  ['an actor with an escape', changed(140, 0x1b)],
  ['an actor that is not UTF-8', changed(140, 0xc3, 0x28)],
  ['an actor with a C1 control', changed(140, 0xc2, 0x9b)],
  ['something behind the end of the actor', changed(203, 0x61)],
  ['a key id of the actor, which is reserved', changed(204, 1)],
  ['a signature of the actor, which is reserved', changed(299, 1)],
  ['a body length that is too small', changed(303, golden[303]! - 1)],
  ['a body length that is too large', changed(303, golden[303]! + 1)],
  ['one byte more than the header says', Buffer.concat([golden, Buffer.alloc(1)])],
];

for (const [what, bytes] of malformed)
  test(`a header with ${what} is refused`, () => {
    expect(() => readHeader(bytes)).toThrow(expect.objectContaining({ code: 'ENTRY_MALFORMED' }));
  });

test('the greatest sequence number is read as it was written', () => {
  expect(readHeader(changed(28, 0, 1, 0, 0, 0, 0, 0, 0)).seq).toBe(2 ** 48);
});

const place = {
  feed: '11'.repeat(16),
  epoch: 1,
  seq: 1,
  previous: '00'.repeat(32),
  audience: '22'.repeat(16),
  at: 1,
  actor: 'x',
};

test('T-75 control characters and half characters of an account name do not reach the header', () => {
  const actor = `a\r\n\u001b[31mb\ud800${'🚀'.repeat(20)}`;
  const { header, sealed } = sealEntry({ ...place, actor }, note('x'), goldenSigner);
  expect(header.actor).toBe(`a   [31mb\ufffd${'🚀'.repeat(13)}`);
  expect(readHeader(sealed.bytes).actor).toBe(header.actor);
});

test('an entry of exactly 256 KiB is written, one byte more is refused', () => {
  // 1 for the map, 5 for the key, 5 for the length of the text.
  const room = entryBytesMax - 64 - 304 - 11;
  expect(sealEntry(place, note('x'.repeat(room)), goldenSigner).sealed.bytes.byteLength).toBe(
    entryBytesMax - 64,
  );
  expect(() => sealEntry(place, note('x'.repeat(room + 1)), goldenSigner)).toThrow(
    expect.objectContaining({ code: 'ENTRY_TOO_LARGE' }),
  );
});
