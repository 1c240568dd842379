import { test } from 'vitest';
import { keepsMemoryFlat } from '../support/scripts-flood.ts';

test('1 GB of output arrives whole, masked, without more memory than the first of it took', async () => {
  await keepsMemoryFlat(1024 * 1024 * 1024);
});
