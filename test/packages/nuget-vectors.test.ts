import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifyPackage, type PackageReport } from '../../src/packages/index.ts';
import { checkSignature, readSignature } from '../../src/packages/signature/signature.ts';
import { sharedVectors } from '../support/shared-vectors.ts';

/**
 * Packages that others signed, with what is known of them; see the README beside them. Nothing is known of revocation
 * here, which is NU3018 for the signer's chain and NU3028 for that of a time stamp that is believed.
 */
const folder = sharedVectors('nupkg');

const roots = {
  testSigned: '557276839c961df211cf267b318d880568676efa41e8b62d9bb38752c1d6214d',
  symantecTime: '2399561127a57125de8cefea610ddf2fa078b5c8067f4e828290bfb860e84b3c',
  signedPackage: '493b81122e733ab5ee6c7e520fe9fab0119def53b74fa56a53a16c1556032089',
  repository: '775aab607aa76028a7cc7a873a9513ff0c3b40df09b7b83d21689a3675b34d9a',
  expired: '76e741bf7c7c75ba18fbe91cc622298f5b55aeff6e5feb1ee3c31ef44bc84ee8',
  expiredTime: '0f6473d69a32b80801b84bc5496f97bb713f99dac41c8e77585391b8d28e50bc',
  invalidTime: '089bd8da8c924653fbdc53e8ceb8c8a3e60ce42dbe1c547bc8fe768a42c2e0f1',
  invalidTimeRoot: '990d99aec3c72eb483038321c08a988cfec03a4064534dcb0d8efa6a077a63b3',
  untrusted: '9e7b16abcd7ed7acb115366d122e41df69427283f9cfdad26c9fa3945d9b2c89',
  untrustedTime: '19d02a21f3d57edae96050be3c8d32a344fa7719ebdff91adb94920dad95abbb',
  digiCert: '3e9099b5015e8f486c00bcea9d111ee721faba355a89bcf1df69561e3dc6325c',
};
const leaf1 = '4456d5d38709876dcd20ef3d7ba98bfd79fcaee91141d153a55f10841ef909c6';
const repositoryLeaf = 'a8cc70dbbd8bc61410231805b690cca7c5a8d07553c1c49b299a6aabaeb7ff9a';
const today = '2026-01-01T00:00:00Z';

type Case = {
  readonly what: string;
  readonly file: string;
  readonly pins: readonly string[];
  readonly at?: string;
  readonly ok: boolean;
  readonly errors?: readonly string[];
  readonly warnings?: readonly string[];
  readonly signature?: Partial<NonNullable<PackageReport['signature']>> | null;
  readonly trusted?: boolean;
  /** Base64, as the signature says it. */
  readonly content?: string;
};

const testSigned = 'TestSigned.leaf-1.1.0.0.nupkg';
const testSignedHash = 'rjwU3h44hybfITs5uc4QqCwnabwaGrcAd5clLBFzVdU=';
const derived = (name: string): string => join('derived', `${name}.nupkg`);

