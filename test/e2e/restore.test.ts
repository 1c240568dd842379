import { chmodSync, copyFileSync, cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CrossgapError } from '../../src/errors.ts';
import { entryHash } from '../../src/events/index.ts';
import { setInput } from '../../src/commands/index.ts';
import { readStatus, runDaemon } from '../../src/daemon/index.ts';
import { backupInstance, openInstance, restoreInstance, type Instance } from '../../src/instance/index.ts';
import { silentLog } from '../../src/log.ts';
import { readPeerInputs, readReleases } from '../../src/projections/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { makePair, makeRelease, offer, outward, type Pair } from '../support/instances.ts';

/*
 * What happens after a database was put back to an earlier state: a backup, a snapshot of a machine, a copy that runs
 * elsewhere. Each is told by the instances themselves, and healed over the link they have.
 */

type World = { vendor: Instance; customer: Instance; link: string; pair: Pair };

let root: ReturnType<typeof temporaryFolder>;
let world: World;
beforeEach(async () => {
  root = temporaryFolder();
  const pair = await makePair(root.path);
  world = { vendor: pair.vendor, customer: pair.customer, link: pair.link, pair };
  offerAll(['1.0.0']);
  await both();
});
afterEach(() => {
  world.vendor.close();
  world.customer.close();
  root[Symbol.dispose]();
});

const refusal = (code: string): unknown => expect.objectContaining({ code });

/** Everything there is to do, once; the code of what hindered, and what was refused. */
async function run(instance: Instance): Promise<{ hindered: string | undefined; refused: string }> {
  try {
    const done = await runDaemon(instance, {
      once: true,
      log: silentLog(),
      signal: new AbortController().signal,
    });
    return { hindered: undefined, refused: done.exchanged.flatMap(({ refused }) => refused).join('\n') };
  } catch (error) {
    if (!(error instanceof CrossgapError)) throw error;
    return { hindered: error.code, refused: '' };
  }
}

async function both(rounds = 2): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await run(world.vendor);
    await run(world.customer);
  }
}

function offerAll(numbers: readonly string[]): void {
  for (const number of numbers) offer(world.vendor, makeRelease(world.vendor, number), [world.link]);
}

function set(instance: Instance, name: string, value: string): void {
  instance.record(() => setInput(undefined, { name, environment: null, secret: false, value }, []).decision);
}

/** Puts one side back to what it was before `later`; with `head`, the side file too, as a snapshot of the machine does. */
async function putBack(
  side: 'vendor' | 'customer',
  { head = false }: { head?: boolean },
  later: () => Promise<void>,
): Promise<void> {
  const { folder, clock } = world[side];
  const backup = join(root.path, `${side}.backup`);
  await backupInstance(world[side], backup);
  copyFileSync(folder.head, `${backup}.head`);
  await later();
  world[side].close();
  if (head) copyFileSync(`${backup}.head`, folder.head);
  await restoreInstance(folder.root, backup, clock);
  world[side] = await openInstance(folder.root, { clock });
}

const feedOf = (author: Instance): string[] =>
  outward(author, world.link).map(({ bytes }) => entryHash(bytes));

function heldOf(author: Instance, at: Instance): string[] {
  const feed = author.log.feedTo(world.link);
  return at.log.readFeed(feed, { epoch: 1, seq: 1 }, 1000).map(({ bytes }) => entryHash(bytes));
}

async function expectWhole(): Promise<void> {
  await run(world.vendor);
  const { vendor, customer } = world;
  expect(heldOf(vendor, customer)).toEqual(feedOf(vendor));
  expect(heldOf(customer, vendor)).toEqual(feedOf(customer));
  for (const one of [vendor, customer])
    expect(await one.log.verify({ full: true })).toMatchObject({ ok: true });
}

const offersAt = (instance: Instance): string[] =>
  readReleases(instance.db)
    .map(({ number }) => number)
    .toSorted();

