import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { entryHash, FeedOpened, readSideFile } from '../../src/events/index.ts';
import {
  allOf,
  appendNotes,
  by,
  deliver,
  forge,
  hexId,
  makeInstance,
  makePair,
  pointOf,
  type TestInstance,
} from './instance.ts';

const refusal = (code: string): unknown => expect.objectContaining({ code });
const noHash = '0'.repeat(64);

/** A vendor with a backup from before its feed to the customer was opened, and the customer. */
function makeVendorWithBackup() {
  const vendor = makeInstance('vendor');
  const { customer, link } = makePair();
  customer.pins.set(link, { ...customer.pins.get(link)!, author: vendor.instanceId });
  const opening = { audience: link, introduction: vendor.introduction, ...by };
  // A feed that the backup has, as every instance has its own.
  const self = vendor.log.openFeed({ ...opening, audience: vendor.instanceId });
  const path = join(vendor.folder, 'crossgap.db');
  vendor.db.pragma('wal_checkpoint(TRUNCATE)');
  copyFileSync(path, `${path}.backup`);
  const putBack = (): void => {
    vendor.log.saveHead();
    vendor.close();
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
    copyFileSync(`${path}.backup`, path);
    vendor.reopen();
  };
  return { vendor, customer, link, self, opening, putBack };
}

const why = { reason: 'the disk broke', ...by };
const givenUp = ({ folder }: TestInstance): ReadonlyMap<string, unknown> => {
  const file = readSideFile(join(folder, 'head'));
  return typeof file === 'string' ? new Map() : file.givenUp;
};

test('T-30 INV-3 a feed that was given up whole is never opened a second time, and goes on when it comes back', async () => {
  const { vendor, customer, self, opening, putBack } = makeVendorWithBackup();
  const feed = vendor.log.openFeed(opening);
  appendNotes(vendor, feed, ['two']);
  const sent = allOf(vendor, feed);
  putBack();
  const { started, lost } = vendor.log.startEpoch(why);
  expect({ started, lost }).toEqual({ started: [], lost: [feed] });
  expect(vendor.log.standing().state).toBe('good');
  expect(() => vendor.log.openFeed(opening)).toThrow(refusal('UNSURE'));
  // Whatever else is done meanwhile, and whoever opens the log: it stays so, and nothing else stands still.
  appendNotes(vendor, self, ['at home']);
  vendor.log.saveHead();
  vendor.reopen();
  expect(vendor.log.standing().state).toBe('good');
  expect(vendor.log.doubts()).toMatchObject([{ feed, doubt: { code: 'UNSURE', said: { seq: 2 } } }]);
  expect(() => vendor.log.openFeed(opening)).toThrow(refusal('UNSURE'));

  await deliver(customer, sent);
  expect(await deliver(vendor, allOf(customer, feed))).toEqual(['accepted', 'accepted']);
  expect(vendor.log.doubts()).toEqual([]);
  expect(vendor.log.openFeed(opening)).toBe(feed);
  appendNotes(vendor, feed, ['three']);
  vendor.log.saveHead();
  expect(givenUp(vendor)).toEqual(new Map());
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['known', 'known', 'accepted']);
});

test('a feed that was given up whole and came back in part goes on with a new epoch', async () => {
  const { vendor, customer, self, opening, putBack } = makeVendorWithBackup();
  const feed = vendor.log.openFeed(opening);
  appendNotes(vendor, feed, ['two']);
  await deliver(customer, allOf(vendor, feed));
  appendNotes(vendor, feed, ['three']);
  putBack();
  vendor.log.startEpoch(why);
  await deliver(vendor, allOf(customer, feed));
  expect(() => appendNotes(vendor, feed, ['instead'])).toThrow(refusal('UNSURE'));
  appendNotes(vendor, self, ['at home']);
  expect(vendor.log.startEpoch(why).started).toMatchObject([{ feed, epoch: 2, lastKnown: { seq: 2 } }]);
  appendNotes(vendor, feed, ['new']);
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['known', 'known', 'accepted', 'accepted']);
  expect(givenUp(vendor)).toEqual(new Map());
});

