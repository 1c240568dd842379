import { expect, test } from 'vitest';
import { waitOut } from '../../src/sync/wait-out.ts';

const never = new AbortController().signal;

test('waiting ends when the signal fires, before and meanwhile, and is no error', async () => {
  await waitOut(3_600_000, AbortSignal.abort());
  const stop = new AbortController();
  const waiting = waitOut(3_600_000, stop.signal);
  stop.abort();
  await waiting;
});

test('waiting ends when the time is over', async () => {
  await waitOut(1, never);
});

test('what can not be waited for is no reason to go on at once', async () => {
  await expect(waitOut('soon' as unknown as number, never)).rejects.toThrow(TypeError);
});
