import { expect, test } from 'vitest';
import { runFuzz } from './fuzz/run-fuzz.ts';

test.concurrent.each([1_000_000, 2_000_000])(
  '50,000 changed packages from seed %i',
  async (seed) => {
    const { cases, msMax, slowestSeed, peakMiB, verdicts } = await runFuzz(seed, 50_000);
    expect(cases).toBe(50_000);
    expect(verdicts['ok']).toBeGreaterThan(500);
    expect(peakMiB).toBeLessThan(500);
    // Of processor time, of this process alone.
    expect(msMax, `seed ${slowestSeed}`).toBeLessThan(1000);
  },
  3_600_000,
);