const cases: readonly Case[] = [
  {
    what: 'an author signature with its root pinned',
    file: testSigned,
    pins: [roots.testSigned],
    ok: true,
    warnings: ['NU3018', 'NU3028'],
    signature: { valid: true, kind: 'author', timestamp: null, countersigned: false },
    content: testSignedHash,
  },
  {
    what: 'an author signature with its signer pinned',
    file: testSigned,
    pins: [leaf1.toUpperCase()],
    ok: true,
    warnings: ['NU3018', 'NU3028'],
  },
  {
    what: 'an author signature long after its certificate expired, with its time stamp pinned as well',
    file: testSigned,
    pins: [roots.testSigned, roots.symantecTime],
    at: '2040-01-01T00:00:00Z',
    ok: true,
    warnings: ['NU3018', 'NU3028'],
    signature: { valid: true, timestamp: '2018-01-26T22:08:31.000Z' },
  },
  {
    what: 'the same without a pin for its time stamp',
    file: testSigned,
    pins: [roots.testSigned],
    at: '2040-01-01T00:00:00Z',
    ok: false,
    errors: ['NU3037'],
    warnings: ['NU3018', 'NU3028'],
  },
  {
    what: 'an author signature by somebody who is not pinned',
    file: testSigned,
    pins: [roots.signedPackage],
    ok: false,
    errors: ['NU3018'],
    warnings: ['NU3018', 'NU3028'],
    signature: { valid: true },
    trusted: false,
  },
  {
    what: 'an author signature before its certificate was valid',
    file: testSigned,
    pins: [roots.testSigned],
    at: '2018-01-01T00:00:00Z',
    ok: false,
    errors: ['NU3017'],
    warnings: ['NU3018', 'NU3028'],
  },
  {
    what: 'a self-signed author signature on its one day',
    file: 'SignedPackage.1.0.0.nupkg',
    pins: [roots.signedPackage],
    at: '2018-02-23T12:00:00Z',
    ok: true,
    warnings: ['NU3027'],
    content: 'iE3ZQtuK44/T1fP5vDSWnLGcXOY2vCjDNV5a/4e/8Sg=',
  },
  {
    what: 'a self-signed author signature a day later',
    file: 'SignedPackage.1.0.0.nupkg',
    pins: [roots.signedPackage],
    at: '2018-02-24T12:00:00Z',
    ok: false,
    warnings: ['NU3027'],
    errors: ['NU3037'],
    trusted: true,
  },
  {
    what: "a repository signature, which is not the author's",
    file: 'TestRepoSigned.leaf-1.1.0.0.nupkg',
    pins: [roots.testSigned, roots.symantecTime],
    ok: false,
    warnings: ['NU3018', 'NU3028'],
    errors: ['PACKAGE_NOT_AUTHOR_SIGNED'],
    signature: { valid: true, kind: 'repository', timestamp: '2018-03-21T17:55:03.000Z' },
    trusted: false,
    content: 'QQLVNWk+17bZhlZBv3B2SPqkpAaS0b5E+mFuVuC4Cp0=',
  },
  {
    what: 'a self-signed repository signature',
    file: 'Test.RepoCountersigned.1.0.0.nupkg',
    pins: [roots.repository],
    ok: false,
    warnings: ['NU3027'],
    errors: ['PACKAGE_NOT_AUTHOR_SIGNED'],
    signature: { valid: true, kind: 'repository', countersigned: false },
    content: '5QsGu69Hf1UO4glG55LAeRRhgGGUwOuNiM/Eri1Y93Q=',
  },
  {
    what: 'an author signature that a repository countersigned',
    file: 'TestAuthorAndRepoSigned.leaf-1.1.0.0.nupkg',
    pins: [roots.testSigned, roots.symantecTime],
    ok: true,
    warnings: ['NU3018', 'NU3028', 'NU3018', 'NU3028'],
    signature: { valid: true, kind: 'author', countersigned: true, timestamp: '2018-03-21T17:55:20.000Z' },
    content: 'BcUv6BFV043AjAKCpcUdysLaLDQGdXYpOpP72qJ8Aak=',
  },
  {
    what: "a countersigned package of which only the repository's signer is pinned",
    file: 'TestAuthorAndRepoSigned.leaf-1.1.0.0.nupkg',
    pins: ['a8cc70dbbd8bc61410231805b690cca7c5a8d07553c1c49b299a6aabaeb7ff9a'],
    ok: false,
    errors: ['NU3018'],
    warnings: ['NU3018', 'NU3028', 'NU3018', 'NU3028'],
    trusted: false,
  },
  {
    what: 'certificates that all expired, with a time stamp from when they had not',
    file: 'ExpiredPrimaryAndTimestampCertificatesWithUnavailableRevocationInfo.nupkg',
    pins: [roots.expired, roots.expiredTime],
    ok: true,
    warnings: ['NU3018', 'NU3028'],
    signature: { valid: true, timestamp: '2018-12-10T22:26:39.000Z' },
    content: 'BJ9cAuI97LRabtqUvVLmLcsft5JyUUXzE1OVLPYq0FY=',
  },
  {
    what: 'the same without its time stamp pinned',
    file: 'ExpiredPrimaryAndTimestampCertificatesWithUnavailableRevocationInfo.nupkg',
    pins: [roots.expired],
    ok: false,
    errors: ['NU3037'],
    warnings: ['NU3018', 'NU3028'],
  },
  {
    what: 'a time stamp from after its own certificate ended',
    file: 'TimestampInvalidGenTimePackage.nupkg',
    pins: [roots.invalidTime, roots.invalidTimeRoot],
    ok: false,
    errors: ['NU3037'],
    warnings: ['NU3036'],
    content: 'pCay7Qwb62HQNjCAKts6f9b0TD06KsH1CdGAJTsMUdw=',
  },
  {
    what: 'a signer named by issuer and serial number, stamped by a root that is not pinned',
    file: 'UntrustedTimestampPackage.nupkg',
    pins: [roots.untrusted],
    ok: false,
    errors: ['NU3037'],
    warnings: ['NU3018', 'NU3028'],
    content: testSignedHash,
  },
  {
    what: 'the same with both roots pinned',
    file: 'UntrustedTimestampPackage.nupkg',
    pins: [roots.untrusted, roots.untrustedTime],
    ok: true,
    warnings: ['NU3018', 'NU3028'],
    signature: { valid: true, timestamp: '2018-04-17T22:30:01.000Z' },
  },
  {
    what: 'an unsigned package',
    file: 'TestUnsigned.1.0.0.nupkg',
    pins: [],
    ok: false,
    errors: ['NU3004'],
    signature: null,
    content: 'qa8gk/BNKnCR551GIgf7EtjOnQx1keF5iIrXFZodE1Q=',
  },
  {
    what: 'a zip64 archive',
    file: 'Zip64Package.1.0.0.nupkg',
    pins: [],
    ok: false,
    errors: ['PACKAGE_ARCHIVE_MALFORMED'],
    signature: null,
  },
  {
    what: 'a compressed signature entry and no nuspec',
    file: 'SignatureFileWithDeflateCompressionMethodAndDefaultCompressionLevel.zip',
    pins: [],
    ok: false,
    errors: ['PACKAGE_NUSPEC_INVALID', 'NU3005', 'NU3005'],
    signature: { valid: false, signer: null },
  },
  {
    what: 'content that was replaced',
    file: derived('tampered-content'),
    pins: [roots.testSigned, roots.symantecTime],
    ok: false,
    warnings: ['NU3018', 'NU3028'],
    errors: ['NU3008'],
    signature: { valid: false },
    trusted: true,
  },
  {
    what: 'an entry added behind the signature',
    file: derived('entry-added-after-signing'),
    pins: [roots.testSigned, roots.symantecTime],
    ok: false,
    warnings: ['NU3018', 'NU3028'],
    errors: ['NU3005', 'NU3008'],
  },
  {
    what: 'an archive comment added',
    file: derived('archive-comment-added'),
    pins: [roots.testSigned, roots.symantecTime],
    ok: false,
    warnings: ['NU3018', 'NU3028'],
    errors: ['PACKAGE_ARCHIVE_MALFORMED', 'NU3008'],
  },
  {
    what: 'bytes put in front',
    file: derived('prefix-bytes-added'),
    pins: [roots.testSigned, roots.symantecTime],
    ok: false,
    warnings: ['NU3018', 'NU3028'],
    errors: ['PACKAGE_ARCHIVE_MALFORMED', 'NU3008'],
  },
  {
    what: 'a repacked package with its signature compressed',
    file: derived('signature-deflated'),
    pins: [roots.testSigned, roots.symantecTime],
    ok: false,
    errors: ['NU3005', 'NU3005'],
  },
  {
    what: 'two signature entries',
    file: derived('two-signature-entries'),
    pins: [roots.testSigned, roots.symantecTime],
    ok: false,
    errors: ['PACKAGE_NAME_UNSAFE', 'NU3005'],
  },
  {
    what: 'one bit of the signature value flipped',
    file: derived('signature-value-corrupted'),
    pins: [roots.testSigned, roots.symantecTime],
    ok: false,
    errors: ['NU3012'],
    warnings: ['NU3018', 'NU3019'],
    signature: { valid: false, timestamp: null },
    trusted: false,
    content: testSignedHash,
  },
  {
    what: 'the signature as the first entry, which is refused but not called changed',
    file: derived('signature-entry-first'),
    pins: [roots.testSigned, roots.symantecTime],
    ok: false,
    warnings: ['NU3018', 'NU3028'],
    errors: ['NU3005'],
    content: testSignedHash,
  },
];

