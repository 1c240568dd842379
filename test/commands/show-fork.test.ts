import { expect, test } from 'vitest';
import { forkPlace, showForks } from '../../src/commands/index.ts';
import { entryBytesMax, ForkFound, type Evidence } from '../../src/events/index.ts';

const link = 'ab'.repeat(16);
const sealed = (length: number, fill: number) => ({
  bytes: Buffer.alloc(length, fill),
  signature: Buffer.alloc(64, fill),
});
const fork = (facts: Partial<Evidence> = {}): Evidence => ({
  feed: 'cd'.repeat(16),
  epoch: 1,
  seq: 2,
  kind: 'entries',
  seenAt: 0,
  first: sealed(400, 1),
  second: sealed(400, 2),
  ...facts,
});
const shownOf = (evidence: readonly Evidence[], shown: readonly string[] = []) =>
  showForks({ link, evidence, shown: new Set(shown) }).map(({ event }) =>
    ForkFound.read(ForkFound.version, event.data),
  );

test('an author is shown both entries, once for each place', () => {
  const forks = [fork(), fork({ second: sealed(400, 3) }), fork({ seq: 3 })];
  expect(shownOf(forks)).toMatchObject([
    { epoch: 1, seq: 2, entries: [fork().second, fork().first] },
    { epoch: 1, seq: 3 },
  ]);
  expect(shownOf(forks, [forkPlace(fork())])).toMatchObject([{ seq: 3 }]);
});

test('of two entries that do not fit together the refused one is shown, and of one that does not fit alone its place', () => {
  const large = sealed(entryBytesMax - 400, 2);
  expect(shownOf([fork({ first: sealed(200_000, 1), second: sealed(200_000, 2) })])).toMatchObject([
    { entries: [sealed(200_000, 2)] },
  ]);
  expect(shownOf([fork({ second: large })])).toMatchObject([{ seq: 2, entries: [fork().first] }]);
});

test('a head that names another entry is shown as it was signed', () => {
  const head = sealed(72, 2);
  expect(shownOf([fork({ kind: 'head', second: head })])).toEqual([
    { epoch: 1, seq: 2, entries: [fork().first], head: Buffer.concat([head.bytes, head.signature]) },
  ]);
});
