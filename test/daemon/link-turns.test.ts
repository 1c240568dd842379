import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { linkTurns } from '../../src/daemon/link-turns.ts';

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

test('so many have their turn at once, and the next ones when one is over', async () => {
  const links = linkTurns({ atOnce: 2, atMostMs: 1000 });
  const turns = Array.from({ length: 4 }, () => links.turn(never));
  expect(await settled(turns)).toEqual([true, true, false, false]);
  const over = await turns[0]!;
  over();
  // That it is said twice lets in nobody else.
  over();
  expect(await settled(turns)).toEqual([true, true, true, false]);
});

test('one that stands still holds the others up for a while only', async () => {
  const links = linkTurns({ atOnce: 1, atMostMs: 1000 });
  const turns = [links.turn(never), links.turn(never)];
  expect(await settled(turns)).toEqual([true, false]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await settled(turns)).toEqual([true, true]);
});

test('who is told to stop waits for no turn, and takes none from the others', async () => {
  const links = linkTurns({ atOnce: 1, atMostMs: 1000 });
  const stopped = new AbortController();
  const turns = [links.turn(never), links.turn(stopped.signal), links.turn(never)];
  stopped.abort();
  expect(await settled(turns)).toEqual([true, true, false]);
  (await turns[0]!)();
  expect(await settled(turns)).toEqual([true, true, true]);
  await links.turn(stopped.signal);
});
