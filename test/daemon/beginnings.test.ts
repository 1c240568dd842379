import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { beginnings } from '../../src/daemon/beginnings.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new AbortController().signal;

/** Which of those that asked have had their turn by now. */
async function settled(turns: readonly Promise<() => void>[]): Promise<boolean[]> {
  const had = turns.map(() => false);
  turns.forEach((turn, at) => void turn.then(() => (had[at] = true)));
  await vi.advanceTimersByTimeAsync(0);
  return had;
}

test('so many begin at once, and the next ones when one has begun', async () => {
  const beginning = beginnings({ atOnce: 2, atMostMs: 1000 });
  const turns = Array.from({ length: 4 }, () => beginning.turn(never));
  expect(await settled(turns)).toEqual([true, true, false, false]);
  const begun = await turns[0]!;
  begun();
  // That it is said twice lets nobody else begin.
  begun();
  expect(await settled(turns)).toEqual([true, true, true, false]);
});

test('one that stands still holds the others up for a while only', async () => {
  const beginning = beginnings({ atOnce: 1, atMostMs: 1000 });
  const turns = [beginning.turn(never), beginning.turn(never)];
  expect(await settled(turns)).toEqual([true, false]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await settled(turns)).toEqual([true, true]);
});

test('who is told to stop waits for no turn, and takes none from the others', async () => {
  const beginning = beginnings({ atOnce: 1, atMostMs: 1000 });
  const stopped = new AbortController();
  const turns = [beginning.turn(never), beginning.turn(stopped.signal), beginning.turn(never)];
  stopped.abort();
  expect(await settled(turns)).toEqual([true, true, false]);
  (await turns[0]!)();
  expect(await settled(turns)).toEqual([true, true, true]);
  await beginning.turn(stopped.signal);
});
