import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { waiters } from '../../src/sync/nats-waiters.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('waiting ends with the next wake, with the signal, or when its time is over, and leaves no timer behind', async () => {
  const bell = waiters();
  const stop = new AbortController();
  const ended: string[] = [];
  const wait = async (name: string, atMostMs?: number): Promise<void> => {
    await bell.wait(stop.signal, atMostMs);
    ended.push(name);
  };
  const timed = wait('timed', 1000);
  const untimed = wait('untimed');
  await vi.advanceTimersByTimeAsync(1000);
  expect(ended).toEqual(['timed']);
  const woken = wait('woken', 1000);
  bell.wake();
  await Promise.all([timed, untimed, woken]);
  expect(ended).toEqual(['timed', 'untimed', 'woken']);
  const stopped = [wait('stopped', 1000), wait('stopped')];
  stop.abort();
  await Promise.all([...stopped, wait('too late', 1000)]);
  expect(vi.getTimerCount()).toBe(0);
});
