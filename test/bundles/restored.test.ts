import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { madeBundles, readStand, type Imported } from '../../src/bundles/index.ts';
import { keptBundles } from '../../src/cli/bundles/bundle-ends.ts';
import { entryHash } from '../../src/events/index.ts';
import { backupInstance, openInstance, restoreInstance, type Instance } from '../../src/instance/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { makePair, makeRelease, offer, outward, type Pair } from '../support/instances.ts';
import { codeOf, refusal as refusalOf } from '../support/refusal.ts';
import { exportTo, importFrom, stick } from './support.ts';

/*
 * An instance that was put back to an earlier state, and whose only way to the other side is a courier: what it signed
 * since lies there, and comes back with the next bundle.
 */
type World = { vendor: Instance; customer: Instance } & Pick<Pair, 'link' | 'clock'>;
let root: ReturnType<typeof memoryFolder>;
let world: World;
let media = 0;
beforeEach(async () => {
  root = memoryFolder();
  const { vendor, customer, link, clock } = await makePair(root.path);
  world = { vendor, customer, link, clock };
  publish('1.0.0');
  await toCustomer();
  await toVendor();
});
afterEach(() => {
  world.vendor.close();
  world.customer.close();
  root[Symbol.dispose]();
});

const publish = (number: string): void =>
  offer(world.vendor, makeRelease(world.vendor, number), [world.link]);

async function carry(from: Instance, to: Instance): Promise<Imported> {
  world.clock.advance(60_000);
  const out = stick(root.path, `medium-${(media += 1)}`);
  await exportTo(from, world.link, out);
  return (await importFrom(to, out))[0]!;
}
const toCustomer = (): Promise<Imported> => carry(world.vendor, world.customer);
const toVendor = (): Promise<Imported> => carry(world.customer, world.vendor);

/** Puts one side back to what it was before `later`. */
async function putBack(
  side: 'vendor' | 'customer',
  later: () => Promise<void>,
  { head = false } = {},
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
  const { vendor, customer } = world;
  expect(heldOf(vendor, customer)).toEqual(feedOf(vendor));
  expect(heldOf(customer, vendor)).toEqual(feedOf(customer));
  for (const one of [vendor, customer])
    expect(await one.log.verify({ full: true })).toMatchObject({ ok: true });
}

async function twoReleasesCross(): Promise<void> {
  for (const number of ['1.1.0', '1.2.0']) {
    publish(number);
    expect((await toCustomer()).failure).toBeUndefined();
    expect((await toVendor()).failure).toBeUndefined();
  }
}

describe('T-30 a plant put back to last week', () => {
  test('says so with its bundle, and gets its own entries back with the next, and all that it lost of the vendor', async () => {
    await putBack('customer', twoReleasesCross);
    const whole = heldOf(world.customer, world.vendor);
    expect(feedOf(world.customer).length).toBeLessThan(whole.length);
    const told = await toVendor();
    expect(told).toMatchObject({ failure: undefined, refused: [] });
    expect(told.stands).toEqual({ epoch: 1, seq: feedOf(world.customer).length });
    const healed = await toCustomer();
    expect(healed).toMatchObject({ failure: undefined, refused: [] });
    expect(feedOf(world.customer).slice(0, whole.length)).toEqual(whole);
    const { manifest } = madeBundles(keptBundles(world.vendor), world.link).at(-1)!;
    expect(manifest.givenBack?.entries).toBe(whole.length - told.stands!.seq);
    expect((await toVendor()).stands).toBeUndefined();
    expect(readStand(keptBundles(world.vendor), world.link)).toBeUndefined();
    await toCustomer();
    await expectWhole();
  });

  test('gets nothing back that nobody lost: a bundle that came late is no sign of it', async () => {
    const early = stick(root.path, 'early');
    await exportTo(world.customer, world.link, early);
    await twoReleasesCross();
    const [late] = await importFrom(world.vendor, early);
    expect(late).toMatchObject({ isNews: false, failure: undefined, stands: undefined });
    publish('1.3.0');
    await toCustomer();
    expect(madeBundles(keptBundles(world.vendor), world.link).at(-1)!.manifest.givenBack).toBeUndefined();
  });

  test('is given back the same by a bundle that is carried twice', async () => {
    await putBack('customer', twoReleasesCross);
    await toVendor();
    const out = stick(root.path, 'twice');
    await exportTo(world.vendor, world.link, out);
    expect((await importFrom(world.customer, out))[0]).toMatchObject({ isNews: true, failure: undefined });
    const before = feedOf(world.customer);
    expect((await importFrom(world.customer, out))[0]).toMatchObject({ failure: undefined });
    expect(feedOf(world.customer)).toEqual(before);
  });
});

test('T-30 a vendor put back to last week signs nothing before the plant gave back what it had signed', async () => {
  await putBack('vendor', twoReleasesCross);
  const whole = heldOf(world.vendor, world.customer);
  expect(codeOf(refusalOf(() => publish('2.0.0')))).toMatch(/^ROLLED_BACK/);
  expect((await toCustomer()).stands).toBeDefined();
  expect((await toVendor()).refused).toEqual([]);
  expect(feedOf(world.vendor).slice(0, whole.length)).toEqual(whole);
});

test('J2.F5 a plant that was put back and signed anew: the vendor refuses it by name and keeps both, and the plant learns of it', async () => {
  await putBack('customer', twoReleasesCross, { head: true });
  // It knows of nothing: all comes again, and its receipt for that is another than the one it gave.
  world.clock.advance(60_000);
  const all = stick(root.path, 'all');
  await exportTo(world.vendor, world.link, all, { again: true });
  expect((await importFrom(world.customer, all))[0]!.failure).toBeUndefined();
  const feed = world.customer.log.feedTo(world.link);
  const refused = await toVendor();
  expect(codeOf(refused.failure!)).toBe('BUNDLE_CONTENT_REFUSED verification');
  expect(refused.failure!.message).toContain('EQUIVOCATION');
  expect(world.vendor.log.evidence(feed)).not.toEqual([]);
  expect(() => offer(world.customer, makeRelease(world.customer, '4.0.0'), [world.link])).not.toThrow();
  await toCustomer();
  const silenced = refusalOf(() => offer(world.customer, makeRelease(world.customer, '5.0.0'), [world.link]));
  expect(silenced.code).toBe('DUPLICATE_IDENTITY');
});
