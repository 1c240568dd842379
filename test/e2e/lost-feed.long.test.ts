import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readStatus, runDaemon } from '../../src/daemon/index.ts';
import {
  backupInstance,
  openInstance,
  restoreInstance,
  rotateKeys,
  type Instance,
} from '../../src/instance/index.ts';
import { silentLog } from '../../src/log.ts';
import { readReleases } from '../../src/projections/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { companyOf, makePair, makeRelease, offer, type Pair } from '../support/instances.ts';

/*
 * What happens when a database is put back to before the first entry of a link's feed, with or without the side file
 * that remembers how far feeds had come: in the one case nothing here knows that there ever was such a feed.
 */

const refusal = (code: string): unknown => expect.objectContaining({ code });
const once = { once: true, log: silentLog(), signal: new AbortController().signal };
/** What hinders a link stands in its status; it is not what these tests are about. */
const run = (instance: Instance): Promise<unknown> =>
  runDaemon(instance, once).catch((error: unknown) => error);
const runAll = async (...sides: Instance[]): Promise<void> => {
  for (const side of sides) await run(side);
};

/** Puts the vendor back to a backup from before its first entry to the customer, after `later`. */
async function putBack(
  { vendor, customer, link }: Pair,
  path: string,
  { head, later }: { head: boolean; later?: (vendor: Instance) => Instance | Promise<Instance> },
): Promise<{ vendor: Instance; signed: unknown }> {
  const backup = join(path, 'vendor.backup');
  await backupInstance(vendor, backup);
  copyFileSync(vendor.folder.head, `${backup}.head`);
  offer(vendor, makeRelease(vendor, '1.0.0'), [link]);
  const last = (await later?.(vendor)) ?? vendor;
  await runAll(last, customer, last);
  const { folder, clock } = last;
  const signed = last.log.pointAt(last.log.feedTo(link));
  last.close();
  if (head) copyFileSync(`${backup}.head`, folder.head);
  await restoreInstance(folder.root, backup, clock);
  return { vendor: await openInstance(folder.root, { clock }), signed };
}

const offersAt = (instance: Instance): string[] =>
  readReleases(instance.db)
    .map(({ number }) => number)
    .toSorted();

async function expectSame(vendor: Instance, customer: Instance, link: string): Promise<void> {
  for (const feed of [vendor, customer].map(({ log }) => log.feedTo(link)))
    expect(customer.log.pointAt(feed)).toEqual(vendor.log.pointAt(feed));
  for (const side of [vendor, customer])
    expect(await side.log.verify({ full: true })).toMatchObject({ ok: true });
}

test.each([
  ['asks for it before anybody decides anything', false],
  ['does not open it again when it was given up, and asks for it', true],
])('T-30 INV-3 who was put back to before the first entry of a feed %s', async (_how, givesUp) => {
  using root = temporaryFolder();
  const pair = await makePair(root.path);
  const { link } = pair;
  using customer = pair.customer;
  const back = await putBack(pair, root.path, { head: false });
  using vendor = back.vendor;
  const feed = vendor.log.feedTo(link);
  expect(vendor.log.pointAt(feed)).toBeUndefined();
  const startEpoch = () => vendor.log.startEpoch({ reason: 'restored', actor: 'tester' });
  if (givesUp) {
    expect(startEpoch().lost).toEqual([feed]);
    const release = makeRelease(vendor, '2.0.0');
    expect(() => offer(vendor, release, [link])).toThrow(refusal('UNSURE'));
  }
  // It says that it holds nothing, is given all of it, and takes it in.
  await runAll(vendor, customer, vendor);
  expect(vendor.log.pointAt(feed)).toEqual(back.signed);
  if (!givesUp) startEpoch();
  offer(vendor, makeRelease(vendor, '3.0.0'), [link]);
  await runAll(vendor, customer, vendor, customer);
  await expectSame(vendor, customer, link);
});

test('T-30 who was put back with its side file is given its feed back before it signs, though nothing here knows of it', async () => {
  using root = temporaryFolder();
  const pair = await makePair(root.path);
  using customer = pair.customer;
  const back = await putBack(pair, root.path, { head: true });
  using vendor = back.vendor;
  const feed = vendor.log.feedTo(pair.link);
  expect(vendor.log.standing()).toEqual({ state: 'good' });
  expect(vendor.log.isLost(feed)).toBe(false);
  await runAll(vendor, customer, vendor);
  expect(vendor.log.pointAt(feed)).toEqual(back.signed);
  expect(readStatus(vendor).warnings).toEqual([]);
  offer(vendor, makeRelease(vendor, '3.0.0'), [pair.link]);
  await runAll(vendor, customer, vendor, customer);
  expect(offersAt(customer)).toEqual(['1.0.0', '3.0.0']);
  expect(customer.log.evidence(feed)).toEqual([]);
  await expectSame(vendor, customer, pair.link);
});

