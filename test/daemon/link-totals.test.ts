import { expect, test } from 'vitest';
import { linkTotals } from '../../src/daemon/link-totals.ts';
import type { Exchange } from '../../src/sync/index.ts';

const exchange = (wish: Partial<Exchange> = {}): Exchange => ({
  entriesIn: 0,
  entriesKnown: 0,
  entriesParked: 0,
  entriesOut: 0,
  blobBytesIn: 0,
  blobBytesOut: 0,
  blobBytesFound: 0,
  blobsHeld: [],
  waiting: [],
  noRoom: [],
  paused: undefined,
  refusals: [],
  failures: [],
  ...wish,
});
const refusal = { what: 'head.cgp', code: 'PARCEL_DAMAGED', message: 'Cannot read it', parts: ['a', 'b'] };

test('all exchanges of a link are summed up, however many there were', () => {
  const totals = linkTotals();
  for (let round = 0; round < 5; round += 1) totals.add('acme', exchange({ entriesIn: 2, entriesOut: 1 }));
  totals.add('metro', exchange({ entriesOut: 7 }));
  expect(totals.all()).toEqual([
    { link: 'acme', sent: 5, received: 10, refused: [] },
    { link: 'metro', sent: 7, received: 0, refused: [] },
  ]);
});

test('what is refused at every look is told once', () => {
  const totals = linkTotals();
  for (let round = 0; round < 3; round += 1) totals.add('acme', exchange({ refusals: [refusal] }));
  expect(totals.all()[0]!.refused).toEqual(['PARCEL_DAMAGED head.cgp: Cannot read it; changed: a, b']);
});
