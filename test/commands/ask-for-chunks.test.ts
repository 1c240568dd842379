import fc from 'fast-check';
import { expect, test } from 'vitest';
import { askForChunks } from '../../src/commands/index.ts';

const asked = (pieces: readonly number[]): { first: number; count: number }[] => {
  const decided = askForChunks({ link: 'ab'.repeat(16), package: 'cd'.repeat(32), attempt: 1, pieces });
  return (decided[0]!.event.data as { pieces: { first: number; count: number }[] }).pieces;
};

test('pieces are asked for in runs', () => {
  expect(asked([0, 1, 2, 7, 9, 10])).toEqual([
    { first: 0, count: 3 },
    { first: 7, count: 1 },
    { first: 9, count: 2 },
  ]);
  expect(askForChunks({ link: 'ab'.repeat(16), package: 'cd'.repeat(32), attempt: 1, pieces: [] })).toEqual(
    [],
  );
});

test('all that is needed is asked for, in one entry, however scattered it is', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(9000), { minLength: 1, maxLength: 3000 }), (numbers) => {
      const pieces = numbers.toSorted((a, b) => a - b);
      const runs = asked(pieces);
      expect(runs.length).toBeLessThanOrEqual(1000);
      for (const number of pieces)
        expect(runs.some(({ first, count }) => first <= number && number < first + count)).toBe(true);
    }),
    { numRuns: 30 },
  );
});
