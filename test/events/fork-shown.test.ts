import { expect, test } from 'vitest';
import {
  entryHash,
  feedId,
  FeedOpened,
  ForkFound,
  sealEntry,
  sealHead,
  type SealedEntry,
} from '../../src/events/index.ts';
import { openIntroduction } from '../../src/identity/index.ts';
import { allOf, appendNotes, by, deliver, forge, makePair, note, type TestInstance } from './instance.ts';

type World = ReturnType<typeof makePair> & {
  /** What the author signed, and what somebody else did with its key for the last place of it. */
  readonly truth: readonly SealedEntry[];
  readonly lie: SealedEntry;
  /** The author hears of it from the receiver of its feed. */
  readonly show: (proof: Partial<Parameters<typeof ForkFound.make>[0]>) => Promise<string[]>;
};

/** An author whose key signed twice at entry 3, and a receiver who may tell it so. */
function twoHistories(): World {
  const pair = makePair();
  const { vendor, customer, link, feed } = pair;
  appendNotes(vendor, feed, ['two', 'three']);
  const truth = allOf(vendor, feed);
  const lie = forge(vendor, link, { seq: 3, previous: entryHash(truth[1]!.bytes) }, note('by a copy'));
  vendor.pins.set(link, { ...customer.pins.get(link)!, author: customer.instanceId });
  const back = customer.log.openFeed({ audience: link, introduction: customer.introduction });
  const show: World['show'] = (proof) => {
    const shown = ForkFound.make({ epoch: 1, seq: 3, entries: [], ...proof });
    customer.log.write((tx) => tx.append(back, shown, by));
    return deliver(vendor, allOf(customer, back));
  };
  return { ...pair, truth, lie, show };
}

const plain = ({ bytes, signature }: SealedEntry): SealedEntry => ({ bytes, signature });
const isFrozen = ({ log }: TestInstance, feed: string): boolean => log.frozenBy(feed).length > 0;
const refusal = (code: string): unknown => expect.objectContaining({ code });

test('T-21 an author that is shown what a copy signed keeps both as evidence and signs nothing more on that feed', async () => {
  const { vendor, feed, truth, lie, show } = twoHistories();
  expect(await show({ entries: [plain(lie), plain(truth[2]!)] })).toEqual(['accepted', 'accepted']);
  const [fork] = vendor.log.frozenBy(feed);
  expect(fork).toMatchObject({ epoch: 1, seq: 3, kind: 'entries' });
  expect([fork!.first, fork!.second].map(({ bytes }) => entryHash(bytes))).toEqual(
    [truth[2]!, lie].map(({ bytes }) => entryHash(bytes)),
  );
  expect(() => appendNotes(vendor, feed, ['more'])).toThrow(refusal('DUPLICATE_IDENTITY'));
  expect(vendor.log.startEpoch({ reason: 'a copy ran', ...by }).started).toMatchObject([
    { feed, epoch: 2, lastKnown: { seq: 2 } },
  ]);
  appendNotes(vendor, feed, ['goes on']);
  // What was left behind and is shown once more changes nothing.
  await show({ entries: [plain(lie)] });
  expect(isFrozen(vendor, feed)).toBe(false);
});

test('T-21 a head that names another entry shows a second history as well', async () => {
  const { vendor, feed, truth, show } = twoHistories();
  const head = sealHead(
    { feed, epoch: 1, seq: 3, hash: 'ab'.repeat(32), issuedAt: vendor.clock.now() },
    vendor.signer,
  );
  await show({ entries: [plain(truth[2]!)], head });
  expect(vendor.log.frozenBy(feed)).toMatchObject([{ seq: 3, kind: 'head' }]);
});

test('T-22 what is shown and was not signed by the author is not believed', async () => {
  const { vendor, customer, link, feed, truth, lie, show } = twoHistories();
  const damaged = { bytes: lie.bytes, signature: Buffer.from(lie.signature).fill(1, 0, 4) };
  const foreign = forge(
    { ...customer, log: vendor.log },
    link,
    { seq: 3, previous: entryHash(truth[1]!.bytes) },
    note('signed by the receiver'),
  );
  const head = sealHead(
    { feed, epoch: 1, seq: 3, hash: 'ab'.repeat(32), issuedAt: vendor.clock.now() },
    customer.signer,
  );
  await show({ entries: [damaged, plain(foreign)], head });
  await show({ entries: [{ bytes: Buffer.from('no entry'), signature: Buffer.alloc(64) }] });
  await show({ entries: truth.slice(1).map(plain) });
  expect(vendor.log.evidence(feed)).toEqual([]);
  appendNotes(vendor, feed, ['goes on']);
});

test('T-22 what is shown can speak of no other feed than the one its teller receives', async () => {
  const { vendor, truth, show } = twoHistories();
  const audience = 'cd'.repeat(16);
  const other = vendor.log.openFeed({ audience, introduction: vendor.introduction });
  appendNotes(vendor, other, ['two']);
  const lie = forge(vendor, audience, { seq: 2, previous: entryHash(allOf(vendor, other)[0]!.bytes) });
  await show({ entries: [plain(lie), plain(truth[0]!)] });
  expect(vendor.log.evidence(other)).toEqual([]);
});

test('T-30 the first entry of a feed follows from the introduction alone, so that who opens it once more forks nothing', () => {
  const { vendor, link, feed } = makePair();
  const { introduction, signer, instanceId } = vendor;
  const { name: actor, issuedAt: at } = openIntroduction(introduction);
  const place = {
    feed: feedId(instanceId, link),
    epoch: 1,
    seq: 1,
    previous: '0'.repeat(64),
    audience: link,
  };
  const again = sealEntry({ ...place, at, actor }, FeedOpened.make({ introduction }), signer);
  expect(allOf(vendor, feed).map(({ bytes }) => entryHash(bytes))).toEqual([again.hash]);
  expect(at).not.toBe(vendor.clock.now());
});
