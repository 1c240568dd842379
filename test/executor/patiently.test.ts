import { expect, test } from 'vitest';
import { patiently } from '../../src/executor/patiently.ts';

const refusal = (code: string): Error => Object.assign(new Error(code), { code });
const never = new AbortController().signal;

/** A change that is refused so many times before it works, and what was waited for it. */
function refused(times: number, code: string) {
  const waited: number[] = [];
  let calls = 0;
  return {
    change: () => {
      calls += 1;
      if (calls <= times) throw refusal(code);
    },
    wait: (ms: number) => Promise.resolve(waited.push(ms)),
    waited,
    calls: () => calls,
  };
}

test('a file in use is tried again, in longer pauses, until it is let go', async () => {
  const file = refused(7, 'EBUSY');
  const told: unknown[] = [];
  await patiently(file.change, { signal: never, wait: file.wait, onWait: (error) => told.push(error) });
  expect(file.waited).toEqual([50, 100, 200, 400, 800, 1000, 1000]);
  expect(told).toHaveLength(1);
});

test('a file that stays in use is given up after a minute, with the last refusal', async () => {
  const file = refused(Number.POSITIVE_INFINITY, 'EBUSY');
  await expect(patiently(file.change, { signal: never, wait: file.wait })).rejects.toThrow('EBUSY');
  const waited = file.waited.reduce((sum, ms) => sum + ms, 0);
  expect(waited).toBeGreaterThanOrEqual(60_000);
  expect(waited).toBeLessThan(62_000);
});

test('a refusal that waiting does not mend is thrown at once', async () => {
  const file = refused(1, 'ENOSPC');
  await expect(patiently(file.change, { signal: never, wait: file.wait })).rejects.toThrow('ENOSPC');
  expect(file.calls()).toBe(1);
});

test('a step that is ended while it waits ends with the reason it was given', async () => {
  const ending = new AbortController();
  const file = refused(Number.POSITIVE_INFINITY, 'EBUSY');
  const wait = (): Promise<never> => {
    ending.abort(new Error('the time limit is over'));
    return Promise.reject(new Error('aborted'));
  };
  await expect(patiently(file.change, { signal: ending.signal, wait })).rejects.toThrow(
    'the time limit is over',
  );
});
