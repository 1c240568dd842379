import { expect, test } from 'vitest';
import { peakOf } from './memory.ts';

// Most of it is the program itself; the long test compares two sizes.
test('a bundle of 64 MiB is made and taken in with a bounded memory', async () => {
  const { exporting, importing } = await peakOf(64);
  expect(exporting / 1e6).toBeLessThan(220);
  expect(importing / 1e6).toBeLessThan(260);
});
