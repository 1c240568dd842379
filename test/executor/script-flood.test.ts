import { test } from 'vitest';
import { keepsMemoryFlat } from '../support/scripts-flood.ts';

test('50 MB of output arrive whole, masked, without more memory than the first of it took', async () => {
  await keepsMemoryFlat(50 * 1024 * 1024);
});
