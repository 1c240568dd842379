import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addPackage, createRelease } from '../../src/commands/index.ts';
import { packageAdd } from '../../src/cli/commands/package-add.ts';
import type { Context } from '../../src/cli/command.ts';
import { admitFile, wouldAdmitFile } from '../../src/daemon/admit-packages.ts';
import { freezePlan } from '../../src/daemon/freeze-plan.ts';
import type { PackagePin } from '../../src/events/index.ts';
import type { Instance } from '../../src/instance/index.ts';
import { countersignPackage, signPackage, verifyPackage } from '../../src/packages/index.ts';
import {
  digestReadModels,
  findDeployment,
  findPackage,
  readOwedBlobs,
  readPackageFiles,
  readReleases,
  rebuildReadModels,
} from '../../src/projections/index.ts';
import { selfSigned } from '../support/certificates.ts';
import { companyOf, deliver, makePair, offer, type Pair } from '../support/instances.ts';
import { pairForEach, type PairOfTest } from '../support/pair-for-each.ts';
import {
  buildRelease,
  configurationIn,
  converge,
  deploy,
  furnish,
  offered,
  once,
  publish,
} from './company.ts';

let root: PairOfTest['root'];
let pair: Pair;
let marks: string;
let count = 0;
pairForEach((made) => ({ root, pair, marks } = made));

const pinOf = (instance: Instance, link: string, version = '1.0.0'): PackagePin =>
  findPackage(instance.db, link, 'Orders.Web', version)!.pin;

/** The file of a package of the vendor, signed once more. */
async function signedAgain(version = '1.0.0', signer = companyOf('acme')): Promise<string> {
  const file = root.file(`again-${(count += 1)}.nupkg`);
  copyFileSync(pair.vendor.blobs.path(pinOf(pair.vendor, '', version).sha256), file);
  const now = new Date(pair.clock.now());
  await signPackage(file, file, signer, { hash: 'sha512', replace: true, now });
  return file;
}

/** The same, countersigned by a repository that nobody here knows. */
async function countersigned(): Promise<string> {
  const file = root.file(`countersigned-${(count += 1)}.nupkg`);
  copyFileSync(pair.vendor.blobs.path(pinOf(pair.vendor, '').sha256), file);
  const validity = { validFrom: new Date(Date.UTC(2026, 0, 1)), validTo: new Date(Date.UTC(2036, 0, 1)) };
  await countersignPackage(file, file, selfSigned('nuget.contoso.example', validity), {
    hash: 'sha256',
    role: { kind: 'repository', serviceIndex: 'https://nuget.contoso.example/v3/index.json', owners: [] },
    now: new Date(pair.clock.now()),
  });
  return file;
}

/** The vendor takes a file in as `package add` does, and makes a release that names it. */
async function addAndPublish(file: string, number: string): Promise<PackagePin> {
  const { vendor, link, clock } = pair;
  const fingerprint = vendor.identity.certificate.fingerprint;
  const trust = { fingerprints: new Set([fingerprint]) };
  const report = await verifyPackage(file, { trust, at: new Date(clock.now()) });
  const { digest, sizeBytes } = await vendor.blobs.putFile(file);
  const known = pinOf(vendor, '');
  const pin = { ...known, sha256: digest, contentDigest: report.contentDigest!, sizeBytes };
  vendor.record(() => addPackage([{ pin: known }], { pin, signer: report.signature!.signer!, link: null }));
  const { document } = readReleases(vendor.db, '1.0.0').find((row) => row.link === '')!;
  const { process, revision, inputs } = document;
  clock.advance(60_000);
  vendor.record(
    () =>
      createRelease(undefined, {
        process,
        number,
        revision,
        inputs,
        packages: [pin],
        needed: ['Orders.Web'],
        notes: null,
        createdAt: new Date(clock.now()).toISOString(),
      }).decision,
  );
  offer(
    vendor,
    readReleases(vendor.db, number).find((row) => row.link === '')!,
    [link],
  );
  return pin;
}

function expectSameModels({ db, log, identity }: Instance): void {
  const before = digestReadModels(db);
  expect(rebuildReadModels(db, identity.instanceId, log.pages({ after: 0 })).changed).toEqual([]);
  expect(digestReadModels(db)).toEqual(before);
}

test('a file that a repository countersigned stands for what a release names: it is deployed, and nothing is sent', async () => {
  const { customer, vendor, link } = pair;
  await publish(pair, '1.0.0', { marks });
  const named = pinOf(vendor, '');
  await deliver(vendor, customer, link);
  const admitted = await admitFile(customer, link, await countersigned());
  expect(admitted).toMatchObject({ outcome: 'kept', pin: { contentDigest: named.contentDigest } });
  const { sha256 } = pinOf(customer, link);
  expect(sha256).not.toBe(named.sha256);
  await converge(pair);
  expect(customer.holds(named.sha256)).toBe(false);
  expect(readOwedBlobs(vendor.db, link)).toEqual([]);
  furnish(pair);
  const id = deploy(customer, offered(pair, '1.0.0'), 'uat');
  await once(customer);
  expect(findDeployment(customer.db, id)).toMatchObject({ state: 'succeeded' });
  expect(configurationIn(customer, 'uat')).toHaveLength(1);
  const plan = await freezePlan(customer, offered(pair, '1.0.0'), { deployment: 'x', environment: 'uat' });
  expect(plan.steps.map(({ action }) => action)).toContainEqual(
    expect.objectContaining({
      package: expect.objectContaining({ sha256, contentDigest: named.contentDigest }),
      previous: expect.objectContaining({ contentDigest: named.contentDigest }),
    }),
  );
  expectSameModels(customer);
  expectSameModels(vendor);
});

