import { execFileSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EpochStarted, entryHash, sealHead, type SealedEntry } from '../../src/events/index.ts';
import { requires } from '../support/requires.ts';
import {
  allOf,
  appendNotes,
  by,
  content,
  deliver,
  forge,
  hexId,
  makePair,
  note,
  pointOf,
  tempFolder,
  type TestInstance,
} from './instance.ts';

const frozen = (instance: TestInstance, feed: string): boolean =>
  instance.log.feeds().find((one) => one.feed === feed)!.frozen;

/** A feed of four, and for each place behind the first another entry that its author signed as well. */
function twoFaced(): {
  customer: TestInstance;
  feed: string;
  truth: SealedEntry[];
  lies: SealedEntry[];
} {
  const { vendor, customer, link, feed } = makePair();
  appendNotes(vendor, feed, ['two', 'three', 'four']);
  const truth = allOf(vendor, feed);
  const lies = truth
    .slice(0, -1)
    .map(({ bytes }, at) =>
      forge(vendor, link, { seq: at + 2, previous: entryHash(bytes) }, note('another')),
    );
  return { customer, feed, truth, lies };
}

for (const at of [2, 3, 4])
  test(`T-21 two entries for place ${at} freeze the feed in either order, and both are kept as evidence`, async () => {
    for (const lieFirst of [false, true]) {
      const { customer, feed, truth, lies } = twoFaced();
      const lie = lies[at - 2]!;
      const before = truth.slice(0, at - 1);
      const [first, second] = lieFirst ? [lie, truth[at - 1]!] : [truth[at - 1]!, lie];
      await deliver(customer, [...before, first]);
      expect(await deliver(customer, [second])).toEqual(['EQUIVOCATION']);
      expect(frozen(customer, feed)).toBe(true);
      customer.reopen();
      expect(frozen(customer, feed)).toBe(true);
      const [evidence] = customer.log.evidence(feed);
      expect(evidence).toMatchObject({ epoch: 1, seq: at, kind: 'entries' });
      expect(Buffer.from(evidence!.first.bytes).equals(first.bytes)).toBe(true);
      expect(Buffer.from(evidence!.second.bytes).equals(second.bytes)).toBe(true);
      const verdicts = await deliver(customer, truth);
      expect(verdicts.slice(0, at - 1).every((verdict) => verdict === 'known')).toBe(true);
      expect(verdicts.slice(at).every((verdict) => verdict === 'FEED_FROZEN')).toBe(true);
      expect(customer.log.entryCount()).toBe(at);
    }
  });

test('T-21 two entries for one place in one delivery, and two that wait behind a gap, freeze the feed as well', async () => {
  const first = twoFaced();
  const { truth, lies } = first;
  expect(await deliver(first.customer, [truth[0]!, truth[1]!, lies[0]!, truth[2]!])).toEqual([
    'accepted',
    'accepted',
    'EQUIVOCATION',
    'FEED_FROZEN',
  ]);
  const second = twoFaced();
  await deliver(second.customer, [second.truth[0]!]);
  expect(await deliver(second.customer, [second.truth[3]!, second.lies[2]!])).toEqual([
    'parked',
    'EQUIVOCATION',
  ]);
  expect(frozen(second.customer, second.feed)).toBe(true);
  expect(second.customer.log.gaps()).toEqual([]);
});

test('T-21 another feed goes on while one is frozen', async () => {
  const { vendor, customer, link, feed } = makePair();
  const otherLink = hexId();
  customer.pins.set(otherLink, customer.pins.get(link)!);
  const other = vendor.log.openFeed({ audience: otherLink, introduction: vendor.introduction, ...by });
  appendNotes(vendor, feed, ['two']);
  await deliver(customer, allOf(vendor, feed));
  const opened = entryHash(allOf(vendor, feed)[0]!.bytes);
  await deliver(customer, [forge(vendor, link, { seq: 2, previous: opened }, note('lie'))]);
  expect(frozen(customer, feed)).toBe(true);
  appendNotes(vendor, other, ['fine']);
  expect(await deliver(customer, allOf(vendor, other))).toEqual(['accepted', 'accepted']);
});

test('an entry that follows another predecessor proves a second history', async () => {
  const { vendor, customer, link, feed } = makePair();
  appendNotes(vendor, feed, ['two']);
  await deliver(customer, allOf(vendor, feed));
  const parted = forge(vendor, link, { seq: 3, previous: 'ab'.repeat(32) });
  expect(await deliver(customer, [parted])).toEqual(['PREVIOUS_MISMATCH']);
  expect(customer.log.evidence(feed)).toMatchObject([{ seq: 3, kind: 'chain' }]);
  expect(frozen(customer, feed)).toBe(true);
});

test('a signed head that names another entry proves a second history', async () => {
  const { vendor, customer, feed } = makePair();
  appendNotes(vendor, feed, ['two']);
  await deliver(customer, allOf(vendor, feed));
  const head = { feed, epoch: 1, seq: 2, hash: 'ab'.repeat(32), issuedAt: vendor.clock.now() };
  expect(customer.log.receiveHead(sealHead(head, vendor.signer))).toMatchObject({
    outcome: 'refused',
    error: { code: 'EQUIVOCATION' },
  });
  expect(customer.log.evidence(feed)).toMatchObject([{ seq: 2, kind: 'head' }]);
  expect(frozen(customer, feed)).toBe(true);
});

