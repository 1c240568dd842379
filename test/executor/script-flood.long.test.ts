import { test } from 'vitest';
import { keepsMemoryFlat } from '../support/scripts-flood.ts';

test('1 GB of output arrives whole, masked, and the second half of it takes no more memory than the first', async () => {
  await keepsMemoryFlat(1024 * 1024 * 1024);
});
