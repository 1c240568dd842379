import { expect, test } from 'vitest';
import { peakOf } from './memory.ts';

test('a bundle of 64 MiB costs no more memory than one of 1 MiB, but for what is freed late', async () => {
  const [small, large] = [await peakOf(1), await peakOf(64)];
  for (const side of ['exporting', 'importing'] as const)
    expect((large[side] - small[side]) / 1e6, side).toBeLessThan(90);
});
