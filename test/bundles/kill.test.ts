import { afterAll, beforeAll, test } from 'vitest';
import { memoryFolder } from '../support/build-nupkg.ts';
import { makePair, type Pair } from '../support/instances.ts';
import { exportSurvives, importSurvives } from './kills.ts';

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
beforeAll(async () => {
  root = memoryFolder();
  pair = await makePair(root.path);
});
afterAll(() => {
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});

// The other points are in the long tests.
test.each(['log.receive.committed', 'sync.chunk-noted:2', 'sync.blob-adopted'])(
  'J2.7 an import killed at %s goes on where it was',
  async (fault) => {
    await importSurvives(pair, root, fault);
  },
);

test('J2.1 an export killed between two parts is followed by a whole one', async () => {
  await exportSurvives(pair, root, 'bundle.part-renamed');
});
