import { expect, test } from 'vitest';
import { peakOf } from './memory.ts';

test('a bundle of 3 GiB costs no more memory than one of 64 MiB, but for what is freed late', async () => {
  const [small, large] = [await peakOf(64), await peakOf(3072)];
  for (const side of ['exporting', 'importing'] as const)
    expect((large[side] - small[side]) / 1e6, side).toBeLessThan(90);
});
