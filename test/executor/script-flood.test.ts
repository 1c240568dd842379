import { test } from 'vitest';
import { keepsMemoryFlat } from '../support/scripts-flood.ts';

test('50 MB of output arrive whole, masked, and the second half of it takes no more memory than the first', async () => {
  await keepsMemoryFlat(50 * 1024 * 1024);
});
