import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Instance } from '../../src/instance/index.ts';
import {
  describeError,
  describeLive,
  describeRefused,
  describeSent,
  linkViews,
  readLinks,
  type LinkFacts,
  type LinkLive,
  type LinkView,
} from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import {
  deliver,
  giveReceipt,
  linkOf,
  makePair,
  makeRelease,
  offer,
  settle,
  type Pair,
} from '../support/instances.ts';

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

function viewOf(instance: Instance, wish: Partial<LinkFacts> = {}): LinkView {
  const facts: LinkFacts = {
    now: instance.clock.now(),
    holds: () => false,
    wordsOf: () => 'six words',
    peerHead: (feed) => instance.log.peerHead(feed),
    live: undefined,
    lastBundle: () => undefined,
    ...wish,
  };
  return linkViews(instance.db, readLinks(instance.db), facts)[0]!;
}

const live = (facts: Partial<LinkLive>): LinkLive => ({
  connection: null,
  exchangedAt: null,
  lastError: null,
  refused: null,
  ...facts,
});
const now = '2026-03-02T12:00:00.000Z';

test('what was offered is outstanding to them, entries and files, until their receipt says they hold it', async () => {
  const { vendor, customer, link } = pair;
  await settle(pair);
  offer(vendor, makeRelease(vendor, '1.0.0'), [link]);
  const { toThem } = viewOf(vendor).outstanding;
  // The offer and the receipt before it; a package of 1000 bytes and a revision of 100.
  expect(toThem).toEqual({ entries: 2, blobs: 2, blobBytes: 1100 });
  await deliver(vendor, customer, link);
  const theirs = viewOf(customer);
  expect(theirs.outstanding.toUs).toEqual({ entries: 0, blobs: 2, blobBytes: 1100 });
  expect(viewOf(customer, { holds: () => true }).outstanding.toUs.blobs).toBe(0);
  expect(theirs.heads.theirs).toEqual(viewOf(vendor).heads.ours);
  giveReceipt(customer, link);
  await deliver(customer, vendor, link);
  expect(viewOf(vendor).outstanding.toThem.entries).toBe(0);
});

test('what a head of theirs tells of and is not here is outstanding to us, and was heard of', async () => {
  const { vendor, customer, link, clock } = pair;
  offer(vendor, makeRelease(vendor, '0.9.0'), [link]);
  await settle(pair);
  offer(vendor, makeRelease(vendor, '1.0.0'), [link]);
  clock.advance(3_600_000);
  const verdict = customer.log.receiveHead(vendor.log.sealHead(vendor.log.feedTo(link)));
  expect(verdict.outcome === 'refused' ? verdict.error.message : verdict.outcome).toBe('behind');
  const view = viewOf(customer);
  expect(view.outstanding.toUs.entries).toBe(1);
  expect(view.heardAgeSeconds).toBe(0);
});

test('nothing is outstanding on a link that was removed', async () => {
  const { vendor, link } = pair;
  offer(vendor, makeRelease(vendor, '1.0.0'), [link]);
  const removed = { ...linkOf(vendor, link), state: 'removed' as const };
  const facts = {
    now: 0,
    holds: () => false,
    wordsOf: () => '',
    peerHead: () => undefined,
    live: undefined,
    lastBundle: () => undefined,
  };
  const nothing = { entries: 0, blobs: 0, blobBytes: 0 };
  expect(linkViews(vendor.db, [removed], facts)[0]!.outstanding).toEqual({ toThem: nothing, toUs: nothing });
});

test('what was refused of a link lately is said with its reasons, and nothing of one that behaves', () => {
  const view = viewOf(pair.vendor);
  const reasons = [
    { code: 'FEED_UNKNOWN', count: 1990, message: 'Cannot take it' },
    { code: 'PARCEL_FOREIGN', count: 9, message: 'Cannot read it' },
  ];
  const refused = { count: 1999, since: '2026-03-02T11:50:00.000Z', at: '2026-03-02T11:59:00.000Z', reasons };
  expect(describeRefused({ ...view, live: live({ refused }) }, now)).toBe(
    '1,999 refused lately, 1 min ago: 1,990 FEED_UNKNOWN, 9 PARCEL_FOREIGN',
  );
  for (const one of [null, live({})]) expect(describeRefused({ ...view, live: one }, now)).toBeNull();
});

test('how a link is right now is said in words', () => {
  const view = viewOf(pair.vendor);
  const connection = {
    connected: false,
    since: '2026-03-02T11:57:00.000Z',
    url: null,
    serverVersion: null,
    encrypted: null,
  };
  const said = (facts: Partial<LinkView>): string => describeLive({ ...view, ...facts }, now);
  expect(said({ kind: 'nats', live: live({ connection }) })).toBe('not connected for 3 min');
  const up = { ...connection, connected: true };
  expect(said({ kind: 'nats', live: live({ connection: up }) })).toBe('connected for 3 min');
  expect(said({ live: live({}), heardAt: null })).toBe('nothing of theirs is in the folder yet');
  expect(said({ live: live({ exchangedAt: '2026-03-02T11:59:00.000Z' }), heardAt: now })).toBe(
    'looked at 1 min ago',
  );
  expect(said({ live: null })).toBe('');
  expect(said({ kind: 'hand' })).toBe('no bundle made yet');
  const lastBundle = {
    number: 3,
    at: '2026-02-28T12:00:00.000Z',
    receipted: false,
    unconfirmedEntries: 58,
    receiptedNumber: null,
    hop: null,
  };
  expect(said({ kind: 'hand', lastBundle })).toBe('bundle 3 made 2 days ago, no receipt yet');
  const hop = { name: 'dmz', at: '2026-03-01T12:00:00.000Z', way: 'passed' } as const;
  const passed = 'bundle 3 made 2 days ago, passed dmz 24 h ago, no receipt yet';
  expect(said({ kind: 'hand', lastBundle: { ...lastBundle, hop } })).toBe(passed);
  const sent = '58 sent, no receipt yet (bundle 3, 2 days ago)';
  expect(describeSent({ lastBundle }, now)).toBe(sent);
  const after = { ...lastBundle, receiptedNumber: 2 };
  expect(describeSent({ lastBundle: after }, now)).toBe(`${sent}; newest receipt is for bundle 2`);
  expect(describeSent({ lastBundle: { ...lastBundle, receipted: true } }, now)).toBe('bundle 3 receipted');
  expect(describeSent({ lastBundle: null }, now)).toBeNull();
});

test('an error is told while it lasts', () => {
  const lastError = {
    code: 'FOLDER_MISSING',
    message: 'Cannot use it',
    hint: null,
    since: now,
    at: now,
    over: false,
  };
  expect(describeError({ live: live({ lastError }) })).toBe('Cannot use it [FOLDER_MISSING]');
  expect(describeError({ live: live({ lastError: { ...lastError, over: true } }) })).toBeNull();
  expect(describeError({ live: null })).toBeNull();
});