test('what was given up is remembered when the database is put back once more', () => {
  const { vendor, opening, putBack } = makeVendorWithBackup();
  const feed = vendor.log.openFeed(opening);
  putBack();
  vendor.log.startEpoch(why);
  putBack();
  expect(vendor.log.standing().state).toBe('good');
  expect(() => vendor.log.openFeed(opening)).toThrow(refusal('UNSURE'));
  expect(vendor.log.startEpoch(why)).toEqual({ started: [], lost: [feed], stuck: [] });
});

test('T-30 who lost a feed whole says so in a head, which a receiver of it takes for what it is', async () => {
  const { vendor, customer, opening, putBack } = makeVendorWithBackup();
  expect(vendor.log.isLost(vendor.log.feedTo(opening.audience))).toBe(false);
  const feed = vendor.log.openFeed(opening);
  await deliver(customer, allOf(vendor, feed));
  putBack();
  expect(vendor.log.isLost(feed)).toBe(true);
  expect(customer.log.receiveHead(vendor.log.sealHead(feed))).toMatchObject({ error: { code: 'ROLLBACK' } });
  vendor.log.startEpoch(why);
  expect(customer.log.receiveHead(vendor.log.sealHead(feed))).toMatchObject({ error: { code: 'ROLLBACK' } });
  // Nothing here may remember that it ever was; to whom nothing was told, that says nothing.
  expect(customer.log.receiveHead(vendor.log.sealHead(hexId()))).toMatchObject({ outcome: 'same' });
  expect(() => customer.log.sealHead(feed)).toThrow(TypeError);
});

test('T-21 T-31 a feed that was forked at its first entry is named, and the others begin their epochs', async () => {
  const { vendor, link, feed } = makePair();
  const { introduction } = vendor;
  const audience = hexId();
  const forked = vendor.log.openFeed({ audience, introduction, ...by });
  const opened = FeedOpened.make({ introduction });
  const another = forge(vendor, audience, { seq: 1, previous: noHash }, opened);
  expect(await deliver(vendor, [another])).toEqual(['EQUIVOCATION']);
  // Where that is all there is to do, it is refused.
  expect(() => vendor.log.startEpoch(why)).toThrow(refusal('FEED_FROZEN'));

  appendNotes(vendor, feed, ['two']);
  const second = forge(vendor, link, { seq: 2, previous: entryHash(allOf(vendor, feed)[0]!.bytes) });
  expect(await deliver(vendor, [second])).toEqual(['EQUIVOCATION']);
  const { started, stuck, lost } = vendor.log.startEpoch(why);
  expect(started).toMatchObject([{ feed, epoch: 2 }]);
  expect(stuck).toMatchObject([{ feed: forked, error: { code: 'FEED_FROZEN' } }]);
  expect(lost).toEqual([]);
  appendNotes(vendor, feed, ['goes on']);
  expect(() => appendNotes(vendor, forked, ['x'])).toThrow(refusal('DUPLICATE_IDENTITY'));
});

test('T-21 a feed that its receiver froze begins an epoch though nothing here speaks against it', async () => {
  const { vendor, customer, link, feed } = makePair();
  appendNotes(vendor, feed, ['two']);
  await deliver(customer, allOf(vendor, feed));
  // What a copy signed reached the receiver only.
  const copy = forge(vendor, link, { seq: 2, previous: entryHash(allOf(vendor, feed)[0]!.bytes) });
  expect(await deliver(customer, [copy])).toEqual(['EQUIVOCATION']);
  appendNotes(vendor, feed, ['three']);
  expect(() => vendor.log.startEpoch(why)).toThrow(refusal('EPOCH_NOT_NEEDED'));
  customer.log.allowEpoch(feed);
  expect(
    vendor.log.startEpoch({ ...why, feeds: new Map([[feed, { epoch: 1, seq: 2 }]]) }).started,
  ).toMatchObject([{ feed, epoch: 2, lastKnown: { seq: 2 } }]);
  appendNotes(vendor, feed, ['four']);
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['known', 'known', 'accepted', 'accepted']);
  expect(pointOf(customer, feed)).toEqual(pointOf(vendor, feed));
  const never = new Map([[feed, { epoch: 0, seq: 0 }]]);
  expect(() => vendor.log.startEpoch({ ...why, feeds: never })).toThrow(refusal('FEED_FROZEN'));
});
