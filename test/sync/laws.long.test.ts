import fc from 'fast-check';
import { test } from 'vitest';
import { bothSidesEndEqual } from './laws.ts';

const seed = Number(process.env['CROSSGAP_SEED'] ?? Date.now() % 1_000_000);

test(`T-23 T-43 T-54 T-55 in a thousand stories both sides end equal (seed ${seed})`, async () => {
  await fc.assert(bothSidesEndEqual, { seed, numRuns: 1000 });
});
