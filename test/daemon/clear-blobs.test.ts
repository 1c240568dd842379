import { writeFileSync, readFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { addPackage, answerOffer, atHome, removeLink, withdrawRelease } from '../../src/commands/index.ts';
import { clearBlobs, linkReplica, planClearing } from '../../src/daemon/index.ts';
import { BlobsRemoved } from '../../src/events/index.ts';
import { openInstance, type Instance } from '../../src/instance/index.ts';
import { tryLock } from '../../src/lock.ts';
import {
  digestReadModels,
  findPackage,
  readOwedBlobs,
  readPublications,
  readReleases,
  readRemovedBlobs,
  readWantedBlobs,
  rebuildReadModels,
  type ReleaseRow,
} from '../../src/projections/index.ts';
import { askFor, runTo } from '../projections/actions.ts';
import { deliver, linkOf, type Pair } from '../support/instances.ts';
import { pairForEach } from '../support/pair-for-each.ts';
import { codeOf, refusal } from '../support/refusal.ts';
import { buildRelease, converge, deploy, furnish, offered, once, publish } from './company.ts';

let pair: Pair;
let marks: string;
pairForEach((made) => ({ pair, marks } = made));

/** Brings over what the customer lacks, and its receipt back, without any transport. */
async function cross(): Promise<void> {
  const { vendor, customer, link } = pair;
  await deliver(vendor, customer, link);
  for (const { digest, removed } of readWantedBlobs(customer.db))
    if (!removed && !customer.holds(digest)) await customer.blobs.putFile(vendor.blobs.path(digest));
  await linkReplica(customer, link).acknowledge();
  await deliver(customer, vendor, link);
}

const ofRelease = (release: ReleaseRow): string => release.document.packages[0]!.sha256;
const clearing = { unreleased: false };

function withdraw(release: ReleaseRow): void {
  pair.vendor.record((db) => {
    const to = readPublications(db).filter(({ digest }) => digest === release.digest);
    const known = readReleases(db).find(({ link, digest }) => link === '' && digest === release.digest)!;
    return withdrawRelease(
      known,
      'a mistake',
      to.map(({ link }) => link),
    );
  });
}

/** What goes, by what it is. */
function goes(instance: Instance, unreleased = false): string[] {
  return planClearing(instance, { unreleased }).superfluous.map(({ what, why }) => `${what}: ${why}`);
}

function expectSameModels({ db, log, identity }: Instance): void {
  const before = digestReadModels(db);
  expect(rebuildReadModels(db, identity.instanceId, log.pages({ after: 0 })).changed).toEqual([]);
  expect(digestReadModels(db)).toEqual(before);
}

describe('at a customer', () => {
  test('a package goes with the only release that named it, is not sent or asked for again, and what is left is whole', async () => {
    const { vendor, customer, link } = pair;
    const old = await publish(pair, '1.0.0', { marks });
    await publish(pair, '2.0.0', { marks });
    await cross();
    expect(goes(customer)).toEqual([]);
    withdraw(old);
    await cross();
    expect(goes(customer)).toEqual(['Orders.Web 1.0.0: its release was withdrawn']);
    expect(customer.holds(ofRelease(old))).toBe(true);
    expect(clearBlobs(customer, clearing).superfluous).toMatchObject([
      { digest: ofRelease(old), held: true },
    ]);
    expect(customer.holds(ofRelease(old))).toBe(false);
    await converge(pair);
    expect(customer.holds(ofRelease(old))).toBe(false);
    expect(readOwedBlobs(vendor.db, link)).toEqual([]);
    expect(findPackage(customer.db, link, 'Orders.Web', '1.0.0')).toBeUndefined();
    expect(goes(customer)).toEqual([]);
    const position = customer.log.lastPosition();
    expect(clearBlobs(customer, clearing).superfluous).toEqual([]);
    expect(customer.log.lastPosition()).toBe(position);
    furnish(pair);
    deploy(customer, offered(pair, '2.0.0'), 'uat');
    expectSameModels(customer);
  });

  test('what was refused goes, and comes again when it is accepted after all', async () => {
    const { customer, link } = pair;
    const release = await publish(pair, '1.0.0', { marks });
    await cross();
    const answer = (given: 'refused' | 'accepted') =>
      customer.record(() =>
        answerOffer(offered(pair, '1.0.0'), { answer: given, reason: null, until: null }),
      );
    answer('refused');
    expect(goes(customer)).toEqual([
      'Orders.Web 1.0.0: its release was refused',
      'process: its release was refused',
    ]);
    clearBlobs(customer, clearing);
    await converge(pair);
    expect(customer.holds(ofRelease(release))).toBe(false);
    expect(readWantedBlobs(customer.db)).toMatchObject([{ removed: true }, { removed: true }]);
    answer('accepted');
    await converge(pair);
    expect(customer.holds(ofRelease(release))).toBe(true);
    furnish(pair);
    deploy(customer, offered(pair, '1.0.0'), 'uat');
    expect(goes(customer)).toEqual([]);
    expect(findPackage(customer.db, link, 'Orders.Web', '1.0.0')).toBeDefined();
    expectSameModels(customer);
  });

  test('what runs and what ran before it stay whatever was withdrawn, and so does what a run needs that is not over', async () => {
    const { customer } = pair;
    const releases: ReleaseRow[] = [];
    for (const number of ['1.0.0', '2.0.0', '3.0.0', '4.0.0'])
      releases.push(await publish(pair, number, { marks }));
    await cross();
    furnish(pair);
    for (const number of ['1.0.0', '2.0.0', '3.0.0'])
      runTo(customer, askFor(customer, offered(pair, number), 'uat'), 'succeeded');
    const open = askFor(customer, offered(pair, '4.0.0'), 'uat');
    for (const release of releases) withdraw(release);
    await cross();
    runTo(customer, open, 'interrupted');
    expect(goes(customer)).toEqual(['Orders.Web 1.0.0: its release was withdrawn']);
    expect(planClearing(customer, clearing).kept).toContainEqual(
      expect.objectContaining({ what: 'Orders.Web 3.0.0', why: 'it runs in uat' }),
    );
    runTo(customer, open, 'cancelled');
    expect(goes(customer)).toEqual([
      'Orders.Web 1.0.0: its release was withdrawn',
      'Orders.Web 4.0.0: its release was withdrawn',
    ]);
  });

  test('what a plan was frozen with stays while its run is not over, though another file is named', async () => {
    const { customer, link } = pair;
    const release = await publish(pair, '1.0.0', { marks });
    await cross();
    furnish(pair);
    const { pin, signer, signerFingerprint } = findPackage(customer.db, link, 'Orders.Web', '1.0.0')!;
    const other = { ...pin, sha256: 'ab'.repeat(32) };
    mkdirSync(join(customer.blobs.folder, 'sha256', 'ab'), { recursive: true });
    writeFileSync(customer.blobs.path(other.sha256), 'another file of that content');
    customer.record(() =>
      addPackage([], { pin: other, signer: { subject: signer, fingerprint: signerFingerprint }, link }),
    );
    expect(goes(customer)).toEqual(['Orders.Web 1.0.0: another file of the same content is kept']);
    const id = askFor(customer, offered(pair, '1.0.0'), 'uat');
    const run = customer.folder.run(id);
    mkdirSync(run, { recursive: true });
    const step = { action: { kind: 'package', package: { file: customer.blobs.path(other.sha256) } } };
    writeFileSync(join(run, 'plan.json'), JSON.stringify({ format: 1, steps: [step] }));
    expect(goes(customer)).toEqual([]);
    runTo(customer, id, 'failed');
    expect(goes(customer)).toHaveLength(1);
    expect(ofRelease(release)).toBe(pin.sha256);
  });

  test('all that a link brought goes when it was removed', async () => {
    const { customer, link } = pair;
    await publish(pair, '1.0.0', { marks });
    await cross();
    customer.record((db) => removeLink(linkOf(customer, link, db)));
    expect(goes(customer)).toHaveLength(2);
    expect(new Set(goes(customer).map((line) => line.split(': ')[1]))).toEqual(
      new Set(['the link it came by was removed']),
    );
  });

  test('packages go after a deployment by themselves where the settings say so', async () => {
    const { customer } = pair;
    const old = await publish(pair, '1.0.0', { marks });
    await publish(pair, '2.0.0', { marks });
    await cross();
    withdraw(old);
    await cross();
    furnish(pair);
    const { folder } = customer;
    writeFileSync(
      folder.settings,
      `${readFileSync(folder.settings, 'utf8')}\n[retention]\npackages = true\n`,
    );
    using again = await openInstance(folder.root, { clock: pair.clock });
    deploy(again, offered(pair, '2.0.0'), 'uat');
    await once(again);
    expect(again.holds(ofRelease(old))).toBe(false);
  });
});

describe('at a vendor', () => {
  test('what is still owed to a link stays, and what no release names unless it is asked otherwise', async () => {
    const { vendor } = pair;
    const release = await publish(pair, '1.0.0', { marks });
    withdraw(release);
    expect(goes(vendor)).toEqual([]);
    await cross();
    expect(goes(vendor)).toEqual(['Orders.Web 1.0.0: its release was withdrawn']);
    const next = await buildRelease(vendor, '2.0.0', { marks });
    const { signer, signerFingerprint } = findPackage(vendor.db, '', 'Orders.Web', '2.0.0')!;
    const { digest } = await vendor.blobs.putBytes(Buffer.from('a package'));
    const pin = { ...next.document.packages[0]!, version: '3.0.0', sha256: digest, contentDigest: digest };
    const signed = { subject: signer, fingerprint: signerFingerprint };
    vendor.record(() => addPackage([], { pin, signer: signed, link: null }));
    expect(goes(vendor)).toHaveLength(1);
    expect(goes(vendor, true)).toContain('Orders.Web 3.0.0: no release names it');
    clearBlobs(vendor, { unreleased: true });
    expect(vendor.holds(digest)).toBe(false);
    expect(vendor.holds(ofRelease(next))).toBe(true);
    // Added again, it is there again.
    await vendor.blobs.putBytes(Buffer.from('a package'));
    vendor.record(() => addPackage([{ pin, removedAt: 1 }], { pin, signer: signed, link: null }));
    expect(readRemovedBlobs(vendor.db).has(digest)).toBe(false);
    expect(findPackage(vendor.db, '', 'Orders.Web', '3.0.0')).toBeDefined();
    expectSameModels(vendor);
  });

  test('what was given up and is still there goes the next time, unless somebody took it back', async () => {
    const { vendor } = pair;
    const [first, second] = [
      await buildRelease(vendor, '1.0.0', { marks }),
      await buildRelease(vendor, '2.0.0', { marks }),
    ];
    const given = [first, second].map((release) => ({
      digest: ofRelease(release),
      sizeBytes: 1,
      what: 'Orders.Web',
      why: 'its release was withdrawn',
    }));
    withdraw(first);
    vendor.record(() => [atHome(BlobsRemoved.make({ blobs: given }))]);
    const pin = second.document.packages[0]!;
    const signer = { subject: 'CN=acme', fingerprint: 'ab'.repeat(32) };
    vendor.record(() => addPackage([], { pin, signer, link: null }));
    expect(planClearing(vendor, clearing).leftOver).toEqual([ofRelease(first)]);
    clearBlobs(vendor, clearing);
    expect([first, second].map((release) => vendor.holds(ofRelease(release)))).toEqual([false, true]);
  });

  test('a file that somebody takes back at the last moment is not removed', async () => {
    const { vendor } = pair;
    const release = await buildRelease(vendor, '1.0.0', { marks });
    withdraw(release);
    const pin = release.document.packages[0]!;
    const takeBack = (digest: string): void => {
      if (digest !== pin.sha256 || !readRemovedBlobs(vendor.db).has(digest)) return;
      const signer = { subject: 'CN=acme', fingerprint: 'ab'.repeat(32) };
      vendor.record(() => addPackage([], { pin, signer, link: null }));
    };
    const racing: Instance = {
      ...vendor,
      holds(digest) {
        takeBack(digest);
        return vendor.holds(digest);
      },
    };
    expect(clearBlobs(racing, clearing).superfluous).toMatchObject([{ digest: pin.sha256 }]);
    expect(vendor.holds(pin.sha256)).toBe(true);
    expect(findPackage(vendor.db, '', 'Orders.Web', '1.0.0')).toBeDefined();
  });

  test.each(['package-gc.lock', 'bundle-export.lock'])(
    'nothing goes while another process holds %s',
    (name) => {
      using lock = tryLock(join(pair.vendor.folder.root, name), 'somebody');
      expect(lock).toBeDefined();
      const error = refusal(() => clearBlobs(pair.vendor, clearing));
      expect(codeOf(error)).toBe('STORE_HELD held');
      expect(error.message).toContain('somebody');
    },
  );
});