describe('T-30 a vendor put back to last week', () => {
  test('signs nothing, gets its own entries back from the customer, and goes on', async () => {
    await putBack('vendor', {}, async () => {
      offerAll(['1.1.0', '1.2.0']);
      await both();
    });
    const whole = heldOf(world.vendor, world.customer);
    expect(feedOf(world.vendor).length).toBeLessThan(whole.length);
    expect(() => offerAll(['2.0.0'])).toThrow(refusal('ROLLED_BACK'));
    await both();
    expect(feedOf(world.vendor)).toEqual(whole);
    // Its diary was for nobody else: that part is given up.
    expect(world.vendor.log.standing()).toMatchObject({ state: 'ROLLED_BACK', lost: [{}] });
    const { started } = world.vendor.log.startEpoch({ reason: 'restored', actor: 'tester' });
    expect(started.map(({ feed }) => feed)).toEqual([
      world.vendor.log.feedTo(world.vendor.identity.instanceId),
    ]);
    offerAll(['2.0.0']);
    await both(3);
    await expectWhole();
    expect(offersAt(world.customer)).toEqual(['1.0.0', '1.1.0', '1.2.0', '2.0.0']);
  });

  test('gets back what the customer had told it meanwhile too, although it had been receipted', async () => {
    await putBack('vendor', {}, async () => {
      const withInput = makeRelease(world.vendor, '1.1.0', { inputs: [{ name: 'Port' }] });
      offer(world.vendor, withInput, [world.link]);
      await both();
      set(world.customer, 'Port', '8080');
      await run(world.customer);
      await both();
    });
    expect(readPeerInputs(world.vendor.db)).toEqual([]);
    await both();
    world.vendor.log.startEpoch({ reason: 'restored', actor: 'tester' });
    await both(3);
    expect(readPeerInputs(world.vendor.db).map(({ name }) => name)).toEqual(['Port']);
    await expectWhole();
  });

  test('that is alone with it waits for nobody: a person gives the lost entries up', async () => {
    await putBack('vendor', {}, async () => {
      offerAll(['1.1.0']);
      await run(world.vendor);
    });
    world.vendor.log.startEpoch({ reason: 'nobody can be reached', actor: 'tester' });
    offerAll(['2.0.0']);
    await both(3);
    await expectWhole();
    expect(offersAt(world.customer)).toEqual(['1.0.0', '2.0.0']);
  });
});

describe('a machine put back to a snapshot, file `head` and all', () => {
  test('T-30 learns from a receipt that it lost entries before it signs, and is healed', async () => {
    await putBack('vendor', { head: true }, async () => {
      offerAll(['1.1.0']);
      await both();
    });
    const { vendor, link } = world;
    expect(vendor.log.standing()).toEqual({ state: 'good' });
    const lostFeed = vendor.log.feedTo(link);
    // The customer says how far it holds the feed; nothing else is known here yet.
    await vendor.log.receive(outward(world.customer, link));
    expect(vendor.log.feeds().find(({ feed }) => feed === lostFeed)?.doubt).toMatchObject({ code: 'UNSURE' });
    expect(() => offerAll(['2.0.0'])).toThrow(refusal('UNSURE'));
    expect(readStatus(vendor).warnings).toMatchObject([{ code: 'UNSURE' }]);
    await both();
    expect(readStatus(vendor).warnings).toEqual([]);
    expect(vendor.log.feeds().find(({ feed }) => feed === lostFeed)?.doubt).toBeNull();
    offerAll(['2.0.0']);
    await both();
    await expectWhole();
    expect(offersAt(world.customer)).toEqual(['1.0.0', '1.1.0', '2.0.0']);
  });

  test('J1.F6 J2.F5 T-21 that signed anew is refused with both heads named, learns of it, and begins a new epoch', async () => {
    await putBack('vendor', { head: true }, async () => {
      offerAll(['1.1.0', '1.2.0']);
      await both();
    });
    offerAll(['2.0.0']);
    const ours = world.vendor.log.pointAt(world.vendor.log.feedTo(world.link))!;
    await run(world.vendor);
    const { refused } = await run(world.customer);
    const feed = world.vendor.log.feedTo(world.link);
    const theirs = world.customer.log.entryAt(feed, ours)!.hash;
    expect(refused).toContain(`EQUIVOCATION`);
    expect(refused).toContain(`${ours.hash} instead of ${theirs}`);
    expect(world.customer.log.evidence(feed)).not.toEqual([]);
    expect(offersAt(world.customer)).toEqual(['1.0.0', '1.1.0', '1.2.0']);
    await run(world.vendor);
    expect(() => offerAll(['2.1.0'])).toThrow(refusal('DUPLICATE_IDENTITY'));
    expect(world.vendor.log.evidence(feed)).not.toEqual([]);
    world.vendor.log.startEpoch({ reason: 'restored from a snapshot', actor: 'tester' });
    await both();
    // The customer decides whether it believes that.
    expect(offersAt(world.customer)).toEqual(['1.0.0', '1.1.0', '1.2.0']);
    expect(world.customer.log.allowEpoch(feed)).toBe(true);
    offerAll(['3.0.0']);
    await both();
    await expectWhole();
    expect(offersAt(world.customer)).toContain('3.0.0');
  });

  test('J2.F5 a customer that does not know what it receipted is healed in the same way', async () => {
    await putBack('customer', { head: true }, async () => {
      offerAll(['1.1.0']);
      await both();
    });
    await both(3);
    await expectWhole();
    expect(offersAt(world.customer)).toEqual(['1.0.0', '1.1.0']);
  });
});