test('T-21 T-30 who signed anew before anybody could tell is shown both entries, and goes on with a new epoch and the same link', async () => {
  using root = temporaryFolder();
  const pair = await makePair(root.path);
  using customer = pair.customer;
  const back = await putBack(pair, root.path, { head: true });
  using vendor = back.vendor;
  const feed = vendor.log.feedTo(pair.link);
  // Alone, and nothing speaks against it: more than the customer holds, so that no head of ours tells of it.
  for (const number of ['2.0.0', '2.1.0', '2.2.0']) offer(vendor, makeRelease(vendor, number), [pair.link]);
  await runAll(vendor, customer, vendor);
  // What followed the receipt was sent: it names another entry before it than the one that is held.
  expect(customer.log.evidence(feed)).toMatchObject([{ seq: 3, kind: 'chain' }]);
  expect(vendor.log.evidence(feed)).toMatchObject([{ seq: 2, kind: 'entries' }]);
  for (const side of [vendor, customer])
    expect(readStatus(side).warnings).toContainEqual({
      code: 'FEED_FROZEN',
      message: expect.stringMatching(
        /acme for contoso .* at entry [23] of epoch 1, [0-9a-f]{64} and [0-9a-f]{64}$/,
      ),
    });
  expect(() => offer(vendor, makeRelease(vendor, '2.3.0'), [pair.link])).toThrow(
    refusal('DUPLICATE_IDENTITY'),
  );
  const { started, stuck } = vendor.log.startEpoch({ reason: 'restored', actor: 'tester' });
  expect(started).toMatchObject([{ feed, epoch: 2, lastKnown: { epoch: 1, seq: 1 } }]);
  expect(stuck).toEqual([]);
  expect(customer.log.allowEpoch(feed)).toBe(true);
  offer(vendor, makeRelease(vendor, '3.0.0'), [pair.link]);
  await runAll(vendor, customer, vendor, customer);
  expect(offersAt(customer)).toContain('3.0.0');
  expect(readStatus(customer).warnings).toEqual([]);
  expect(customer.log.evidence(feed)).toHaveLength(1);
  await expectSame(vendor, customer, pair.link);
});

test('T-30 a lost feed that began with an earlier key is given back, and goes on with the present one', async () => {
  using root = temporaryFolder();
  const pair = await makePair(root.path);
  using customer = pair.customer;
  const later = async (vendor: Instance): Promise<Instance> => {
    await runAll(vendor, customer);
    rotateKeys(vendor, { company: companyOf('acme') });
    const { folder, clock } = vendor;
    vendor.close();
    return openInstance(folder.root, { clock });
  };
  const back = await putBack(pair, root.path, { head: false, later });
  using vendor = back.vendor;
  const feed = vendor.log.feedTo(pair.link);
  expect(vendor.log.pointAt(feed)).toBeUndefined();
  await runAll(vendor, customer, vendor);
  expect(vendor.log.pointAt(feed)).toEqual(back.signed);
  vendor.log.startEpoch({ reason: 'restored', actor: 'tester', introduction: vendor.identity.bytes });
  offer(vendor, makeRelease(vendor, '3.0.0'), [pair.link]);
  await runAll(vendor, customer, vendor, customer);
  expect(offersAt(customer)).toEqual(['1.0.0', '3.0.0']);
  await expectSame(vendor, customer, pair.link);
});

test('T-30 a feed that was lost when the keys were rotated is given back all the same, and goes on with a new epoch', async () => {
  using root = temporaryFolder();
  const pair = await makePair(root.path);
  using customer = pair.customer;
  const { vendor: restored, signed } = await putBack(pair, root.path, { head: false });
  restored.log.startEpoch({ reason: 'restored', actor: 'tester' });
  rotateKeys(restored, { company: companyOf('acme') });
  const { folder, clock } = restored;
  restored.close();
  using vendor = await openInstance(folder.root, { clock });
  const feed = vendor.log.feedTo(pair.link);
  await runAll(vendor, customer, vendor);
  expect(vendor.log.pointAt(feed)).toEqual(signed);
  const release = makeRelease(vendor, '3.0.0');
  expect(() => offer(vendor, release, [pair.link])).toThrow(refusal('KEY_RETIRED'));
  const why = { reason: 'rotated meanwhile', actor: 'tester' };
  expect(() => vendor.log.startEpoch(why)).toThrow(refusal('EPOCH_NOT_NEEDED'));
  const introduction = vendor.identity.bytes;
  expect(vendor.log.startEpoch({ ...why, introduction }).started).toMatchObject([{ feed, epoch: 2 }]);
  offer(vendor, release, [pair.link]);
  await runAll(vendor, customer, vendor, customer);
  expect(offersAt(customer)).toEqual(['1.0.0', '3.0.0']);
  await expectSame(vendor, customer, pair.link);
  expect(() => vendor.log.startEpoch({ ...why, introduction })).toThrow(refusal('EPOCH_NOT_NEEDED'));
});
