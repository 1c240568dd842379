import { expect, test } from 'vitest';
import { memoryMax, peakOf } from './memory.ts';

test('a bundle of 3 GiB is made and taken in with less than 150 MB', async () => {
  const { exporting, importing } = await peakOf(3072);
  expect(exporting).toBeLessThan(memoryMax);
  expect(importing).toBeLessThan(memoryMax);
});
