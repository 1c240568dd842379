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

const importPoints = `
  log.receive.inserted log.receive.committed sync.entries-received
  sync.chunk-written sync.chunk-written:2 sync.chunk-noted sync.chunk-noted:2 sync.chunk-noted:3
  sync.blob-complete sync.blob-whole sync.blob-adopted
  store.before-adopt store.before-rename store.after-rename`
  .trim()
  .split(/\s+/);

test.each(importPoints)('J2.7 an import killed at %s goes on where it was', async (fault) => {
  await importSurvives(pair, root, fault);
});

const exportPoints = `
  bundle.part-half-written bundle.part-half-written:20 bundle.part-written bundle.part-written:3
  bundle.part-renamed bundle.part-renamed:2`
  .trim()
  .split(/\s+/);

test.each(exportPoints)('J2.1 an export killed at %s is followed by a whole one', async (fault) => {
  await exportSurvives(pair, root, fault);
});
