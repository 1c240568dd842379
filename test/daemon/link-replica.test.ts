import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { setInput, withdrawRelease } from '../../src/commands/index.ts';
import { linkReplica } from '../../src/daemon/link-replica.ts';
import { readHead, sealHead } from '../../src/events/index.ts';
import type { Instance } from '../../src/instance/index.ts';
import { readAskedInputs, readHeldBlobs, readPeerInputs } from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import {
  confirmLink,
  deliver,
  linkOf,
  makePair,
  makeRelease,
  offer,
  outward,
  type Pair,
} from '../support/instances.ts';

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
beforeEach(async () => {
  root = memoryFolder();
  pair = await makePair(root.path, { confirmed: false });
});
afterEach(() => {
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});

const offered = async (number: string, names: readonly string[]): Promise<void> => {
  const { vendor, customer, link } = pair;
  offer(vendor, makeRelease(vendor, number, { inputs: names.map((name) => ({ name })) }), [link]);
  await deliver(vendor, customer, link);
};
const confirmed = (): void => confirmLink(pair.customer, pair.link, pair.vendor);
const told = (): number => outward(pair.customer, pair.link).length;
const set = (instance: Instance, name: string, value: string): void => {
  instance.record(() => setInput(undefined, { name, environment: null, secret: false, value }, []).decision);
};
const reported = async (): Promise<string[]> => {
  await deliver(pair.customer, pair.vendor, pair.link);
  return readPeerInputs(pair.vendor.db).map(({ name }) => name);
};

describe('what the other side of a link is told', () => {
  test('T-30 is that nothing was told yet, once the words were compared: if that is not so, it is given back', async () => {
    const { customer, vendor, link } = pair;
    expect(linkReplica(customer, link).outgoingHead()).toBeUndefined();
    confirmed();
    const nothing = linkReplica(customer, link).outgoingHead()!;
    expect(readHead(nothing)).toMatchObject({ feed: customer.log.feedTo(link), epoch: 1, seq: 0 });
    // Who holds nothing of it either finds nothing wrong with it; who does, knows from where on it is missing.
    const atVendor = linkReplica(vendor, link);
    expect(await atVendor.receiveHead(nothing)).toEqual({ outcome: 'known' });
    expect(atVendor.peerStands?.()).toBeUndefined();
    await offered('1.0.0', []);
    await linkReplica(customer, link).acknowledge();
    await deliver(customer, vendor, link);
    expect(await atVendor.receiveHead(nothing)).toMatchObject({ outcome: 'refused', code: 'ROLLBACK' });
    expect(atVendor.peerStands?.()).toEqual({ epoch: 1, seq: 0 });
  });

  test('T-21 is what its key signed twice, once', async () => {
    const { customer, vendor, link } = pair;
    await offered('1.0.0', []);
    confirmed();
    const feed = vendor.log.feedTo(link);
    const point = vendor.log.pointAt(feed)!;
    const head = { feed, ...point, hash: 'ab'.repeat(32), issuedAt: vendor.clock.now() };
    const replica = linkReplica(customer, link);
    await replica.receiveHead(sealHead(head, vendor.keys.signing));
    await replica.acknowledge();
    const before = told();
    await replica.acknowledge();
    await linkReplica(customer, link).acknowledge();
    expect(told()).toBe(before);
    expect(vendor.log.evidence(feed)).toEqual([]);
    await deliver(customer, vendor, link);
    expect(vendor.log.frozenBy(feed)).toMatchObject([{ epoch: point.epoch, seq: point.seq, kind: 'head' }]);
  });

  test('is nothing before the words were compared, and all that is due when they were', async () => {
    const { customer, vendor, link } = pair;
    await offered('1.0.0', ['Port']);
    set(customer, 'Port', '8080');
    // What an offer names may lie here already: that is not for somebody to learn whom nobody knows.
    const { digest } = await customer.blobs.putBytes(Buffer.from('revision Orders'));
    const replica = linkReplica(customer, link);
    await replica.acknowledge();
    expect([told(), replica.holdsBlob(digest)]).toEqual([0, true]);
    confirmed();
    await replica.acknowledge();
    expect(await reported()).toEqual(['Port']);
    expect([...readHeldBlobs(vendor.db, link)]).toEqual([digest]);
    expect(linkOf(vendor, link).confirmed.seq).toBe(linkOf(vendor, link).outward.news);
  });

  test('is said once, however often there is an exchange', async () => {
    confirmed();
    await offered('1.0.0', []);
    const replica = linkReplica(pair.customer, pair.link);
    await replica.acknowledge();
    const before = told();
    expect(before).toBeGreaterThan(0);
    await replica.acknowledge();
    await linkReplica(pair.customer, pair.link).acknowledge();
    expect(told()).toBe(before);
  });

  test('are the inputs its offers ask for by whatever case, and no others', async () => {
    confirmed();
    await offered('1.0.0', ['Site.Port', 'Smtp.Host']);
    for (const name of ['SITE.PORT', 'Something.Else']) set(pair.customer, name, 'x');
    const replica = linkReplica(pair.customer, pair.link);
    await replica.acknowledge();
    expect(await reported()).toEqual(['SITE.PORT']);
    set(pair.customer, 'Smtp.Host', 'x');
    await replica.acknowledge();
    expect(await reported()).toEqual(['SITE.PORT', 'Smtp.Host']);
  });

  test('is looked for in the log only when something came to it', async () => {
    confirmed();
    await offered('1.0.0', ['Port']);
    const { customer, link } = pair;
    const replica = linkReplica(customer, link);
    const exchange = async (): Promise<number> => {
      const prepare = vi.spyOn(customer.db, 'prepare');
      await replica.acknowledge();
      replica.confirmed();
      replica.blobsOwed();
      replica.incomingBlobs();
      const { length } = prepare.mock.calls;
      prepare.mockRestore();
      return length;
    };
    await exchange();
    expect(await exchange()).toBeGreaterThan(0);
    expect(await exchange()).toBe(0);
    set(customer, 'Port', '1');
    expect(await exchange()).toBeGreaterThan(0);
    expect(await reported()).toEqual(['Port']);
  });
});

test('asked for is what offers name that stand, each once', async () => {
  await offered('1.0.0', ['Port', 'Old']);
  await offered('1.1.0', ['Port', 'Na"me\u00e9\u{1F600}']);
  const { customer, vendor, link } = pair;
  const asked = (): string[] => readAskedInputs(customer.db, link).toSorted();
  expect(asked()).toEqual(['Na"me\u00e9\u{1F600}', 'Old', 'Port']);
  expect(readAskedInputs(customer.db, '')).toEqual([]);
  const digest = (db = customer.db): string =>
    (db.prepare(`SELECT digest FROM release WHERE number = '1.0.0'`).get() as { digest: string }).digest;
  vendor.record(() => withdrawRelease({ digest: digest(), withdrawn: null }, 'bad', [link]));
  await deliver(vendor, customer, link);
  expect(asked()).toEqual(['Na"me\u00e9\u{1F600}', 'Port']);
});