test('T-22 noise at a place that is taken freezes nothing and leaves nothing behind', async () => {
  const { vendor, customer, link, feed } = makePair();
  appendNotes(vendor, feed, ['two']);
  await deliver(customer, allOf(vendor, feed));
  const previous = pointOf(vendor, feed).hash;
  const noise = Array.from({ length: 500 }, (_, at) => {
    const { bytes, signature } = forge(vendor, link, { seq: 2, previous }, note(`noise ${at}`));
    const broken = Buffer.from(signature);
    broken[at % 64]! ^= 1;
    return { bytes, signature: broken };
  });
  expect(new Set(await deliver(customer, noise))).toEqual(new Set(['SIGNATURE_INVALID']));
  expect(frozen(customer, feed)).toBe(false);
  expect(customer.log.evidence(feed)).toEqual([]);
  appendNotes(vendor, feed, ['three']);
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['known', 'known', 'accepted']);
});

test('a frozen feed goes on with a new epoch only after a person allowed it, and what it leaves behind is void', async () => {
  const { vendor, customer, link, feed } = makePair();
  appendNotes(vendor, feed, ['two', 'three']);
  const [, second] = allOf(vendor, feed);
  await deliver(customer, allOf(vendor, feed));
  const lastKnown = { epoch: 1, seq: 2, hash: entryHash(second!.bytes) };
  const lie = forge(vendor, link, { seq: 3, previous: lastKnown.hash }, note('lie'));
  expect(await deliver(customer, [lie])).toEqual(['EQUIVOCATION']);
  const epoch = EpochStarted.make({ epoch: 2, reason: 'a copy was running', lastKnown });
  const started = forge(vendor, link, { epoch: 2, seq: 1, previous: lastKnown.hash }, epoch);
  expect(await deliver(customer, [started])).toEqual(['FEED_FROZEN']);
  expect(customer.log.allowEpoch(feed)).toBe(true);
  expect(await deliver(customer, [lie, started])).toEqual(['FEED_FROZEN', 'accepted']);
  expect(customer.log.feeds()).toMatchObject([{ feed, epoch: 2, seq: 1, frozen: false, voidEntries: 1 }]);
  expect(content(customer)).toHaveLength(3);
  const next = forge(vendor, link, { epoch: 2, seq: 2, previous: started.hash });
  expect(await deliver(customer, [lie, next])).toEqual(['EPOCH_ENDED', 'accepted']);
  expect(customer.log.allowEpoch(feed)).toBe(false);
  expect((await customer.log.verify({ full: true })).ok).toBe(true);
});

test('T-24 evidence can be checked with nothing but the bytes, the key and the description of the format', async () => {
  const { customer, feed, truth, lies } = twoFaced();
  await deliver(customer, [...truth.slice(0, 2), lies[0]!]);
  const { first, second } = customer.log.evidence(feed)[0]!;
  const opening = Buffer.from(truth[0]!.bytes);
  const at = opening.indexOf('cgI\x01', 0, 'latin1') + 28;
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), opening.subarray(at, at + 32)]);
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const type = 'application/vnd.crossgap.event.v1';
  const encoded = (bytes: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${bytes.byteLength} `), bytes]);
  for (const { bytes, signature } of [first, second])
    expect(verify(null, encoded(bytes), key, signature)).toBe(true);
  const placeOf = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(8, 36)).toString('hex');
  expect(placeOf(first.bytes)).toBe(placeOf(second.bytes));
  if (!requires('openssl', 'evidence checked by openssl alone')) return;
  const folder = tempFolder();
  writeFileSync(join(folder, 'key.der'), spki);
  for (const { bytes, signature } of [first, second]) {
    writeFileSync(join(folder, 'message'), encoded(bytes));
    writeFileSync(join(folder, 'signature'), signature);
    const said = execFileSync(
      'openssl',
      'pkeyutl -verify -pubin -inkey key.der -keyform DER -rawin -in message -sigfile signature'.split(' '),
      { cwd: folder, encoding: 'utf8' },
    );
    expect(said).toContain('Verified Successfully');
  }
});

test('what a new epoch left behind is skipped, however few entries are asked for at a time', async () => {
  const { vendor, customer, link, feed } = makePair();
  appendNotes(vendor, feed, ['two', 'three', 'four', 'five']);
  const opened = vendor.log.read({ after: 0, limit: 1 })[0]!.hash;
  await deliver(vendor, [forge(vendor, link, { seq: 2, previous: opened }, note('signed by a copy'))]);
  vendor.log.startEpoch({ reason: 'the copy is switched off', ...by });
  appendNotes(vendor, feed, ['new']);
  const oneByOne = [
    ...vendor.log.readFeed(feed, { epoch: 1, seq: 1 }, 1),
    ...vendor.log.readFeed(feed, { epoch: 1, seq: 2 }, 1),
    ...vendor.log.readFeed(feed, { epoch: 2, seq: 2 }, 1),
  ];
  expect(oneByOne).toEqual(allOf(vendor, feed));
  expect(await deliver(customer, oneByOne)).toEqual(['accepted', 'accepted', 'accepted']);
});
