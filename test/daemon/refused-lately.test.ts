import { expect, test } from 'vitest';
import { refusedLately } from '../../src/daemon/refused-lately.ts';

const refusal = (what: string, code = 'FEED_UNKNOWN', message = `Cannot take ${what}`) => ({
  what,
  code,
  message,
});
const hour = 3_600_000;

test('what was refused is counted by reason, the most frequent first', () => {
  const lately = refusedLately();
  expect(lately.view(0)).toBeNull();
  expect(lately.add([refusal('1/1'), refusal('x', 'PARCEL_FOREIGN'), refusal('1/2')], 1000)).toBe(true);
  expect(lately.add([refusal('1/3')], 5000)).toBe(false);
  expect(lately.view(6000)).toEqual({
    count: 4,
    since: new Date(1000).toISOString(),
    at: new Date(5000).toISOString(),
    reasons: [
      { code: 'FEED_UNKNOWN', count: 3, message: 'Cannot take 1/3' },
      { code: 'PARCEL_FOREIGN', count: 1, message: 'Cannot take x' },
    ],
  });
});

test('what lies there and is refused by each exchange counts once, and what is not whole yet does not count', () => {
  const lately = refusedLately();
  lately.add([refusal('a')], 0);
  lately.add([refusal('a'), refusal('b', 'PARCEL_UNFINISHED')], 1);
  expect(lately.view(1)).toMatchObject({ count: 1 });
  // It was gone meanwhile.
  lately.add([], 2);
  lately.add([refusal('a')], 3);
  expect(lately.view(3)).toMatchObject({ count: 2 });
});

test('an hour after the last one it is over, and the next begins a new count', () => {
  const lately = refusedLately();
  lately.add([refusal('a')], 0);
  expect(lately.view(hour)).not.toBeNull();
  expect(lately.view(hour + 1)).toBeNull();
  expect(lately.add([refusal('b')], 2 * hour)).toBe(true);
  expect(lately.view(2 * hour)).toMatchObject({ count: 1 });
});

test('T-51 a flood of reasons and of words takes no more room than a few', () => {
  const lately = refusedLately();
  for (let at = 0; at < 1000; at++) lately.add([refusal(`${at}`, `CODE_${at}`, 'x'.repeat(100_000))], at);
  const view = lately.view(1000)!;
  expect(view.count).toBe(1000);
  expect(JSON.stringify(view).length).toBeLessThan(16 * 600);
});
