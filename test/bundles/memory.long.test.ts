import { expect, test } from 'vitest';
import { memoryMax, peakOf, peakOfNextVersion } from './memory.ts';

test('a bundle of 3 GiB is made and taken in with less than 150 MB', async () => {
  const { exporting, importing } = await peakOf(3072);
  expect(exporting).toBeLessThan(memoryMax);
  expect(importing).toBeLessThan(memoryMax);
});

test('the next version of a package of 32 MiB is carried and put together with less than 150 MB', async () => {
  const { exporting, importing } = await peakOfNextVersion(32);
  expect(exporting).toBeLessThan(memoryMax);
  expect(importing).toBeLessThan(memoryMax);
});
