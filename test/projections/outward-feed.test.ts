import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../src/events/index.ts';
import { digestReadModels, rebuildReadModels, toldLast } from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import {
  deliver,
  giveReceipt,
  linkOf,
  makePair,
  makeRelease,
  offer,
  type Pair,
} from '../support/instances.ts';

const Future = defineEvent('future.thing', z.strictObject({ text: z.string() }));

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
beforeEach(async () => {
  root = memoryFolder();
  pair = await makePair(root.path);
});
afterEach(() => {
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});

/** The row of a link is some KiB long; what leaves must not write it anew. */
test('what is told to a link changes nothing in its row, and is how far our feed has come all the same', () => {
  const { vendor, link } = pair;
  offer(vendor, makeRelease(vendor, '1.0.0'), [link]);
  const { outward } = linkOf(vendor, link);
  const before = digestReadModels(vendor.db)['link'];
  offer(vendor, makeRelease(vendor, '2.0.0'), [link]);
  expect(digestReadModels(vendor.db)['link']).toBe(before);
  expect(linkOf(vendor, link).outward).toEqual({
    epoch: 1,
    seq: outward.seq + 1,
    news: outward.seq + 1,
  });
  expect(vendor.log.pointAt(vendor.log.feedTo(link))).toMatchObject({ seq: outward.seq + 1 });
});

test('receipts are no news, however many follow each other, and what comes behind them is', async () => {
  const { vendor, customer, link } = pair;
  const outward = (): unknown => linkOf(customer, link).outward;
  expect(outward()).toEqual({ epoch: 0, seq: 0, news: 0 });
  for (const [number, place] of [
    ['1.0.0', { epoch: 1, seq: 2, news: 1 }],
    ['2.0.0', { epoch: 1, seq: 3, news: 1 }],
  ] as const) {
    offer(vendor, makeRelease(vendor, number), [link]);
    await deliver(vendor, customer, link);
    giveReceipt(customer, link);
    expect(outward()).toEqual(place);
  }
  const { db, identity, log } = customer;
  log.write((tx) => tx.append(log.feedTo(link), Future.make({ text: 'hello' }), { actor: 'anna' }));
  expect(outward()).toEqual({ epoch: 1, seq: 4, news: 4 });
  expect(rebuildReadModels(db, identity.instanceId, log.history()).changed).toEqual([]);
  expect(outward()).toEqual({ epoch: 1, seq: 4, news: 4 });
});

test('a link is among those that were told something once our feed for it is opened', () => {
  const { vendor, link } = pair;
  expect([...toldLast(vendor.db)]).toEqual([]);
  offer(vendor, makeRelease(vendor, '1.0.0'), [link]);
  expect([...toldLast(vendor.db)].map((one) => one.link)).toEqual([link]);
});
