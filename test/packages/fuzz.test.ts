import { expect, test } from 'vitest';
import { runFuzz } from './fuzz/run-fuzz.ts';

test('T-60 T-62 T-64 T-66 whatever is changed in a package or its signature, it is refused by name and leaves nothing', async () => {
  const { cases, verdicts, unpacked, peakMiB } = await runFuzz(1, 2000);
  expect(cases).toBe(2000);
  expect(peakMiB).toBeLessThan(400);
  // The changes reach every door: some are harmless, and each kind of refusal is met.
  const met = new Set(Object.keys(verdicts).flatMap((verdict) => verdict.split(' ')));
  for (const code of [
    'ok',
    'PACKAGE_ARCHIVE_MALFORMED',
    'PACKAGE_NAME_UNSAFE',
    'PACKAGE_TOO_LARGE',
    'PACKAGE_DAMAGED',
  ])
    expect(met).toContain(code);
  for (const code of ['NU3003', 'NU3004', 'NU3005', 'NU3008', 'NU3011', 'NU3012', 'NU3018'])
    expect(met).toContain(code);
  expect(unpacked).toBeGreaterThan(500);
});
