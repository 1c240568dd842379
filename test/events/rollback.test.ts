import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sealHead } from '../../src/events/index.ts';
import {
  allOf,
  appendNotes,
  by,
  content,
  deliver,
  forge,
  makeInstance,
  makePair,
  note,
  pointOf,
  type TestInstance,
} from './instance.ts';

const refusal = (code: string): unknown => expect.objectContaining({ code });

/** Puts the database back to what it is now, once `later` has run. */
async function putBack(instance: TestInstance, later: () => Promise<void> | void): Promise<void> {
  const path = join(instance.folder, 'crossgap.db');
  instance.db.pragma('wal_checkpoint(TRUNCATE)');
  copyFileSync(path, `${path}.backup`);
  await later();
  instance.close();
  for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
  copyFileSync(`${path}.backup`, path);
  instance.reopen();
}

test('T-30 a database put back from a backup signs nothing, and is healed by its own entries from a peer', async () => {
  const { vendor, customer, feed } = makePair();
  appendNotes(vendor, feed, ['two']);
  await putBack(vendor, async () => {
    appendNotes(vendor, feed, ['three', 'four']);
    await deliver(customer, allOf(vendor, feed));
  });
  expect(vendor.log.standing()).toMatchObject({
    state: 'ROLLED_BACK',
    lost: [{ feed, sideFile: { seq: 4 }, database: { seq: 2 } }],
  });
  expect(() => appendNotes(vendor, feed, ['instead'])).toThrow(refusal('ROLLED_BACK'));
  expect(vendor.log.read({ after: 0, limit: 10 })).toHaveLength(2);
  expect(await deliver(vendor, allOf(customer, feed))).toEqual(['known', 'known', 'accepted', 'accepted']);
  expect(vendor.log.standing()).toEqual({ state: 'good' });
  appendNotes(vendor, feed, ['five']);
  expect(await deliver(customer, allOf(vendor, feed))).toContain('accepted');
  expect(content(customer)).toEqual(content(vendor));
});

test('T-30 a feed whose very first entry was lost is healed as well', async () => {
  const vendor = makeInstance('vendor');
  const { customer, link } = makePair();
  customer.pins.set(link, { ...customer.pins.get(link)!, author: vendor.instanceId });
  let feed = '';
  await putBack(vendor, async () => {
    feed = vendor.log.openFeed({ audience: link, introduction: vendor.introduction, ...by });
    appendNotes(vendor, feed, ['two']);
    expect(await deliver(customer, allOf(vendor, feed))).toEqual(['accepted', 'accepted']);
  });
  expect(vendor.log.standing()).toMatchObject({ state: 'ROLLED_BACK', lost: [{ feed }] });
  expect(await deliver(vendor, allOf(customer, feed))).toEqual(['accepted', 'accepted']);
  expect(vendor.log.standing()).toEqual({ state: 'good' });
  expect(vendor.log.feeds()).toMatchObject([{ feed, own: true, seq: 2 }]);
});

test('T-30 entries that nobody can give back are given up with a new epoch, which receivers follow', async () => {
  const { vendor, customer, feed } = makePair();
  appendNotes(vendor, feed, ['two']);
  await deliver(customer, allOf(vendor, feed));
  await putBack(vendor, () => {
    appendNotes(vendor, feed, ['three', 'four']);
    vendor.log.saveHead();
  });
  const { started, lost } = vendor.log.startEpoch({ reason: 'the disk broke', ...by });
  expect(lost).toEqual([]);
  expect(started).toMatchObject([{ feed, epoch: 2, lastKnown: { epoch: 1, seq: 2 } }]);
  expect(vendor.log.standing()).toEqual({ state: 'good' });
  appendNotes(vendor, feed, ['new']);
  vendor.reopen();
  expect(vendor.log.standing()).toEqual({ state: 'good' });
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['known', 'known', 'accepted', 'accepted']);
  expect(pointOf(customer, feed)).toEqual(pointOf(vendor, feed));
  for (const one of [vendor, customer]) expect((await one.log.verify({ full: true })).ok).toBe(true);
});

