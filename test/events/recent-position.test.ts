import { setImmediate as round } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { recentPosition } from '../../src/events/recent-position.ts';
import { openDatabase } from '../../src/db/index.ts';
import { note } from './known.ts';
import { appendNotes, makePair } from './instance.ts';

test('a position is read once in a round of the event loop, and always in a transaction', async () => {
  let [reads, inTransaction] = [0, false];
  const position = recentPosition(
    () => (reads += 1),
    () => inTransaction,
  );
  expect([position.get(), position.get()]).toEqual([1, 1]);
  inTransaction = true;
  expect([position.get(), position.get()]).toEqual([2, 3]);
  inTransaction = false;
  expect(position.get()).toBe(1);
  await round();
  expect(position.get()).toBe(4);
  position.forget();
  expect(position.get()).toBe(5);
});

test('what the log itself wrote is in its late position at once, also while it is written', async () => {
  const { vendor, customer, feed } = makePair();
  const { log } = vendor;
  const before = log.lastPositionLately();
  appendNotes(vendor, feed, ['two']);
  expect(log.lastPositionLately()).toBe(before + 1);
  log.write((tx) => {
    tx.append(feed, note('three'), { actor: 'test' });
    expect(log.lastPositionLately()).toBe(before + 2);
  });
  const late = customer.log.lastPositionLately();
  const entries = log.readFeed(feed, { epoch: 1, seq: 1 }, 10);
  await customer.log.receive(entries);
  expect(customer.log.lastPositionLately()).toBe(late + entries.length);
});

test('what leaves again keeps nobody from writing', () => {
  const { vendor, feed } = makePair();
  vendor.log.readFeed(feed, { epoch: 1, seq: 1 }, 10);
  const other = openDatabase({ path: `${vendor.folder}/crossgap.db`, clock: vendor.clock });
  other.exec('BEGIN IMMEDIATE');
  try {
    expect(vendor.log.readFeed(feed, { epoch: 1, seq: 1 }, 10)).toHaveLength(1);
  } finally {
    other.close();
  }
});