if (folder !== undefined) {
  describe('a package signed elsewhere:', () => {
    test.each(cases)('$what', async (each) => {
      const trust = { fingerprints: new Set(each.pins) };
      const at = new Date(each.at ?? today);
      const report = await verifyPackage(join(folder, each.file), { trust, at, now: at });
      const codes = (severity: string): string[] =>
        report.problems
          .filter((found) => found.severity === severity && found.code !== 'PACKAGE_FILE_NAME_DIFFERS')
          .map(({ code }) => code);
      expect({ errors: codes('error'), warnings: codes('warning'), ok: report.ok }).toEqual({
        errors: each.errors ?? [],
        warnings: each.warnings ?? [],
        ok: each.ok,
      });
      if (each.signature === null) expect(report.signature).toBeNull();
      else expect(report.signature).toMatchObject(each.signature ?? {});
      if (each.trusted !== undefined) expect(report.trusted).toBe(each.trusted);
      if (each.content !== undefined)
        expect(Buffer.from(report.contentDigest!, 'hex').toString('base64')).toBe(each.content);
    });

    /** Signer, and where it countersigned the repository, by their fingerprints as the README lists them. */
    const signers: readonly [string, string, string | null][] = [
      [testSigned, leaf1, null],
      ['SignedPackage.1.0.0.nupkg', roots.signedPackage, null],
      ['TestRepoSigned.leaf-1.1.0.0.nupkg', leaf1, null],
      ['Test.RepoCountersigned.1.0.0.nupkg', roots.repository, null],
      ['TestAuthorAndRepoSigned.leaf-1.1.0.0.nupkg', leaf1, repositoryLeaf],
      [
        'ExpiredPrimaryAndTimestampCertificatesWithUnavailableRevocationInfo.nupkg',
        '8c28357f0ef2c8bebe60441b4a73e975e2a04968bc497ad1d9c17d5c5031ee68',
        null,
      ],
      ['TimestampInvalidGenTimePackage.nupkg', roots.invalidTime, null],
      [
        'UntrustedTimestampPackage.nupkg',
        'fdf111c44fd1a66b80c5c228bc572312ad4b9584ad8bf28a6fd354a01a95778a',
        null,
      ],
    ];
    test.each(signers)(
      '%s is by its signer, and without any pin nobody trusts it',
      async (file, leaf, second) => {
        const at = new Date(today);
        const report = await verifyPackage(join(folder, file), {
          trust: { fingerprints: new Set() },
          at,
          now: at,
        });
        expect(report.signature!.signer!.fingerprint).toBe(leaf);
        expect(report.signature!.countersignature?.signer?.fingerprint ?? null).toBe(second);
        expect(
          report.problems.filter(({ severity }) => severity === 'error').map(({ code }) => code),
        ).toContain('NU3018');
        expect(report).toMatchObject({ ok: false, trusted: false });
      },
    );

    test('the countersignature tells the repository, its owners and its own time', async () => {
      const at = new Date(today);
      const report = await verifyPackage(join(folder, 'TestAuthorAndRepoSigned.leaf-1.1.0.0.nupkg'), {
        trust: { fingerprints: new Set([roots.testSigned, roots.symantecTime]) },
        at,
        now: at,
      });
      expect(report.signature!.countersignature).toMatchObject({
        valid: true,
        trusted: true,
        owners: ['nuget', 'microsoft'],
        signer: { fingerprint: repositoryLeaf },
      });
      expect(report.signature!.countersignature!.timestamp).toBe('2018-03-21T17:55:30.000Z');
    });

    test('none of the samples is left out', () => {
      const samples = readdirSync(folder, { recursive: true, encoding: 'utf8' });
      const packages = samples.filter((name) => /\.(?:nupkg|zip)$/.test(name)).map((name) => basename(name));
      expect(new Set(cases.map(({ file }) => basename(file)))).toEqual(new Set(packages));
    });

    describe('the signature of a package from the public gallery, of which the package is not here:', () => {
      const { read, unreadable, content } = readSignature(
        readFileSync(join(folder, 'nuget.versioning.5.0.0.signature.p7s')),
      );
      const times = { at: new Date(today), now: new Date(today) };
      const judged = (...pins: string[]): ReturnType<typeof checkSignature> =>
        checkSignature(read!, { fingerprints: new Set(pins) }, times);

      test('it names the hash of the package', () => {
        expect([...unreadable, ...content]).toEqual([]);
        expect(read!.signedHash!.digest.toString('base64')).toBe(
          'Pz1Pwq70/Wi/TK54HrteweLnyuQL88HF9lT8MTSwsCo=',
        );
      });

      test('author and repository hold by their time stamps where both roots are pinned', () => {
        const found = judged(roots.digiCert, roots.symantecTime);
        const states = found.found.map(({ step, state }) => [step, state]);
        expect(Object.fromEntries(states)).toEqual({
          signer: 'passed',
          algorithms: 'passed',
          usages: 'passed',
          chain: 'passed',
          revocation: 'unknown',
          'time stamp': 'warned',
          validity: 'passed',
          countersignature: 'warned',
        });
        expect(found).toMatchObject({ kind: 'author', countersigned: true, pinned: true });
        expect(found.certificate!.fingerprint).toMatch(/^3f9001ea83c560d7/);
        expect(found.timestamp!.time.toISOString()).toBe('2019-04-01T18:24:53.000Z');
        expect(found.countersignature).toMatchObject({
          sound: true,
          judged: {
            kind: 'repository',
            pinned: true,
            serviceIndex: 'https://api.nuget.org/v3/index.json',
            owners: ['Microsoft', 'nuget'],
          },
        });
        expect(found.countersignature.judged!.certificate!.fingerprint).toMatch(/^0e5f38f57dc1bcc8/);
      });

      test('without the root of the time stamps it expired, and without any pin nobody trusts it', () => {
        const codes = (found: ReturnType<typeof checkSignature>): string[] =>
          found.found.flatMap(({ problems }) =>
            problems.filter(({ severity }) => severity === 'error').map(({ code }) => code),
          );
        expect(codes(judged(roots.digiCert))).toEqual(['NU3037']);
        expect(codes(judged())).toEqual(['NU3018', 'NU3037']);
        expect(judged().countersignature.judged!.pinned).toBe(false);
      });
    });
  });
}
