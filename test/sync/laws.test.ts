import fc from 'fast-check';
import { test } from 'vitest';
import { bothSidesEndEqual } from './laws.ts';

const seed = Number(process.env['CROSSGAP_SEED'] ?? Date.now() % 1_000_000);

test(`T-23 T-43 T-54 T-55 loss, repetition, cuts, damage and restarts change nothing in the end (seed ${seed})`, async () => {
  await fc.assert(bothSidesEndEqual, { seed, numRuns: 12, endOnFailure: true });
});
