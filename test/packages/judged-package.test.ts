import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CompanyCertificate } from '../../src/identity/index.ts';
import {
  countersignPackage,
  openTrust,
  PackageError,
  requireVerified,
  signPackage,
  verifyPackage,
  type PackageReport,
  type PackageTrust,
  type TrustRequirements,
} from '../../src/packages/index.ts';
import { readRevocationList } from '../../src/packages/signature/revocation-list.ts';
import { buildZip, nuspecEntry, sha256, temporaryFolder } from '../support/build-nupkg.ts';
import { fingerprint, makeCertificate, selfSigned } from '../support/certificates.ts';
import { requires } from '../support/requires.ts';
import { revocationList, type RevocationWish } from '../support/revocation-list.ts';
import { timeAuthority, timeCertificate } from '../support/time-authority.ts';

const day = 86_400_000;
const start = Date.now();
const days = (count: number): Date => new Date(start + count * day);
const authority = makeCertificate({ commonName: 'Authority', isAuthority: true });
const author = makeCertificate({ commonName: 'Author', purposes: ['codeSigning'], issuer: authority });
const stranger = selfSigned('Stranger');
const gallery = makeCertificate({ commonName: 'Gallery root', isAuthority: true });
const repository = makeCertificate({
  commonName: 'Gallery',
  purposes: ['codeSigning'],
  issuer: gallery,
  validTo: days(400),
});
/** Its certificate ends before the packages are judged again. */
const brief = makeCertificate({ commonName: 'Brief', purposes: ['codeSigning'], validTo: days(10) });
const time = timeCertificate();
const timeRoot = fingerprint(time, 1);
const none: TrustRequirements = { timestamp: false, countersignature: false, revocation: null };
const index = 'https://gallery.test/v3/index.json';
const later = { at: days(20), now: days(20) };

type Repository = NonNullable<PackageTrust['repositories']>[number];
const pin = (certificate: CompanyCertificate, more: Partial<Repository> = {}): Repository => ({
  fingerprint: fingerprint(certificate),
  rootNeeded: false,
  issues: true,
  owners: [],
  vouches: false,
  ...more,
});

const trust = (more: Partial<PackageTrust> = {}): PackageTrust => ({
  fingerprints: new Set([fingerprint(authority)]),
  signers: [],
  timestamps: new Set([timeRoot]),
  repositories: [pin(gallery)],
  roots: new Set(),
  requires: none,
  ...more,
});

const list = (wish: Partial<RevocationWish> = {}) =>
  readRevocationList(revocationList({ issuer: authority, madeAt: days(-1), nextAt: days(30), ...wish }));
const revoking = (reason: number | undefined, since = days(5), certificate = author) =>
  list({ madeAt: days(6), revoked: [{ certificate, since, ...(reason !== undefined && { reason }) }] });

const told = (report: PackageReport, severity: 'error' | 'warning'): string[] =>
  report.problems.filter((each) => each.severity === severity).map(({ code }) => code);
const stateOf = (report: PackageReport, step: string): string | undefined =>
  report.checks.find((check) => check.step === step)?.state;
const detailOf = (report: PackageReport, step: string): string =>
  report.checks.find((check) => check.step === step)?.detail ?? '';

