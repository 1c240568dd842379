import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arrayInPieces, objectInPieces } from '../src/json-in-pieces.ts';

const whole = ({ pieces }: { readonly pieces: Iterable<string> }): string => [...pieces].join('');

test('the pieces together are the JSON of the value, however it is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.jsonValue(), { maxLength: 3 }), { maxLength: 4 }),
      fc.dictionary(fc.string(), fc.option(fc.jsonValue(), { nil: undefined }), { maxKeys: 4 }),
      (batches, members) => {
        expect(whole(arrayInPieces(batches))).toBe(JSON.stringify(batches.flat()));
        expect(whole(objectInPieces(members))).toBe(JSON.stringify(members));
        expect(whole(objectInPieces({ ...members, list: arrayInPieces(batches) }))).toBe(
          JSON.stringify({ ...members, list: batches.flat() }),
        );
      },
    ),
  );
});

test('no piece is made before the one before it was taken', () => {
  const made: number[] = [];
  const batches = function* () {
    for (const n of [1, 2, 3]) {
      made.push(n);
      yield [n];
    }
  };
  const pieces = arrayInPieces(batches()).pieces[Symbol.iterator]();
  expect(pieces.next().value).toBe('[1');
  expect(made).toEqual([1]);
});
