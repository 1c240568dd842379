import { expect, test } from 'vitest';
import { memoryMax, peakOf } from './memory.ts';

// Most of it is the program itself; the long test does the same with a bundle that no memory holds.
test('a bundle of 64 MiB is made and taken in with less than 150 MB', async () => {
  const { exporting, importing } = await peakOf(64);
  expect(exporting).toBeLessThan(memoryMax);
  expect(importing).toBeLessThan(memoryMax);
});
