import { expect, test } from 'vitest';
import { newCompanyCertificate } from '../../src/identity/index.ts';
import { EpochStarted, FeedOpened } from '../../src/events/index.ts';
import {
  allOf,
  appendNotes,
  by,
  companyFingerprint,
  content,
  deliver,
  forge,
  hexId,
  introduce,
  makeInstance,
  makePair,
  note,
  pointOf,
} from './instance.ts';

test('entries from a pinned author come in, are folded, and read the same bytes', async () => {
  const { vendor, customer, feed } = makePair();
  appendNotes(vendor, feed, ['one', 'two']);
  const sent = allOf(vendor, feed);
  expect(await deliver(customer, sent)).toEqual(['accepted', 'accepted', 'accepted']);
  expect(customer.folded).toEqual(['feed.opened', 'one', 'two']);
  expect(content(customer)).toEqual(sent.map(({ bytes }) => Buffer.from(bytes).toString('hex')));
  expect(pointOf(customer, feed)).toEqual(pointOf(vendor, feed));
});

test('the same entries again change nothing', async () => {
  const { vendor, customer, feed } = makePair();
  appendNotes(vendor, feed, ['one']);
  await deliver(customer, allOf(vendor, feed));
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['known', 'known']);
  expect(customer.log.entryCount()).toBe(2);
  expect(customer.folded).toEqual(['feed.opened', 'one']);
});

test('T-01 an unsigned entry, one signed by a fresh key and one signed by the key of another feed are refused', async () => {
  const { vendor, customer, link, feed } = makePair();
  await deliver(customer, allOf(vendor, feed));
  const place = { seq: 2, previous: pointOf(vendor, feed).hash };
  const good = forge(vendor, link, place);
  const other = makeInstance('other');
  const foreign = forge({ ...vendor, signer: other.signer }, link, place);
  const unsigned = (length: number) => [{ bytes: good.bytes, signature: new Uint8Array(length) }];
  expect(await deliver(customer, unsigned(64))).toEqual(['SIGNATURE_INVALID']);
  expect(await deliver(customer, unsigned(0))).toEqual(['SIGNATURE_INVALID']);
  expect(await deliver(customer, [foreign])).toEqual(['SIGNATURE_INVALID']);
  expect(await deliver(customer, [forge(other, link, place)])).toEqual(['FEED_UNKNOWN']);
  expect(customer.log.entryCount()).toBe(1);
  expect(await deliver(customer, [good])).toEqual(['accepted']);
});

test('T-08 an entry of more than 256 KiB is refused before it is read', async () => {
  const { customer } = makePair();
  const sized = (length: number) => [{ bytes: new Uint8Array(length), signature: new Uint8Array(64) }];
  expect(await deliver(customer, sized(256 * 1024))).toEqual(['ENTRY_TOO_LARGE']);
  expect(await deliver(customer, sized(256 * 1024 - 64))).toEqual(['ENTRY_MALFORMED']);
});

test('T-17 a feed opened by another company, or by another instance of the same one, is refused', async () => {
  const { vendor, customer, link, feed } = makePair();
  const stranger = await newCompanyCertificate({
    commonName: 'Stranger',
    validFrom: new Date('2026-01-01'),
    validYears: 5,
  });
  const first = { seq: 1, previous: '0'.repeat(64) };
  const opened = (introduction: Uint8Array) => [
    forge(vendor, link, first, FeedOpened.make({ introduction })),
  ];
  const fromStranger = introduce(vendor.instanceId, 'vendor', vendor.signer, stranger.certificate);
  expect(await deliver(customer, opened(fromStranger))).toEqual(['INTRODUCTION_REFUSED']);
  const ofAnother = introduce(hexId(), 'vendor', vendor.signer);
  expect(await deliver(customer, opened(ofAnother))).toEqual(['INTRODUCTION_MISMATCH']);
  const otherKey = introduce(vendor.instanceId, 'vendor', makeInstance('x').signer);
  expect(await deliver(customer, opened(otherKey))).toEqual(['SIGNATURE_INVALID']);
  expect(await deliver(customer, opened(new Uint8Array(20)))).toEqual(['INTRODUCTION_REFUSED']);
  expect(customer.log.feeds()).toEqual([]);
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['accepted']);
});