test('of several files that are added for links none is kept where one of them is wanted by nobody', async () => {
  const { customer, vendor, link } = pair;
  await publish(pair, '1.0.0', { marks });
  await buildRelease(vendor, '2.0.0', { marks });
  await deliver(vendor, customer, link);
  const [wanted, unwanted] = [await countersigned(), await signedAgain('2.0.0')];
  expect(await wouldAdmitFile(customer, link, wanted)).toBe(true);
  expect(await wouldAdmitFile(customer, link, unwanted)).toBe(false);
  const context = { open: () => Promise.resolve(customer) } as unknown as Context;
  const adding = (...FILE: string[]) => packageAdd.run(context, { FILE }, {});
  await expect(adding(wanted, unwanted)).rejects.toMatchObject({ code: 'PACKAGE_UNTRUSTED' });
  expect(readPackageFiles(customer.db)).toEqual([]);
  await adding(wanted);
  expect(readPackageFiles(customer.db)).toHaveLength(1);
});

test('a file at hand that is not what a release names, or not signed as it must be, is not kept', async () => {
  const { customer, vendor, link } = pair;
  await publish(pair, '1.0.0', { marks });
  await buildRelease(vendor, '2.0.0', { marks });
  await deliver(vendor, customer, link);
  const admit = (file: string) => admitFile(customer, link, file);
  const stranger = await signedAgain('1.0.0', companyOf('stranger'));
  expect(await admit(stranger)).toMatchObject({
    outcome: 'refused',
    problems: [expect.stringContaining('NU3018')],
  });
  expect(await admit(await signedAgain('2.0.0'))).toMatchObject({ outcome: 'not-wanted', version: '2.0.0' });
  expect(await admit(root.file('text.nupkg', Buffer.from('no package')))).toMatchObject({
    outcome: 'refused',
  });
  expect(readPackageFiles(customer.db)).toEqual([]);
  const { sha256 } = await verifyPackage(stranger, { trust: { fingerprints: new Set() } });
  expect(customer.holds(sha256)).toBe(false);
});

test('the id and version of a release with another content is told as that, with both digests', async () => {
  const { customer, vendor, link } = pair;
  await publish(pair, '1.0.0', { marks });
  await deliver(vendor, customer, link);
  const beside = join(root.path, 'other');
  mkdirSync(beside);
  const other = await makePair(beside);
  try {
    await buildRelease(other.vendor, '1.0.0', { marks, content: '{"other":true}' });
    const file = other.vendor.blobs.path(pinOf(other.vendor, '').sha256);
    expect(await admitFile(customer, link, file)).toMatchObject({
      outcome: 'other-content',
      wanted: { contentDigest: pinOf(vendor, '').contentDigest },
      found: { contentDigest: pinOf(other.vendor, '').contentDigest },
    });
    expect(readPackageFiles(customer.db)).toEqual([]);
  } finally {
    other[Symbol.dispose]();
  }
});

test('a package that was signed again for a later release is not sent where a receipt names its content', async () => {
  const { customer, vendor, link } = pair;
  await publish(pair, '1.0.0', { marks });
  await converge(pair);
  const first = pinOf(vendor, '');
  const second = await addAndPublish(await signedAgain(), '1.0.1');
  expect(second.sha256).not.toBe(first.sha256);
  expect(readOwedBlobs(vendor.db, link).map(({ digest }) => digest)).not.toContain(second.sha256);
  await converge(pair);
  expect(customer.holds(second.sha256)).toBe(false);
  furnish(pair);
  deploy(customer, offered(pair, '1.0.1'), 'uat');
  expectSameModels(customer);
  expectSameModels(vendor);
});

test('who lost the content that it gave a receipt for asks for it, and gets it', async () => {
  const { customer, vendor, link } = pair;
  await publish(pair, '1.0.0', { marks });
  await converge(pair);
  rmSync(customer.blobs.path(pinOf(vendor, '').sha256));
  const second = await addAndPublish(await signedAgain(), '1.0.1');
  await converge(pair);
  expect(existsSync(customer.blobs.path(second.sha256))).toBe(true);
  expect(readOwedBlobs(vendor.db, link)).toEqual([]);
  expectSameModels(customer);
  expectSameModels(vendor);
});

test('what another road brought already is judged for this link and not sent again', async () => {
  const { customer, vendor, link } = pair;
  await publish(pair, '1.0.0', { marks });
  const file = await signedAgain();
  const { digest, sizeBytes } = await customer.blobs.putFile(file);
  const pin = { ...pinOf(vendor, ''), sha256: digest, sizeBytes };
  const signer = { subject: 'CN=whoever', fingerprint: '0'.repeat(64) };
  customer.record(() => addPackage([], { pin, signer, link: null }));
  await deliver(vendor, customer, link);
  await once(customer);
  await converge(pair);
  expect(readPackageFiles(customer.db).filter((row) => row.link === link)).toMatchObject([
    { pin: { sha256: digest }, signer: 'CN=acme' },
  ]);
});