test('a receiver that holds what its author gave up flags it as void and goes on', async () => {
  const { vendor, customer, feed } = makePair();
  appendNotes(vendor, feed, ['two']);
  await putBack(vendor, async () => {
    appendNotes(vendor, feed, ['three', 'four']);
    await deliver(customer, allOf(vendor, feed));
  });
  vendor.log.startEpoch({ reason: 'nobody answered', ...by });
  appendNotes(vendor, feed, ['new']);
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['known', 'known', 'accepted', 'accepted']);
  expect(customer.log.feeds()).toMatchObject([{ epoch: 2, seq: 2, voidEntries: 2, frozen: false }]);
  expect(content(customer)).toEqual(content(vendor));
  expect(customer.log.entryCount()).toBe(6);
  expect((await customer.log.verify({ full: true })).ok).toBe(true);
});

test('a new epoch that names entries not here yet waits for them', async () => {
  const { vendor, customer, feed } = makePair();
  appendNotes(vendor, feed, ['two', 'three']);
  await deliver(customer, allOf(vendor, feed).slice(0, 1));
  await putBack(vendor, () => {
    appendNotes(vendor, feed, ['lost']);
    vendor.log.saveHead();
  });
  vendor.log.startEpoch({ reason: 'x', ...by });
  appendNotes(vendor, feed, ['new']);
  const sent = allOf(vendor, feed);
  expect(await deliver(customer, [sent[4]!, sent[3]!])).toEqual(['parked', 'parked']);
  expect(customer.log.gaps()).toEqual([{ feed, epoch: 1, from: 2, to: 3 }]);
  expect(await deliver(customer, sent.slice(1, 3))).toEqual(['accepted', 'accepted']);
  expect(pointOf(customer, feed)).toEqual(pointOf(vendor, feed));
});

test('a feed that can go on starts no new epoch', () => {
  const { vendor } = makePair();
  expect(() => vendor.log.startEpoch({ reason: 'why not', ...by })).toThrow(refusal('EPOCH_NOT_NEEDED'));
});

test('T-31 an own entry signed elsewhere stops this instance from signing that feed until a new epoch', async () => {
  const { vendor, customer, link, feed } = makePair();
  appendNotes(vendor, feed, ['two']);
  const opened = vendor.log.read({ after: 0, limit: 1 })[0]!.hash;
  const copy = forge(vendor, link, { seq: 2, previous: opened }, note('signed by a copy'));
  expect(await deliver(vendor, [copy])).toEqual(['EQUIVOCATION']);
  expect(() => appendNotes(vendor, feed, ['three'])).toThrow(refusal('DUPLICATE_IDENTITY'));
  const { started } = vendor.log.startEpoch({ reason: 'the copy is switched off', ...by });
  expect(started).toMatchObject([{ epoch: 2, lastKnown: { epoch: 1, seq: 1 } }]);
  appendNotes(vendor, feed, ['three']);
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['accepted', 'accepted', 'accepted']);
  expect(vendor.log.feeds()).toMatchObject([{ epoch: 2, seq: 2, voidEntries: 1, frozen: false }]);
});

test('T-27 entries cut off the end are noticed before anything is signed, and come back from a peer', async () => {
  const { vendor, customer, feed } = makePair();
  appendNotes(vendor, feed, ['two', 'three', 'four']);
  await deliver(customer, allOf(vendor, feed));
  const text = vendor.db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'entry_keeps_its_rows'");
  const trigger = text.pluck().get() as string;
  vendor.db.exec(`DROP TRIGGER entry_keeps_its_rows; DELETE FROM entry WHERE seq > 2; ${trigger}`);
  vendor.reopen();
  expect(vendor.log.standing().state).toBe('ROLLED_BACK');
  expect(await vendor.log.verify({ full: true })).toMatchObject({
    ok: false,
    firstBad: { code: 'LOG_ENTRY_MISSING', feed },
  });
  expect(await deliver(vendor, allOf(customer, feed))).toEqual(['known', 'known', 'accepted', 'accepted']);
  expect(vendor.log.standing().state).toBe('good');
  expect((await vendor.log.verify({ full: true })).ok).toBe(true);
});

test('a missing or damaged side file stops signing until a person confirms', () => {
  const { vendor, feed } = makePair();
  appendNotes(vendor, feed, ['two']);
  vendor.log.saveHead();
  const path = join(vendor.folder, 'head');
  const text = readFileSync(path, 'latin1');
  rmSync(path);
  vendor.reopen();
  expect(() => appendNotes(vendor, feed, ['x'])).toThrow(refusal('SIDE_FILE_MISSING'));
  writeFileSync(path, text.replace(' 1 2 ', ' 1 1 '));
  vendor.reopen();
  expect(() => appendNotes(vendor, feed, ['x'])).toThrow(refusal('SIDE_FILE_DAMAGED'));
  vendor.log.confirmHead();
  appendNotes(vendor, feed, ['three']);
  vendor.reopen();
  expect(vendor.log.standing()).toEqual({ state: 'good' });
});

