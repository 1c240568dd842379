import { expect, test } from 'vitest';
import { headEveryMs } from '../../src/daemon/head-pace.ts';

test('links at rest send their heads as often as the settings say, and ten a second together at most', () => {
  expect(headEveryMs(300, 1)).toBe(300_000);
  expect(headEveryMs(300, 3000)).toBe(300_000);
  expect(headEveryMs(300, 10_000)).toBe(1_000_000);
  expect(headEveryMs(1800, 10_000)).toBe(1_800_000);
});
