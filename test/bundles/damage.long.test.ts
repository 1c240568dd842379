import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomBytes } from 'node:crypto';
import { memoryFolder } from '../support/build-nupkg.ts';
import { makePair, type Pair } from '../support/instances.ts';
import { damagesOf, everyDamageIsRefused, shuffledEntriesHeal } from './damages.ts';
import { offerFile, stick } from './support.ts';

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
beforeAll(async () => {
  root = memoryFolder();
  pair = await makePair(root.path);
  await offerFile(pair, '1.0.0', root.file('notes', randomBytes(20)));
});
afterAll(() => {
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});

test('T-54 a small bundle with a bit flipped is refused, whichever byte it is in', async () => {
  await everyDamageIsRefused(pair, stick(root.path, 'flip'), damagesOf('flip', 1));
  expect(pair.customer.log.gaps()).toEqual([]);
});

test('T-55 a small bundle is refused wherever it was cut', async () => {
  await everyDamageIsRefused(pair, stick(root.path, 'cut'), damagesOf('cut', 1));
});

test('T-56 a thousand orders of entries end in the same log', async () => {
  await shuffledEntriesHeal(pair, stick(root.path, 'shuffled'), 1000);
});