test('a person cannot confirm a database that is known to be too old', async () => {
  const { vendor, feed } = makePair();
  await putBack(vendor, () => {
    appendNotes(vendor, feed, ['two']);
    vendor.log.saveHead();
  });
  expect(() => vendor.log.confirmHead()).toThrow(refusal('ROLLED_BACK'));
});

test('a database ahead of its side file is as it should be', () => {
  const { vendor, feed } = makePair();
  vendor.log.saveHead();
  const before = readFileSync(join(vendor.folder, 'head'));
  appendNotes(vendor, feed, ['two', 'three']);
  expect(readFileSync(join(vendor.folder, 'head'))).toEqual(before);
  vendor.reopen();
  expect(vendor.log.standing()).toEqual({ state: 'good' });
});

test('what leaves the instance is in the side file first', () => {
  const { vendor, feed } = makePair();
  appendNotes(vendor, feed, ['two']);
  const inFile = (): boolean =>
    readFileSync(join(vendor.folder, 'head'), 'latin1').includes(pointOf(vendor, feed).hash);
  expect(inFile()).toBe(false);
  allOf(vendor, feed);
  expect(inFile()).toBe(true);
  appendNotes(vendor, feed, ['three']);
  vendor.log.sealHead(feed);
  expect(inFile()).toBe(true);
});

test('T-39 a clock that jumps changes neither order nor validity', async () => {
  const { vendor, customer, feed } = makePair();
  for (const year of [1970, 2106, 2038, 2026]) {
    vendor.clock.time = Date.UTC(year, 0, 1);
    appendNotes(vendor, feed, [String(year)]);
  }
  customer.clock.time = 0;
  expect(new Set(await deliver(customer, allOf(vendor, feed)))).toEqual(new Set(['accepted']));
  expect(customer.folded).toEqual(['feed.opened', '1970', '2106', '2038', '2026']);
});

test('T-02 a head that tells of less than is known is refused, and told apart from an old one that came again', async () => {
  const { vendor, customer, feed } = makePair();
  appendNotes(vendor, feed, ['two']);
  const early = vendor.log.sealHead(feed);
  appendNotes(vendor, feed, ['three']);
  vendor.clock.time += 1000;
  const late = vendor.log.sealHead(feed);
  await deliver(customer, allOf(vendor, feed));
  expect(customer.log.receiveHead(late).outcome).toBe('same');
  expect(customer.log.receiveHead(early)).toMatchObject({
    error: { code: 'ROLLBACK', details: { replayed: true } },
  });
  const { hash } = customer.log.entryAt(feed, { epoch: 1, seq: 2 })!;
  const issuedAt = vendor.clock.now() + 5000;
  const restored = sealHead({ feed, epoch: 1, seq: 2, hash, issuedAt }, vendor.signer);
  expect(customer.log.receiveHead(restored)).toMatchObject({
    error: { code: 'ROLLBACK', details: { replayed: false } },
  });
  expect(customer.log.peerHeads()).toMatchObject([{ feed, seq: 3 }]);
});

test('a head of an unknown feed, of another key, or of a wrong form is refused', async () => {
  const { vendor, customer, feed } = makePair();
  const head = vendor.log.sealHead(feed);
  const codeOf = (bytes: Uint8Array): string => {
    const verdict = customer.log.receiveHead(bytes);
    return verdict.outcome === 'refused' ? verdict.error.code : verdict.outcome;
  };
  expect(codeOf(head)).toBe('FEED_UNKNOWN');
  await deliver(customer, allOf(vendor, feed));
  for (let at = 0; at < head.byteLength; at += 1) {
    const broken = Buffer.from(head);
    broken[at]! ^= 0x10;
    expect(codeOf(broken)).toMatch(/^(HEAD_MALFORMED|FEED_UNKNOWN|SIGNATURE_INVALID)$/);
  }
  expect(codeOf(head.subarray(0, 135))).toBe('HEAD_MALFORMED');
  expect(codeOf(new Uint8Array())).toBe('HEAD_MALFORMED');
  const foreign = sealHead({ feed, ...pointOf(vendor, feed), issuedAt: 1 }, makeInstance('x').signer);
  expect(codeOf(foreign)).toBe('SIGNATURE_INVALID');
  expect(codeOf(head)).toBe('same');
});
