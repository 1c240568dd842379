import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addTrust,
  demandTrust,
  distrust,
  importRevocations,
  removeTrust,
  type TrustEntry,
} from '../../src/commands/index.ts';
import { freezePlan } from '../../src/daemon/freeze-plan.ts';
import { everybodysTrust, packageTrust } from '../../src/daemon/index.ts';
import type { CompanyCertificate } from '../../src/identity/index.ts';
import { createInstance, type Instance } from '../../src/instance/index.ts';
import { openTrust, verifyPackage, type PackageReport } from '../../src/packages/index.ts';
import {
  readDeployments,
  readDistrusted,
  readTrustDemands,
  readTrusted,
} from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { fingerprint, makeCertificate, selfSigned } from '../support/certificates.ts';
import { heldClock, noon, pair, type Pair } from '../support/instances.ts';
import { revocationList } from '../support/revocation-list.ts';
import { converge, deploy, furnish, offered, once, publish } from './company.ts';

const validity = { validFrom: new Date(noon - 86_400_000), validTo: new Date(noon + 3650 * 86_400_000) };
const authority = makeCertificate({ commonName: 'Acme authority', isAuthority: true, ...validity });
const acme = makeCertificate({
  commonName: 'acme',
  purposes: ['codeSigning'],
  issuer: authority,
  ...validity,
});
const stranger = makeCertificate({ commonName: 'Stranger authority', isAuthority: true, ...validity });
const later = selfSigned('Later', validity);

const root = memoryFolder();
let both: Pair;

/** A vendor whose certificate an authority issued, and its customer. */
beforeAll(async () => {
  const clock = heldClock();
  const between = root.file('between');
  mkdirSync(between);
  const made = async (name: string, company: CompanyCertificate): Promise<Instance> =>
    (await createInstance(root.file(name), { name, company }, clock)).instance;
  const vendor = await made('acme', acme);
  const customer = await made('contoso', selfSigned('contoso', validity));
  const link = pair(vendor, customer, between);
  both = {
    clock,
    vendor,
    customer,
    link,
    between,
    [Symbol.dispose]() {
      vendor.close();
      customer.close();
    },
  };
  const marks = root.file('marks', new Uint8Array());
  furnish(both);
  await publish(both, '1.0.0', { marks, signer: acme });
  await converge(both);
});
afterAll(() => {
  both[Symbol.dispose]();
  root[Symbol.dispose]();
});

const entry = (certificate: CompanyCertificate, more: Partial<TrustEntry> = {}): TrustEntry => ({
  fingerprint: fingerprint(certificate),
  purpose: 'signer',
  link: null,
  certificate: new Uint8Array(certificate.chain[0]!),
  issues: true,
  rootNeeded: false,
  vouches: false,
  name: null,
  serviceIndex: null,
  owners: [],
  note: null,
  ...more,
});

const entriesOf = ({ db }: Instance): TrustEntry[] =>
  readTrusted(db).map(({ addedAt: _at, addedBy: _by, link, owners, ...row }) => ({
    ...row,
    link: link === '' ? null : link,
    owners: [...owners],
  }));
const add = (instance: Instance, ...wanted: TrustEntry[]): number =>
  instance.record(() => addTrust(entriesOf(instance), wanted)).length;

/** Tells a list along the link, as `trust import-crl --to` does. */
async function tell(from: Instance, bytes: Buffer, link: string): Promise<void> {
  const { digest, sizeBytes } = await from.blobs.putBytes(bytes);
  const pin = { digest, sizeBytes, issuer: 'CN=Acme authority', thisUpdate: noon, nextUpdate: noon + 1 };
  from.record(() => importRevocations({ here: new Set(), toldTo: new Set() }, pin, [link]));
}

const listBy = (issuer: CompanyCertificate, certificate: CompanyCertificate): Buffer =>
  revocationList({
    issuer,
    madeAt: new Date(noon),
    nextAt: new Date(noon + 86_400_000),
    revoked: [{ certificate, since: new Date(noon - 1000), reason: 1 }],
  });

/** The package of the release as a side judges it when it is used. */
async function judged(instance: Instance, of: string): Promise<PackageReport> {
  const { document, createdAt } = offered(both, '1.0.0');
  const { fingerprints, rules } = packageTrust(instance, of, 'used');
  return verifyPackage(instance.blobs.path(document.packages[0]!.sha256), {
    trust: openTrust(fingerprints, rules),
    at: new Date(createdAt),
    now: new Date(both.clock.now()),
  });
}

const ended = async (release: string, environment: string): Promise<string | undefined> => {
  const { customer } = both;
  const id = deploy(customer, offered(both, release), environment);
  await once(customer);
  return readDeployments(customer.db, -1).find(({ deployment }) => deployment === id)?.error ?? 'done';
};

