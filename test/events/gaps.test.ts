import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  allOf,
  appendNotes,
  content,
  deliver,
  forge,
  makeInstance,
  makePair,
  note,
  pointOf,
} from './instance.ts';

const texts = (count: number): string[] => Array.from({ length: count }, (_, at) => `note ${at}`);

test('T-23 what comes behind a gap waits, the gap is named, and it is filled in one go', async () => {
  const { vendor, customer, feed } = makePair();
  appendNotes(vendor, feed, texts(9));
  const sent = allOf(vendor, feed);
  await deliver(customer, sent.slice(0, 2));
  const [verdict] = await customer.log.receive([sent[5]!]);
  expect(verdict).toMatchObject({ outcome: 'parked', waitsFor: { feed, epoch: 1, from: 3, to: 5 } });
  await deliver(customer, [sent[8]!]);
  expect(customer.log.gaps()).toEqual([
    { feed, epoch: 1, from: 3, to: 5 },
    { feed, epoch: 1, from: 7, to: 8 },
  ]);
  customer.reopen();
  expect(customer.log.gaps()).toHaveLength(2);
  expect(await deliver(customer, sent.slice(2, 5))).toEqual(['accepted', 'accepted', 'accepted']);
  expect(pointOf(customer, feed).seq).toBe(6);
  expect(await deliver(customer, sent.slice(6, 8))).toEqual(['accepted', 'accepted']);
  expect(pointOf(customer, feed).seq).toBe(9);
  expect(await deliver(customer, sent)).toContain('accepted');
  expect(customer.log.gaps()).toEqual([]);
  expect(customer.folded).toEqual(['feed.opened', ...texts(9)]);
});

test('entries that come before the one that opens their feed wait for it', async () => {
  const { vendor, customer, feed } = makePair();
  appendNotes(vendor, feed, texts(3));
  const [opening, ...rest] = allOf(vendor, feed);
  expect(await deliver(customer, rest.toReversed())).toEqual(['parked', 'parked', 'parked']);
  expect(customer.log.gaps()).toEqual([{ feed, epoch: 1, from: 1, to: 1 }]);
  expect(await deliver(customer, [opening!])).toEqual(['accepted']);
  expect(content(customer)).toEqual(content(vendor));
  expect(customer.db.prepare('SELECT count(*) FROM parked_entry').pluck().get()).toBe(0);
});

test('noise that waits for a feed to open is dropped when its key comes', async () => {
  const { vendor, customer, link, feed } = makePair();
  appendNotes(vendor, feed, texts(2));
  const [opening, second, third] = allOf(vendor, feed);
  const forged = forge(vendor, link, { seq: 2, previous: 'ab'.repeat(32) });
  const noise = { bytes: forged.bytes, signature: Buffer.alloc(64, 7) };
  const doubled = { bytes: second!.bytes, signature: Buffer.alloc(64, 9) };
  expect(new Set(await deliver(customer, [noise, doubled, second!, third!]))).toEqual(new Set(['parked']));
  expect(await deliver(customer, [opening!])).toEqual(['accepted']);
  expect(content(customer)).toEqual(content(vendor));
  expect(customer.log.evidence(feed)).toEqual([]);
});

test('a head tells what is missing at the end', async () => {
  const { vendor, customer, feed } = makePair();
  await deliver(customer, allOf(vendor, feed));
  appendNotes(vendor, feed, texts(4));
  expect(customer.log.receiveHead(vendor.log.sealHead(feed))).toMatchObject({
    outcome: 'behind',
    have: { seq: 1 },
  });
  expect(customer.log.gaps()).toEqual([{ feed, epoch: 1, from: 2, to: 5 }]);
  await deliver(customer, allOf(vendor, feed));
  expect(customer.log.receiveHead(vendor.log.sealHead(feed))).toMatchObject({ outcome: 'same' });
  expect(customer.log.gaps()).toEqual([]);
});

test('T-03 T-08 what waits is bounded, and what is nearer pushes out what is farther', async () => {
  const { vendor, customer, link, feed } = makePair();
  await deliver(customer, allOf(vendor, feed));
  const far = Array.from({ length: 1100 }, (_, at) =>
    forge(vendor, link, { seq: 100_000 + at, previous: 'ab'.repeat(32) }, note('far')),
  );
  const verdicts = await deliver(customer, far);
  expect(verdicts.filter((verdict) => verdict === 'parked')).toHaveLength(1024);
  expect(verdicts.filter((verdict) => verdict === 'PARKED_FULL')).toHaveLength(76);
  const near = forge(vendor, link, { seq: 3, previous: 'ab'.repeat(32) });
  expect(await deliver(customer, [near])).toEqual(['parked']);
  const counted = customer.db.prepare('SELECT count(*), max(seq) FROM parked_entry').raw().get();
  expect(counted).toEqual([1024, 101_022]);
  appendNotes(vendor, feed, ['two']);
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['known', 'accepted']);
});

test('T-43 entries delivered one to five times in any order end in the same log and the same fold', async () => {
  const { vendor, customer, link, feed } = makePair();
  appendNotes(vendor, feed, texts(12));
  const sent = allOf(vendor, feed);
  const order = fc.shuffledSubarray(
    sent.flatMap((_, at) => Array.from({ length: 5 }, () => at)),
    { minLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(order, fc.integer({ min: 3, max: 20 }), async (deliveries, size) => {
      const receiver = makeInstance('receiver');
      receiver.pins.set(link, customer.pins.get(link)!);
      const all = [...deliveries, ...sent.keys()].map((at) => sent[at]!);
      for (let from = 0; from < all.length; from += size)
        await deliver(receiver, all.slice(from, from + size));
      expect(content(receiver)).toEqual(content(vendor));
      expect(receiver.folded).toEqual(['feed.opened', ...texts(12)]);
      expect(receiver.log.gaps()).toEqual([]);
    }),
    { numRuns: 12 },
  );
});

test('T-11 T-23 deliveries of which any part is lost end whole once the gaps are asked for', async () => {
  const { vendor, customer, feed } = makePair();
  appendNotes(vendor, feed, texts(200));
  await deliver(
    customer,
    allOf(vendor, feed).filter((_, at) => at % 3 === 0),
  );
  customer.log.receiveHead(vendor.log.sealHead(feed));
  for (let round = 0; customer.log.gaps().length > 0 && round < 50; round += 1) {
    const answers = customer.log
      .gaps()
      .flatMap(({ epoch, from, to }) => vendor.log.readFeed(feed, { epoch, seq: from }, to - from + 1));
    // The broker drops every fifth answer, too.
    await deliver(
      customer,
      answers.filter((_, at) => (at + round) % 5 !== 4),
    );
  }
  expect(customer.log.gaps()).toEqual([]);
  expect(content(customer)).toEqual(content(vendor));
});
