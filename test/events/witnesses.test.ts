import { expect, test } from 'vitest';
import { entryTable } from '../../src/events/entry-table.ts';
import { witnesses } from '../../src/events/witnesses.ts';
import { appendNotes, by, deliver, forge, makePair, note } from './instance.ts';

const other = 'ab'.repeat(32);

test('T-31 another entry that a receiver holds speaks against signing, until a new epoch leaves its place behind', async () => {
  const { vendor, link, feed } = makePair();
  appendNotes(vendor, feed, ['two', 'three']);
  const blob = Buffer.from(feed, 'hex');
  const heard = witnesses(vendor.db, entryTable(vendor.db));
  const said = { epoch: 1, seq: 3, hash: other };
  heard.hear(blob, said);
  expect(heard.doubt(blob)).toEqual({ code: 'DUPLICATE_IDENTITY', said });

  const opened = vendor.log.read({ after: 0, limit: 1 })[0]!.hash;
  await deliver(vendor, [forge(vendor, link, { seq: 2, previous: opened }, note('signed by a copy'))]);
  vendor.log.startEpoch({ reason: 'the copy is switched off', ...by });
  expect(heard.doubt(blob)).toBeUndefined();
  heard.hear(blob, said);
  expect(heard.doubt(blob)).toBeUndefined();
  const kept = { epoch: 1, seq: 1, hash: other };
  heard.hear(blob, kept);
  expect(heard.doubt(blob)).toEqual({ code: 'DUPLICATE_IDENTITY', said: kept });
});
