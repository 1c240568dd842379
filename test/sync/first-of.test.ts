import { expect, test } from 'vitest';
import { firstOf } from '../../src/sync/first-of.ts';

/** Waits for the signal alone, and tells that it was told. */
function untilTold(signal: AbortSignal, told: string[], name: string): Promise<string> {
  return new Promise((resolve) => {
    const over = (): void => {
      told.push(name);
      resolve(name);
    };
    if (signal.aborted) over();
    else signal.addEventListener('abort', over, { once: true });
  });
}

test('what comes first is given back, and the others are told', async () => {
  const told: string[] = [];
  const never = new AbortController().signal;
  const first = await firstOf(never, (over) => [untilTold(over, told, 'other'), Promise.resolve('first')]);
  expect(first).toBe('first');
  expect(told).toEqual(['other']);
});

test('all are told when the signal fires, before and meanwhile', async () => {
  const told: string[] = [];
  await firstOf(AbortSignal.abort(), (over) => [untilTold(over, told, 'before')]);
  const stop = new AbortController();
  const waiting = firstOf(stop.signal, (over) => [
    untilTold(over, told, 'one'),
    untilTold(over, told, 'two'),
  ]);
  stop.abort();
  await waiting;
  expect(told).toEqual(['before', 'one', 'two']);
});

test('the others are told when one fails, and its error is given on', async () => {
  const told: string[] = [];
  const never = new AbortController().signal;
  const failed = firstOf(never, (over) => [
    untilTold(over, told, 'other'),
    Promise.reject(new RangeError('out')),
  ]);
  await expect(failed).rejects.toThrow(RangeError);
  expect(told).toEqual(['other']);
});