describe('what is trusted', () => {
  test('T-66 is the company behind a link alone, not who issued its certificate, and what was added for that link; never for own ones', () => {
    const { customer, link } = both;
    const of = (which: string): readonly string[] => packageTrust(customer, which, 'used').fingerprints;
    expect(of(link)).toEqual([fingerprint(acme)]);
    add(customer, entry(later, { link }), entry(stranger));
    expect(of(link)).toEqual([fingerprint(acme), fingerprint(later)]);
    expect(of('')).toContain(fingerprint(stranger));
    expect(of('')).not.toContain(fingerprint(later));
    expect(everybodysTrust(customer).fingerprints).toEqual(
      expect.arrayContaining([acme, later, stranger].map((each) => fingerprint(each))),
    );
  });

  test('a time stamp authority is one only where it was added, and a repository vouches for own packages only', () => {
    const { customer, link } = both;
    const rules = (which: string) => packageTrust(customer, which, 'used').rules;
    expect(rules('').timestamps).toEqual([]);
    add(
      customer,
      entry(later, { purpose: 'timestamp' }),
      entry(later, { purpose: 'repository', vouches: true }),
    );
    expect(rules('').timestamps).toEqual([fingerprint(later)]);
    const vouching = (which: string): boolean[] =>
      rules(which)
        .repositories.filter((one) => one.fingerprint === fingerprint(later))
        .map(({ vouches }) => vouches);
    expect([vouching(''), vouching(link)]).toEqual([[true], [false]]);
  });

  test('the same again changes nothing, and what was removed is gone for all it was for', () => {
    const { customer } = both;
    expect(add(customer, entry(stranger))).toBe(0);
    expect(add(customer, entry(stranger, { note: 'seen at the fair' }))).toBe(1);
    customer.record((db) => removeTrust(readTrusted(db), fingerprint(later).slice(0, 12), new Map()));
    expect(readTrusted(customer.db).map((row) => row.fingerprint)).toEqual([fingerprint(stranger)]);
    const pinned = new Map([[fingerprint(acme), 'the company certificate of acme']]);
    const unknown = (named: string) => () => removeTrust(readTrusted(customer.db), named, pinned);
    expect(unknown(fingerprint(acme))).toThrow('it comes with the company certificate of acme');
    expect(unknown('00000000')).toThrow('none on the list is called so');
    expect(unknown(fingerprint(stranger).slice(0, 7))).toThrow('none on the list is called so');
  });
});

describe('a company certificate that is distrusted here', () => {
  test('T-96 is asked for when a package is used and not when one comes; its link stays, and adding it again ends that', async () => {
    const { customer, link } = both;
    const distrusting = (): number =>
      customer.record((db) =>
        distrust(
          [entry(acme)],
          readDistrusted(db).map((one) => one.fingerprint),
          { named: fingerprint(acme).slice(0, 12), reason: 'told by telephone' },
        ),
      ).length;
    expect([distrusting(), distrusting()]).toEqual([1, 0]);
    expect(packageTrust(customer, link, 'taken in').rules.distrusted).toBeUndefined();
    expect(await judged(customer, link)).toMatchObject({ ok: false, trusted: false });
    expect(await ended('1.0.0', 'uat')).toContain('"CN=acme" is distrusted here');
    const known = readDistrusted(customer.db).map((one) => one.fingerprint);
    customer.record(() => addTrust(entriesOf(customer), [entry(acme, { link })], known));
    expect((await judged(customer, link)).ok).toBe(true);
    expect(readDistrusted(customer.db)).toEqual([]);
    customer.record((db) => removeTrust(readTrusted(db), fingerprint(acme), new Map()));
  });
});

describe('a list of revoked certificates', () => {
  test('that a vendor tells along its link is carried to the customer, and names only its own chain', async () => {
    const { vendor, customer, link } = both;
    await tell(vendor, listBy(stranger, acme), link);
    await converge(both);
    expect(packageTrust(customer, link, 'used').rules.revocationLists).toHaveLength(1);
    expect((await judged(customer, link)).ok).toBe(true);
    expect(packageTrust(customer, '', 'used').rules.revocationLists).toEqual([]);
  });

  test('stands in the plan as a file with its digest, and the executor refuses what it revokes', async () => {
    const { vendor, customer, link } = both;
    expect(await ended('1.0.0', 'uat')).toBe('done');
    await tell(vendor, listBy(authority, acme), link);
    await converge(both);
    const report = await judged(customer, link);
    expect(report).toMatchObject({ ok: false, signature: { valid: false } });
    const run = { deployment: 'd', environment: 'uat' };
    const { steps } = await freezePlan(customer, offered(both, '1.0.0'), run);
    const [planned] = steps.flatMap(({ action }) => (action.kind === 'package' ? [action.package] : []));
    expect(planned!.trustRules!.revocationLists.map(({ file }) => file)).toEqual(
      planned!.trustRules!.revocationLists.map(({ sha256 }) => customer.blobs.path(sha256)),
    );
    expect(JSON.parse(JSON.stringify(planned!.trustRules))).toEqual(planned!.trustRules);
    expect(await ended('1.0.0', 'production')).toContain('"CN=acme" was revoked as of');
  });

  test('makes what comes after it refused when it comes', async () => {
    const { customer } = both;
    await publish(both, '2.0.0', { marks: root.file('marks'), signer: acme });
    await converge(both);
    const { document } = offered(both, '2.0.0');
    expect(customer.holds(document.packages[0]!.sha256)).toBe(true);
    expect(deployRefusal()).toContain('RELEASE_PART_REFUSED');
  });
});

describe('what is required of packages', () => {
  test('is asked when one is used and not when it comes, until it is taken back', async () => {
    const { vendor } = both;
    const demand = (on: boolean): number =>
      vendor.record((db) => demandTrust(readTrustDemands(db), { demand: 'countersignature', on, days: null }))
        .length;
    expect([demand(true), demand(true)]).toEqual([1, 0]);
    expect(packageTrust(vendor, '', 'used').rules.requires.countersignature).toBe(true);
    expect(packageTrust(vendor, '', 'taken in').rules.requires.countersignature).toBe(false);
    const report = await judged(vendor, '');
    expect(report.problems.filter(({ severity }) => severity === 'error').map(({ code }) => code)).toContain(
      'NU3038',
    );
    expect([demand(false), demand(false)]).toEqual([1, 0]);
    expect(packageTrust(vendor, '', 'used').rules.requires.countersignature).toBe(false);
  });
});

function deployRefusal(): string {
  try {
    deploy(both.customer, offered(both, '2.0.0'), 'uat');
    return 'none';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