test('T-19 entries for another customer are refused as not for me, and nothing of their body is read', async () => {
  const { vendor, customer, feed } = makePair();
  const otherLink = hexId();
  const otherFeed = vendor.log.openFeed({
    audience: otherLink,
    introduction: vendor.introduction,
    ...by,
  });
  appendNotes(vendor, otherFeed, ['secret plan']);
  await deliver(customer, allOf(vendor, feed));
  expect(await deliver(customer, allOf(vendor, otherFeed))).toEqual(['NOT_FOR_ME', 'NOT_FOR_ME']);
  // A body that no decoder would take: it would be another code if one had seen it.
  const unreadable = allOf(vendor, otherFeed).map(({ bytes, signature }) => ({
    bytes: Buffer.concat([bytes.subarray(0, 304), Buffer.alloc(bytes.byteLength - 304, 0xc1)]),
    signature,
  }));
  expect(await deliver(customer, unreadable)).toEqual(['NOT_FOR_ME', 'NOT_FOR_ME']);
});

test('a link that was removed takes nothing in any more, and a pending one nothing yet', async () => {
  const { vendor, customer, link, feed } = makePair();
  const pin = customer.pins.get(link)!;
  customer.pins.delete(link);
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['NOT_FOR_ME']);
  customer.pins.set(link, pin);
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['accepted']);
  appendNotes(vendor, feed, ['late']);
  customer.pins.delete(link);
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['NOT_FOR_ME', 'NOT_FOR_ME']);
  expect(customer.log.entryCount()).toBe(1);
});

test('T-03 a jump in the numbers is a gap and not progress', async () => {
  const { vendor, customer, link, feed } = makePair();
  await deliver(customer, allOf(vendor, feed));
  const far = forge(vendor, link, { seq: 1_000_000_001, previous: 'ab'.repeat(32) });
  expect(await deliver(customer, [far])).toEqual(['parked']);
  expect(customer.log.gaps()).toEqual([{ feed, epoch: 1, from: 2, to: 1_000_000_000 }]);
  appendNotes(vendor, feed, ['two']);
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['known', 'accepted']);
});

test('a feed begins with feed.opened, and an epoch with epoch.started, and nowhere else', async () => {
  const { vendor, customer, link, feed } = makePair();
  const first = { seq: 1, previous: '0'.repeat(64) };
  const misplaced = async (...entries: ReturnType<typeof forge>[]): Promise<void> =>
    expect(new Set(await deliver(customer, entries))).toEqual(new Set(['ENTRY_MISPLACED']));
  await misplaced(forge(vendor, link, first, note('no introduction')));
  await deliver(customer, allOf(vendor, feed));
  const lastKnown = pointOf(vendor, feed);
  const previous = lastKnown.hash;
  const { introduction } = vendor;
  await misplaced(
    forge(vendor, link, { seq: 2, previous }, FeedOpened.make({ introduction })),
    forge(vendor, link, { seq: 2, previous }, EpochStarted.make({ epoch: 2, reason: 'x', lastKnown })),
    forge(vendor, link, { epoch: 2, seq: 1, previous }, note('x')),
    forge(vendor, link, { epoch: 2, seq: 2, previous: '0'.repeat(64) }, note('x')),
  );
});

test('an epoch that contradicts itself or what is held is refused', async () => {
  const { vendor, customer, link, feed } = makePair();
  appendNotes(vendor, feed, ['two']);
  await deliver(customer, allOf(vendor, feed));
  const lastKnown = pointOf(vendor, feed);
  const start = (epoch: number, last: typeof lastKnown, previous = last.hash, body = epoch) => [
    forge(
      vendor,
      link,
      { epoch, seq: 1, previous },
      EpochStarted.make({ epoch: body, reason: 'x', lastKnown: last }),
    ),
  ];
  expect(await deliver(customer, start(2, lastKnown, lastKnown.hash, 3))).toEqual(['EPOCH_INVALID']);
  expect(await deliver(customer, start(2, lastKnown, 'ab'.repeat(32)))).toEqual(['EPOCH_INVALID']);
  expect(await deliver(customer, start(2, { ...lastKnown, epoch: 2 }))).toEqual(['EPOCH_INVALID']);
  expect(await deliver(customer, start(2, { ...lastKnown, hash: 'ab'.repeat(32) }))).toEqual([
    'EPOCH_INVALID',
  ]);
  expect(customer.log.evidence(feed)).toMatchObject([{ kind: 'epoch', epoch: 2, seq: 1 }]);
});