if (requires('openssl', 'packages are stamped by a real time stamp authority')) {
  const folder = temporaryFolder();
  /** Packages by what signed them. */
  const files = {
    plain: folder.file('plain'),
    stamped: folder.file('stamped'),
    countersigned: folder.file('countersigned'),
    byStranger: folder.file('stranger'),
    byStrangerCountersigned: folder.file('stranger-countersigned'),
    brief: folder.file('brief'),
    briefCountersigned: folder.file('brief-countersigned'),
    briefCountersignedUnstamped: folder.file('brief-countersigned-unstamped'),
  };

  beforeAll(async () => {
    await using clock = await timeAuthority({ certificate: time });
    const timestamp = { url: clock.url, hash: 'sha256' as const };
    const unsigned = folder.file(
      'unsigned.nupkg',
      buildZip([nuspecEntry(), { name: 'a.txt', content: 'a' }]),
    );
    const hash = 'sha256' as const;
    const role = { kind: 'repository' as const, serviceIndex: index, owners: ['acme'] };
    await signPackage(unsigned, files.plain, author, { hash });
    await signPackage(unsigned, files.stamped, author, { hash, timestamp });
    await countersignPackage(files.stamped, files.countersigned, repository, { hash, role, timestamp });
    await signPackage(unsigned, files.byStranger, stranger, { hash });
    await countersignPackage(files.byStranger, files.byStrangerCountersigned, repository, { hash, role });
    await signPackage(unsigned, files.brief, brief, { hash });
    await countersignPackage(files.brief, files.briefCountersigned, repository, { hash, role, timestamp });
    await countersignPackage(files.brief, files.briefCountersignedUnstamped, repository, { hash, role });
  });
  afterAll(() => folder[Symbol.dispose]());

  describe('each step is told apart:', () => {
    test('of a package with everything, all that is known and how old it is', async () => {
      const lists = [list(), list({ issuer: rootOf(time) }), list({ issuer: gallery })];
      const report = await verifyPackage(files.countersigned, { trust: trust({ revocationLists: lists }) });
      expect(report.checks.map(({ step, state }) => `${step}: ${state}`)).toEqual([
        'archive: passed',
        'format: passed',
        'content: passed',
        'integrity: passed',
        'signer: passed',
        'algorithms: passed',
        'usages: passed',
        'chain: passed',
        'revocation: passed',
        'time stamp: passed',
        'validity: passed',
        'countersignature: passed',
      ]);
      expect(report).toMatchObject({ ok: true, problems: [] });
      expect(detailOf(report, 'revocation')).toMatch(
        /"CN=Author" was not revoked; the list of "CN=Authority" is from 24 h ago/,
      );
      expect(report.signature).toMatchObject({
        countsUntil: null,
        timestampAuthority: { subject: 'CN=Time' },
        countersignature: {
          valid: true,
          trusted: true,
          serviceIndex: index,
          owners: ['acme'],
          signer: { subject: 'CN=Gallery' },
        },
      });
    });

    test('of a package that was changed, the signature is judged all the same', async () => {
      const bytes = readFileSync(files.plain);
      bytes[bytes.indexOf('a.txt') + 5]! ^= 1;
      const report = await verifyPackage(folder.file('changed', bytes), { trust: trust() });
      expect(stateOf(report, 'integrity')).toBe('failed');
      expect(stateOf(report, 'signer')).toBe('passed');
      expect(report.signature!.valid).toBe(false);
    });

    test('of an unsigned package nothing behind that is reached', async () => {
      const unsigned = folder.file('none', buildZip([nuspecEntry()]));
      const report = await verifyPackage(unsigned, { trust: trust() });
      expect(report.checks.map(({ state }) => state)).toEqual([
        'passed',
        'failed',
        ...Array.from({ length: 10 }, () => 'not reached'),
      ]);
    });
  });

  describe('a certificate that is distrusted', () => {
    const judged = (
      file: string,
      distrusted: readonly CompanyCertificate[],
      more: Partial<PackageTrust> = {},
    ) =>
      verifyPackage(file, {
        trust: trust({ distrusted: new Set(distrusted.map((one) => fingerprint(one))), ...more }),
        ...later,
      });

    test('T-66 refuses what it signed, and what those signed whom it issued, whoever is pinned', async () => {
      const pinned = { fingerprints: new Set([fingerprint(author), fingerprint(authority)]) };
      const listed = { signers: [{ fingerprint: fingerprint(author), rootNeeded: false }] };
      for (const [certificate, more] of [
        [author, { ...pinned, ...listed }],
        [authority, {}],
      ] as const) {
        const report = await judged(files.plain, [certificate], more);
        expect(report).toMatchObject({ ok: false, trusted: false });
        expect(told(report, 'error')).toEqual(['NU3034']);
        const options = { trust: trust({ distrusted: new Set([fingerprint(certificate)]) }), ...later };
        await expect(requireVerified(files.plain, options)).rejects.toMatchObject({
          code: 'PACKAGE_UNTRUSTED',
          message: expect.stringContaining('distrusted here') as string,
        });
      }
      expect((await judged(files.plain, [authority], listed)).ok).toBe(true);
    });

    test('T-66 is not made good by a repository that vouches', async () => {
      const vouched = { fingerprints: new Set<string>(), repositories: [pin(gallery, { vouches: true })] };
      expect((await judged(files.countersigned, [], vouched)).ok).toBe(true);
      expect((await judged(files.countersigned, [author], vouched)).ok).toBe(false);
    });

    test('gives no time', async () => {
      expect((await judged(files.stamped, [stranger])).signature?.timestamp).not.toBeNull();
      const report = await judged(files.stamped, [time]);
      expect(report.signature?.timestamp).toBeNull();
      expect(told(report, 'warning')).toContain('NU3028');
    });
  });

  describe('revocation:', () => {
    const judged = (
      file: string,
      revocationLists: PackageTrust['revocationLists'],
      more: Partial<PackageTrust> = {},
    ) => verifyPackage(file, { trust: trust({ revocationLists: revocationLists!, ...more }), ...later });

    test('T-66 a package by a revoked signer is refused', async () => {
      const report = await judged(files.plain, [revoking(4, days(-5))]);
      expect(report).toMatchObject({ ok: false, signature: { valid: false } });
      expect(told(report, 'error')).toContain('NU3012');
      const options = { trust: trust({ revocationLists: [revoking(1)] }), ...later };
      await expect(requireVerified(files.plain, options)).rejects.toMatchObject({ code: 'PACKAGE_REVOKED' });
    });

    test.each([
      [3, 'affiliation changed', true],
      [4, 'superseded', true],
      [5, 'cessation of operation', true],
      [undefined, 'no reason given', false],
      [0, 'unspecified', false],
      [1, 'key compromise', false],
      [2, 'compromise of the authority', false],
      [6, 'hold', false],
      [9, 'privilege withdrawn', false],
    ])('after a stamped signature, reason %s (%s): good is %s', async (reason, _name, good) => {
      const report = await judged(files.stamped, [revoking(reason)]);
      expect(told(report, 'error')).toEqual(good ? [] : ['NU3012']);
      expect(report.ok).toBe(good);
      if (good) expect(told(report, 'warning')).toContain('NU3012');
    });

    test('a gentle reason does not help what was stamped after it, or not stamped at all', async () => {
      expect(told(await judged(files.stamped, [revoking(4, days(-1))]), 'error')).toEqual(['NU3012']);
      expect(told(await judged(files.plain, [revoking(4)]), 'error')).toEqual(['NU3012']);
    });

    test('the newest list decides, what an older one revoked stays so, and only a hold is lifted', async () => {
      const clean = list({ madeAt: days(8) });
      const held = revoking(6);
      expect((await judged(files.plain, [held, clean])).ok).toBe(true);
      expect(told(await judged(files.plain, [revoking(1), clean]), 'error')).toEqual(['NU3012']);
    });

    test('a list that the issuer in this very chain did not sign says nothing', async () => {
      const other = makeCertificate({ commonName: 'Authority', isAuthority: true, keyBits: 1024 });
      for (const forged of [
        list({ issuer: other, revoked: [{ certificate: author, since: days(-5), reason: 1 }] }),
        list({ key: stranger.privateKey, revoked: [{ certificate: author, since: days(-5), reason: 1 }] }),
      ]) {
        const report = await judged(files.plain, [forged]);
        expect(told(report, 'error')).toEqual([]);
        expect(stateOf(report, 'revocation')).toBe('unknown');
      }
    });

    test('T-66 a revoked signer does not become good by leaving its issuer out of the package', async () => {
      const alone = { ...author, chain: [author.chain[0]!] };
      const file = folder.file('alone');
      await signPackage(folder.file('unsigned.nupkg'), file, alone, { hash: 'sha256' });
      const pinned = { fingerprints: new Set([fingerprint(author)]) };
      expect(told(await judged(file, [revoking(1)], pinned), 'error')).toEqual(['NU3012']);
      for (const lists of [[], [list()], [revoking(1, days(5), stranger)]]) {
        const report = await judged(file, lists, pinned);
        expect(report.ok).toBe(true);
        expect(stateOf(report, 'revocation')).toBe('unknown');
      }
    });

    describe('T-66 another certificate of the same name and key, which anybody can put beside the true one,', () => {
      const anybody = makeCertificate({ commonName: 'Me', isAuthority: true });
      const usages = { keyCertSign: true };
      const twinOf = (commonName: string) =>
        makeCertificate({ commonName, isAuthority: true, issuer: anybody, usages });
      const between = makeCertificate({ commonName: 'Between', isAuthority: true, issuer: authority });
      const below = makeCertificate({ commonName: 'Below', purposes: ['codeSigning'], issuer: between });
      const signedWith = async (name: string, ...chain: Uint8Array[]): Promise<string> => {
        const file = folder.file(name);
        const leaf = chain[0] === below.chain[0] ? below : author;
        const signer = { ...leaf, chain };
        await signPackage(folder.file('unsigned.nupkg'), file, signer, { hash: 'sha256' });
        return file;
      };

      test('does not hide that the signer was revoked', async () => {
        const [own, root] = [author.chain[0]!, authority.chain[0]!];
        const file = await signedWith('twin', own, ...twinOf('Authority').chain, root);
        expect(told(await judged(file, [revoking(1)]), 'error')).toEqual(['NU3012']);
        const pinned = { fingerprints: new Set([fingerprint(author)]) };
        expect(told(await judged(file, [revoking(1)], pinned), 'error')).toEqual(['NU3012']);
        expect((await judged(file, [list()])).ok).toBe(true);
      });

      test('does not hide that the one who issued the signer’s certificate was revoked', async () => {
        const [own, issuer, root] = below.chain as [Uint8Array, Uint8Array, Uint8Array];
        const file = await signedWith('twin-above', own, ...twinOf('Between').chain, issuer, root);
        const lists = [list({ issuer: between }), revoking(2, days(5), between)];
        const report = await judged(file, lists);
        expect(told(report, 'error')).toEqual(['NU3012']);
        expect(detailOf(report, 'revocation')).toMatch(/"CN=Between" was revoked/);
        const clean = await judged(file, [list({ issuer: between }), list()]);
        expect(stateOf(clean, 'revocation')).toBe('passed');
      });
    });

    describe('T-97 a clock that is wrong by years', () => {
      const now = (years: number): Date => days(years * 365);

      test.each([-5, 5])('does not make a revoked signer good (%s years)', async (years) => {
        const options = { trust: trust({ revocationLists: [revoking(1)] }), at: days(20), now: now(years) };
        expect(told(await verifyPackage(files.plain, options), 'error')).toEqual(['NU3012']);
      });

      test.each([
        [-5, /a time that is still to come by this machine's clock, which says \d{4}-/],
        [5, /too old by .* by this machine's clock, which says \d{4}-/],
      ])('refuses nothing that was known well enough then, and is told (%s years)', async (years, words) => {
        const demands = { requires: { ...none, revocation: { days: 30 } } };
        const options = { trust: trust({ revocationLists: [list()], ...demands }), at: days(20) };
        const report = await verifyPackage(files.plain, { ...options, now: now(years) });
        expect(report.ok).toBe(true);
        expect(stateOf(report, 'revocation')).toBe('warned');
        const warnings = report.problems.filter(({ code }) => code === 'NU3018');
        expect(warnings.map(({ message }) => message)).toEqual([expect.stringMatching(words)]);
      });

      test('does not make new what was too old then', async () => {
        const demands = { requires: { ...none, revocation: { days: 7 } } };
        const options = { trust: trust({ revocationLists: [list()], ...demands }), at: days(20) };
        const report = await verifyPackage(files.plain, { ...options, now: days(-0.5) });
        expect(told(report, 'error')).toEqual(['NU3018']);
        expect(detailOf(report, 'revocation')).toMatch(/older than the 7 days that are allowed here at /);
      });

      test('does not take from a time stamp what it says', async () => {
        const report = await verifyPackage(files.stamped, { trust: trust(), at: days(20), now: now(-5) });
        expect(report.signature?.timestamp).not.toBeNull();
      });
    });

    test('what is not known, or no longer, is a warning with its age; an error where it is required', async () => {
      const overdue = list({ madeAt: days(-40), nextAt: days(-33) });
      const report = await judged(files.plain, [overdue]);
      expect(report.ok).toBe(true);
      expect(detailOf(report, 'revocation')).toMatch(
        /from 60 days ago, and the next one was due 53 days ago/,
      );
      const demanded = (by: number | null) => ({ requires: { ...none, revocation: { days: by } } });
      for (const [lists, by, good] of [
        [[overdue], null, false],
        [[], null, false],
        [[list()], null, true],
        [[list()], 30, true],
        [[list()], 7, false],
      ] as const) {
        const again = await judged(files.plain, lists, demanded(by));
        expect({ by, ok: again.ok }).toEqual({ by, ok: good });
        if (!good) expect(told(again, 'error')).toEqual(['NU3018']);
      }
      const options = { trust: trust({ revocationLists: [], ...demanded(null) }), ...later };
      await expect(requireVerified(files.plain, options)).rejects.toMatchObject({
        code: 'PACKAGE_REVOCATION_UNKNOWN',
      });
    });

    test('a time stamp of a revoked authority is as if there were none', async () => {
      const stampRevoked = list({
        issuer: rootOf(time),
        madeAt: days(6),
        revoked: [{ certificate: time, since: days(-30), reason: 1 }],
      });
      const report = await judged(files.stamped, [stampRevoked]);
      expect(report.signature!.timestamp).toBeNull();
      expect(told(report, 'warning')).toContain('NU3028');
    });

    test('lists in files are read when they are asked for; one that is not what it was counts for nothing', async () => {
      const bytes = revocationList({
        issuer: authority,
        madeAt: days(6),
        nextAt: days(30),
        revoked: [{ certificate: author, since: days(5), reason: 1 }],
      });
      const file = folder.file('list.crl', bytes);
      const rules = {
        signers: [],
        timestamps: [],
        repositories: [],
        roots: [],
        requires: none,
        revocationLists: [{ file, sha256: sha256(bytes) }],
      };
      const opened = openTrust([fingerprint(authority)], rules);
      expect(told(await verifyPackage(files.plain, { trust: opened, ...later }), 'error')).toEqual([
        'NU3012',
      ]);
      writeFileSync(file, revocationList({ issuer: authority, madeAt: days(7), nextAt: days(30) }));
      const report = await verifyPackage(files.plain, { trust: opened, ...later });
      expect(report.ok).toBe(true);
      expect(told(report, 'warning')).toContain('PACKAGE_REVOCATION_LIST_UNREADABLE');
    });
  });

  describe('what is required of a package', () => {
    const needs = (more: Partial<TrustRequirements>): Partial<PackageTrust> => ({
      requires: { ...none, ...more },
    });
    const refusedAs = async (file: string, more: Partial<PackageTrust>): Promise<string | undefined> => {
      try {
        await requireVerified(file, { trust: trust(more) });
        return undefined;
      } catch (error) {
        if (error instanceof PackageError) return error.code;
        throw error;
      }
    };

    test('T-66 is a time stamp that is believed', async () => {
      const timestamp = needs({ timestamp: true });
      expect(await refusedAs(files.stamped, timestamp)).toBeUndefined();
      expect(await refusedAs(files.plain, timestamp)).toBe('PACKAGE_TIMESTAMP_REQUIRED');
      expect(await refusedAs(files.stamped, { ...timestamp, timestamps: new Set() })).toBe(
        'PACKAGE_TIMESTAMP_REQUIRED',
      );
    });

    test('is a countersignature by a repository that is trusted, for these owners', async () => {
      const counter = needs({ countersignature: true });
      expect(await refusedAs(files.countersigned, counter)).toBeUndefined();
      expect(await refusedAs(files.stamped, counter)).toBe('PACKAGE_COUNTERSIGNATURE_REQUIRED');
      expect(await refusedAs(files.countersigned, { ...counter, repositories: [] })).toBe(
        'PACKAGE_COUNTERSIGNATURE_REQUIRED',
      );
      const owned = (owner: string) => ({ ...counter, repositories: [pin(gallery, { owners: [owner] })] });
      expect(await refusedAs(files.countersigned, owned('acme'))).toBeUndefined();
      expect(await refusedAs(files.countersigned, owned('Acme'))).toBe('PACKAGE_COUNTERSIGNATURE_REQUIRED');
    });
  });

  describe('a countersignature makes good', () => {
    const strange = { fingerprints: new Set<string>() };

    test('that nobody knows the author only where the repository vouches', async () => {
      const vouching = trust({ ...strange, repositories: [pin(gallery, { vouches: true })] });
      const report = await verifyPackage(files.byStrangerCountersigned, { trust: vouching });
      expect(report).toMatchObject({ ok: true, trusted: true });
      expect(stateOf(report, 'chain')).toBe('warned');
      expect(told(report, 'warning')).toContain('NU3018');
      expect((await verifyPackage(files.byStranger, { trust: vouching })).ok).toBe(false);
    });

    test('T-66 nothing else about an author nobody knows: a countersignature alone is refused', async () => {
      const report = await verifyPackage(files.byStrangerCountersigned, { trust: trust(strange) });
      expect(report).toMatchObject({
        ok: false,
        trusted: false,
        signature: { valid: true, countersigned: true },
      });
      expect(told(report, 'error')).toEqual(['NU3018']);
    });

    test('that the author’s certificate expired, where it was stamped while that was valid', async () => {
      const known = trust({ fingerprints: new Set([fingerprint(brief)]) });
      const good = await verifyPackage(files.briefCountersigned, { trust: known, ...later });
      expect(good.ok).toBe(true);
      expect(stateOf(good, 'validity')).toBe('warned');
      for (const file of [files.brief, files.briefCountersignedUnstamped]) {
        const report = await verifyPackage(file, { trust: known, ...later });
        expect(told(report, 'error')).toEqual(['NU3037']);
      }
      const untrusted = { ...known, repositories: [] };
      expect((await verifyPackage(files.briefCountersigned, { trust: untrusted, ...later })).ok).toBe(false);
    });
  });

  describe('a signer on the list by its own certificate', () => {
    const listed = (certificate: CompanyCertificate, rootNeeded: boolean, more: Partial<PackageTrust> = {}) =>
      verifyPackage(files.plain, {
        trust: trust({
          fingerprints: new Set(),
          signers: [{ fingerprint: fingerprint(certificate).toUpperCase(), rootNeeded }],
          ...more,
        }),
      });

    test('is trusted, and who issued it is not by being on it', async () => {
      expect((await listed(author, false)).ok).toBe(true);
      expect(told(await listed(authority, false), 'error')).toEqual(['NU3018']);
    });

    test('that needs a root is trusted under one only', async () => {
      expect(told(await listed(author, true), 'error')).toEqual(['NU3034']);
      expect((await listed(author, true, { roots: new Set([fingerprint(authority)]) })).ok).toBe(true);
    });

    test('and a root alone makes nobody trusted', async () => {
      const report = await listed(stranger, false, { roots: new Set([fingerprint(authority)]) });
      expect(told(report, 'error')).toEqual(['NU3018']);
    });
  });
}

/** Who issued a certificate, with the key that it has in these tests. */
function rootOf(certificate: CompanyCertificate): CompanyCertificate {
  const name = 'Time root';
  const twin = makeCertificate({ commonName: name, isAuthority: true });
  return { chain: certificate.chain.slice(1), privateKey: twin.privateKey };
}