test('a receiver that lies about what it holds stops its own link and no other', async () => {
  const { vendor, customer, link } = world;
  const feed = customer.log.feedTo(link);
  customer.log.write((tx) =>
    tx.append(
      feed,
      {
        name: 'receipt.given',
        version: 1,
        data: { epoch: 1, seq: 999, hash: 'ab'.repeat(32), holds: [], refused: [] },
      },
      { actor: 'liar' },
    ),
  );
  await vendor.log.receive(outward(customer, link));
  expect(() => offerAll(['2.0.0'])).toThrow(refusal('UNSURE'));
  set(vendor, 'Port', '1');
  vendor.log.startEpoch({ reason: 'the other side is mistaken', actor: 'tester' });
  offerAll(['2.0.1']);
});

test('T-31 of two daemons on copies of one folder, each place is taken once, and the other is told so', async () => {
  const { vendor, customer, link } = world;
  const copy = await makeCopy(vendor);
  try {
    offer(copy, makeRelease(copy, '9.0.0'), [link]);
    offerAll(['1.1.0']);
    const first = await customer.log.receive(outward(vendor, link));
    expect(first.at(-1)?.outcome).toBe('accepted');
    const second = await customer.log.receive(outward(copy, link));
    expect(second.at(-1)).toMatchObject({ outcome: 'refused', error: { code: 'EQUIVOCATION' } });
    const feed = vendor.log.feedTo(link);
    expect(offersAt(customer)).toEqual(['1.0.0', '1.1.0']);
    // What the customer holds comes back to both of them, and shows the other's.
    await copy.log.receive(customer.log.readFeed(feed, { epoch: 1, seq: 1 }, 1000));
    expect(() => offer(copy, makeRelease(copy, '9.1.0'), [link])).toThrow(refusal('DUPLICATE_IDENTITY'));
  } finally {
    copy.close();
  }
});

test('T-31 a copy is told by a receipt alone that somebody else signs in its name', async () => {
  const { vendor, customer, link } = world;
  const copy = await makeCopy(vendor);
  try {
    offer(copy, makeRelease(copy, '9.0.0'), [link]);
    offerAll(['1.1.0']);
    await both();
    await copy.log.receive(outward(customer, link));
    expect(() => offer(copy, makeRelease(copy, '9.1.0'), [link])).toThrow(refusal('DUPLICATE_IDENTITY'));
    expect(() => copy.log.startEpoch({ reason: 'x', actor: 'tester' })).toThrow(
      refusal('DUPLICATE_IDENTITY'),
    );
  } finally {
    copy.close();
  }
});

async function makeCopy(of: Instance): Promise<Instance> {
  const path = join(root.path, 'copy');
  of.log.saveHead();
  of.db.pragma('wal_checkpoint(TRUNCATE)');
  cpSync(of.folder.root, path, { recursive: true });
  for (const folder of [path, join(path, 'keys')]) chmodSync(folder, 0o700);
  rmSync(join(path, 'crossgap.db-wal'), { force: true });
  rmSync(join(path, 'crossgap.db-shm'), { force: true });
  return openInstance(path, { clock: of.clock });
}