test('an unknown type and a newer version are kept and forwarded, not read', async () => {
  const { vendor, customer, link, feed } = makePair();
  await deliver(customer, allOf(vendor, feed));
  const strange = forge(
    vendor,
    link,
    { seq: 2, previous: pointOf(vendor, feed).hash },
    { name: 'weather.seen', version: 3, data: { sky: 'blue' } },
  );
  const newer = forge(
    vendor,
    link,
    { seq: 3, previous: strange.hash },
    { name: 'note.made', version: 9, data: { text: 'x', mood: 'y' } },
  );
  expect(await deliver(customer, [strange, newer])).toEqual(['accepted', 'accepted']);
  const [, second, third] = customer.log.read({ after: 0, limit: 10 });
  expect(second!.event).toEqual({
    known: false,
    name: 'weather.seen',
    version: 3,
    reason: 'TYPE_UNKNOWN',
  });
  expect(third!.event).toEqual({ known: false, name: 'note.made', version: 9, reason: 'VERSION_UNKNOWN' });
  expect(Buffer.from(allOf(customer, feed)[2]!.bytes).equals(newer.bytes)).toBe(true);
});

test('T-70 a known type whose body does not fit is refused, and the right one is accepted in its place', async () => {
  const { vendor, customer, link, feed } = makePair();
  await deliver(customer, allOf(vendor, feed));
  const place = { seq: 2, previous: pointOf(vendor, feed).hash };
  const made = (data: unknown) => forge(vendor, link, place, { name: 'note.made', version: 1, data });
  const wrong = [made({ text: 1 }), made({ text: 'a', more: 1 }), made([])];
  expect(new Set(await deliver(customer, wrong))).toEqual(new Set(['BODY_SCHEMA_INVALID']));
  expect(await deliver(customer, [made({ text: 'a' })])).toEqual(['accepted']);
});

test('what comes too early waits, whatever its body says, and is judged when its turn comes', async () => {
  const { vendor, customer, link, feed } = makePair();
  await deliver(customer, allOf(vendor, feed));
  const second = forge(vendor, link, { seq: 2, previous: pointOf(vendor, feed).hash });
  const unfit = { name: 'note.made', version: 1, data: { txt: 'unfit' } };
  const third = forge(vendor, link, { seq: 3, previous: second.hash }, unfit);
  expect(await deliver(customer, [third])).toEqual(['parked']);
  expect(await deliver(customer, [second])).toEqual(['accepted']);
  expect(pointOf(customer, feed).seq).toBe(2);
  expect(await deliver(customer, [third])).toEqual(['BODY_SCHEMA_INVALID']);
});

test('of a long delivery each entry has its own verdict, in its order', async () => {
  const { vendor, customer, feed } = makePair();
  vendor.log.write((tx) => {
    for (let n = 2; n <= 700; n += 1) tx.append(feed, note(`note ${n}`), by);
  });
  const sent = allOf(vendor, feed);
  const spoiled = sent.with(599, { bytes: sent[599]!.bytes, signature: sent[0]!.signature });
  const expected = sent.map((_, at) => (at < 599 ? 'accepted' : at === 599 ? 'SIGNATURE_INVALID' : 'parked'));
  expect(await deliver(customer, spoiled)).toEqual(expected);
  expect(await deliver(customer, [sent[599]!])).toEqual(['accepted']);
  expect(pointOf(customer, feed)).toEqual(pointOf(vendor, feed));
  expect(customer.folded.slice(1)).toEqual(sent.slice(1).map((_, at) => `note ${at + 2}`));
});

test('T-76 a refusal tells nothing of this machine', async () => {
  const { vendor, customer, link } = makePair();
  const [verdict] = await customer.log.receive([forge(vendor, link, { seq: 1, previous: '0'.repeat(64) })]);
  expect(verdict).toMatchObject({ outcome: 'refused', error: { code: 'ENTRY_MISPLACED' } });
  expect(JSON.stringify(verdict)).not.toContain(customer.folder);
});

test('a fold that fails leaves nothing of its batch behind, and the same batch comes in later', async () => {
  const { vendor, customer, feed } = makePair();
  appendNotes(vendor, feed, ['one']);
  let broken = true;
  customer.folded.push = (...texts: string[]): number => {
    if (broken && texts.includes('one')) throw new RangeError('the fold is broken');
    return Array.prototype.push.apply(customer.folded, texts);
  };
  await expect(deliver(customer, allOf(vendor, feed))).rejects.toThrow('the fold is broken');
  expect(customer.log.entryCount()).toBe(0);
  expect(customer.log.feeds()).toEqual([]);
  broken = false;
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['accepted', 'accepted']);
});

test('the pin that counts is the one of the link, by the fingerprint of the company certificate', async () => {
  const { vendor, customer, link, feed } = makePair();
  customer.pins.set(link, { author: vendor.instanceId, certificateFingerprint: 'ab'.repeat(32) });
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['INTRODUCTION_REFUSED']);
  customer.pins.set(link, { author: hexId(), certificateFingerprint: companyFingerprint });
  expect(await deliver(customer, allOf(vendor, feed))).toEqual(['FEED_UNKNOWN']);
});
