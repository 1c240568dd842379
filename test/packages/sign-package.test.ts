import fc from 'fast-check';
import { createHash, sign } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { CompanyCertificate } from '../../src/identity/index.ts';
import { encodeSignature } from '../../src/packages/signature/build-signature.ts';
import {
  PackageError,
  packNupkg,
  requireSignable,
  requireVerified,
  signPackage,
  verifyPackage,
  type PackageReport,
} from '../../src/packages/index.ts';
import type { HashName } from '../../src/packages/signature/oids.ts';
import type { PackageSigner, ToSign } from '../../src/packages/signature/package-signer.ts';
import {
  buildZip,
  nuspecEntry,
  sha256,
  temporaryFolder,
  withSignature,
  type RawEntry,
} from '../support/build-nupkg.ts';
import { fingerprint, makeCertificate, selfSigned, type CertificateWish } from '../support/certificates.ts';
import { requires } from '../support/requires.ts';
import { altered, timeAuthority, timeCertificate } from '../support/time-authority.ts';

const acme = selfSigned('Acme');
const stranger = selfSigned('Stranger');
const content: RawEntry = { name: 'content/index.html', content: '<h1>Orders</h1>'.repeat(40) };
const entries = [nuspecEntry(), content, { name: 'content/app.bin', content: 'binary', stored: true }];
const now = new Date('2026-06-01T12:00:00Z');
const valid = { validFrom: new Date('2026-01-01T00:00:00Z'), validTo: new Date('2027-01-01T00:00:00Z') };

const trusting = (...certificates: CompanyCertificate[]): { fingerprints: Set<string> } => ({
  fingerprints: new Set(certificates.map((each) => fingerprint(each))),
});
const errorCodes = (report: PackageReport): string[] =>
  report.problems.filter(({ severity }) => severity === 'error').map(({ code }) => code);

/** Signed once for each hash and signer, and given out as a copy. */
const made = new Map<string, Buffer>();
async function signed(hash: HashName = 'sha256', by = acme): Promise<Buffer> {
  const key = `${hash} ${fingerprint(by)}`;
  if (!made.has(key)) {
    using folder = temporaryFolder();
    const out = folder.file('out.nupkg');
    await signPackage(folder.file('in.nupkg', buildZip(entries)), out, by, { hash });
    made.set(key, readFileSync(out));
  }
  return Buffer.from(made.get(key)!);
}

async function verified(bytes: Buffer, trust = trusting(acme), at?: Date): Promise<PackageReport> {
  using folder = temporaryFolder();
  return await verifyPackage(folder.file('x', bytes), at === undefined ? { trust } : { trust, at });
}

describe('what we sign, we verify', () => {
  test.each(['sha256', 'sha384', 'sha512'] as const)('with %s', async (hash) => {
    const unsigned = buildZip(entries);
    const bytes = await signed(hash);
    const report = await verified(bytes);
    expect(report).toMatchObject({
      id: 'Orders.Web',
      version: '1.0.0',
      size: bytes.length,
      sha256: sha256(bytes),
      contentDigest: sha256(unsigned),
      signature: {
        valid: true,
        kind: 'author',
        signer: { subject: 'CN=Acme', fingerprint: fingerprint(acme) },
        timestamp: null,
        countersigned: false,
      },
      trusted: true,
      ok: true,
      problems: [{ code: 'NU3027', severity: 'warning' }],
    });
    expect(bytes.subarray(0, 200)).toEqual(unsigned.subarray(0, 200));
  });

  test('the content digest is that of the unsigned package, whoever signed it and how', async () => {
    const packages = [await signed('sha256'), await signed('sha512'), await signed('sha256', stranger)];
    const reports = await Promise.all(packages.map((bytes) => verified(bytes)));
    const digests = new Set(reports.map(({ contentDigest }) => contentDigest));
    expect(digests).toEqual(new Set([sha256(buildZip(entries))]));
    expect(new Set(reports.map((report) => report.sha256)).size).toBe(3);
  });

  test('a signer without a key identifier is named by issuer and serial number', async () => {
    const plain = selfSigned('Acme', { withKeyIdentifier: false });
    expect(await verified(await signed('sha256', plain), trusting(plain))).toMatchObject({ ok: true });
  });

  test('a chain is trusted by its root', async () => {
    const root = makeCertificate({ commonName: 'Root', isAuthority: true });
    const between = makeCertificate({ commonName: 'Between', isAuthority: true, issuer: root });
    const leaf = makeCertificate({ commonName: 'Leaf', purposes: ['codeSigning'], issuer: between });
    const bytes = await signed('sha256', leaf);
    for (const each of [root, between, leaf])
      expect(await verified(bytes, trusting(each))).toMatchObject({ ok: true, trusted: true });
    expect(await verified(bytes, trusting(acme))).toMatchObject({ ok: false, trusted: false });
  });

  test('a packed application is signed in its place', async () => {
    using folder = temporaryFolder();
    const file = folder.file('Orders.Web.1.0.0.nupkg');
    const files = [{ path: 'ä b/index.html', bytes: Buffer.from('hello') }];
    await packNupkg({ id: 'Orders.Web', version: '1.0.0', outFile: file, files });
    const before = sha256(readFileSync(file));
    const report = await signPackage(file, file, acme, { hash: 'sha256' });
    expect(report).toMatchObject({ file, ok: true, contentDigest: before, problems: [{ code: 'NU3027' }] });
    expect(readdirSync(folder.path)).toEqual(['Orders.Web.1.0.0.nupkg']);
  });
});

describe('signing by other means', () => {
  test('a key elsewhere signs what our own would sign', async () => {
    using folder = temporaryFolder();
    const file = folder.file('in.nupkg', buildZip(entries));
    const asked: ToSign[] = [];
    const elsewhere: PackageSigner = {
      chain: acme.chain,
      sign: async (toSign) => {
        asked.push(toSign);
        return sign(toSign.hash, toSign.bytes, acme.privateKey);
      },
    };
    const own = folder.file('own.nupkg');
    const at = { hash: 'sha384', now: new Date() } as const;
    await signPackage(file, own, acme, at);
    await signPackage(file, file, elsewhere, at);
    expect(readFileSync(file)).toEqual(readFileSync(own));
    expect(asked).toMatchObject([{ hash: 'sha384', fingerprint: fingerprint(acme), signatureBytes: 256 }]);
  });

  test('a key elsewhere that signs something else leaves nothing', async () => {
    using folder = temporaryFolder();
    const file = folder.file('in.nupkg', buildZip(entries));
    const wrong = { chain: acme.chain, sign: async () => Buffer.alloc(256, 1) };
    await expect(signPackage(file, folder.file('out'), wrong, { hash: 'sha256' })).rejects.toMatchObject({
      code: 'PACKAGE_SIGNER_FAILED',
    });
    expect(readdirSync(folder.path)).toEqual(['in.nupkg']);
  });

  test('a chain that ends below its root is told, and only then', async () => {
    const root = makeCertificate({ commonName: 'Root', isAuthority: true });
    const leaf = makeCertificate({ commonName: 'Leaf', purposes: ['codeSigning'], issuer: root });
    const codes = async (by: CompanyCertificate): Promise<string[]> => {
      using folder = temporaryFolder();
      const file = folder.file('in.nupkg', buildZip(entries));
      return (await signPackage(file, file, by, { hash: 'sha256' })).problems.map(({ code }) => code);
    };
    expect(await codes({ ...leaf, chain: leaf.chain.slice(0, 1) })).toContain('PACKAGE_CHAIN_INCOMPLETE');
    expect(await codes(leaf)).not.toContain('PACKAGE_CHAIN_INCOMPLETE');
  });

  if (requires('openssl', 'packages are stamped by a real authority')) {
    test('a time stamp makes a signature outlast its certificate', async () => {
      await using authority = await timeAuthority();
      using folder = temporaryFolder();
      const file = folder.file('in.nupkg', buildZip(entries));
      const timestamp = { url: authority.url, hash: 'sha256' } as const;
      const report = await signPackage(file, file, acme, { hash: 'sha512', timestamp });
      expect(report).toMatchObject({ ok: true, signature: { timestamp: expect.any(String) } });
      const [later, pinned] = [new Date('2200-01-01'), fingerprint(authority.certificate, 1)];
      const { fingerprints } = trusting(acme);
      const withTime = { fingerprints: new Set([...fingerprints, pinned]) };
      expect(await verifyPackage(file, { trust: withTime, at: later })).toMatchObject({ ok: true });
      const without = await verifyPackage(file, { trust: { fingerprints }, at: later });
      expect(errorCodes(without)).toEqual(['NU3037']);
    });

    test('a time stamp without its root is told, and completed where that is named', async () => {
      const certificate = timeCertificate();
      await using authority = await timeAuthority({
        certificate: { ...certificate, chain: certificate.chain.slice(0, 1) },
      });
      using folder = temporaryFolder();
      const file = folder.file('in.nupkg', buildZip(entries));
      const codes = async (certificates: readonly Uint8Array[]): Promise<string[]> => {
        const timestamp = { url: authority.url, hash: 'sha256', certificates } as const;
        const wish = { hash: 'sha256', timestamp, replace: true } as const;
        return (await signPackage(file, file, acme, wish)).problems.map(({ code }) => code);
      };
      expect(await codes([])).toContain('PACKAGE_CHAIN_INCOMPLETE');
      expect(await codes(certificate.chain.slice(1))).not.toContain('PACKAGE_CHAIN_INCOMPLETE');
      const fingerprints = new Set([fingerprint(acme), fingerprint(certificate, 1)]);
      const report = await verifyPackage(file, { trust: { fingerprints }, at: new Date('2200-01-01') });
      expect(report).toMatchObject({ ok: true });
    });

    test('a time stamp that does not come, or does not hold, leaves nothing', async () => {
      const nonceless = altered((request) => delete request.nonce);
      await using odd = await timeAuthority({ asked: nonceless });
      using folder = temporaryFolder();
      const file = folder.file('in.nupkg', buildZip(entries));
      for (const [url, code] of [
        [odd.url, 'PACKAGE_TIMESTAMP_INVALID'],
        ['http://127.0.0.1:1/', 'PACKAGE_TIMESTAMP_NOT_GIVEN'],
      ] as const) {
        const timestamp = { url, hash: 'sha256' } as const;
        const signing = signPackage(file, folder.file('out'), acme, { hash: 'sha256', timestamp });
        await expect(signing).rejects.toMatchObject({ code });
      }
      expect(readdirSync(folder.path)).toEqual(['in.nupkg']);
      expect(readFileSync(file)).toEqual(buildZip(entries));
    });
  }
});

/** What stands before the end record of a zip64 archive, and in the header of a large entry. */
const zip64Locator = Buffer.concat([Buffer.from('PK\x06\x07', 'latin1'), Buffer.alloc(16)]);
const zip64Extra = { extra: Buffer.from('0100080000000000000000ff', 'hex') };

describe('signing is refused', () => {
  async function refused(bytes: Buffer, by: CompanyCertificate, options?: object): Promise<string> {
    using folder = temporaryFolder();
    const out = folder.file('out.nupkg');
    const signing = signPackage(folder.file('in.nupkg', bytes), out, by, { hash: 'sha256', ...options });
    const error: unknown = await signing.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(readdirSync(folder.path)).toEqual(['in.nupkg']);
    expect(error).toBeInstanceOf(PackageError);
    return (error as PackageError).code;
  }

  test('for a package that is signed already, unless its signature is to be replaced', async () => {
    const bytes = await signed('sha256', stranger);
    expect(await refused(bytes, acme)).toBe('PACKAGE_ALREADY_SIGNED');
    using folder = temporaryFolder();
    const file = folder.file('in.nupkg', bytes);
    const report = await signPackage(file, file, acme, { hash: 'sha512', replace: true });
    expect(report.contentDigest).toBe(sha256(buildZip(entries)));
    expect(await verified(readFileSync(file))).toMatchObject({ ok: true });
  });

  test('for a signature entry that can not be taken out again', async () => {
    const odd = [{ name: '.signature.p7s', content: 'x', stored: true }, ...entries];
    expect(await refused(buildZip(odd), acme, { replace: true })).toBe('PACKAGE_SIGNATURE_INVALID');
  });

  test('for an archive that is not sound, and for one that is no package', async () => {
    expect(await refused(buildZip(entries, { comment: 'hello' }), acme)).toBe('PACKAGE_ARCHIVE_MALFORMED');
    const escaping = buildZip([...entries, { name: '../x', content: 'x' }]);
    expect(await refused(escaping, acme)).toBe('PACKAGE_NAME_UNSAFE');
    expect(await refused(buildZip([content]), acme)).toBe('PACKAGE_NUSPEC_INVALID');
    expect(await refused(Buffer.from('no zip'), acme)).toBe('NOT_A_PACKAGE');
  });

  const numbered: [string, string, () => Promise<Buffer> | Buffer][] = [
    ['that is signed already', 'NU3001', () => signed()],
    [
      'whose signature entry is not the last',
      'NU3005',
      () => buildZip([{ name: '.signature.p7s', content: 'x', stored: true }, ...entries]),
    ],
    ['with a zip64 locator', 'NU3006', () => buildZip(entries, { afterCentral: zip64Locator })],
    [
      'with a zip64 field',
      'NU3006',
      () => buildZip([...entries, { ...content, name: 'z', both: zip64Extra }]),
    ],
  ];
  test.each(numbered)("under NuGet's number for a package %s", async (_what, number, make) => {
    using folder = temporaryFolder();
    const file = folder.file('in.nupkg', await make());
    await expect(signPackage(file, file, acme, { hash: 'sha256' })).rejects.toThrow(`(${number})`);
  });

  test('where a person says so of several, before one of them is signed', async () => {
    using folder = temporaryFolder();
    const [good, bad] = [folder.file('a.nupkg', buildZip(entries)), folder.file('b.nupkg', await signed())];
    await expect(requireSignable(good, false)).resolves.toBeUndefined();
    await expect(requireSignable(bad, false)).rejects.toMatchObject({ code: 'PACKAGE_ALREADY_SIGNED' });
    await expect(requireSignable(bad, true)).resolves.toBeUndefined();
  });

  const [past, future] = [
    { validFrom: new Date('2020-01-01'), validTo: new Date('2021-01-01') },
    { validFrom: new Date('2100-01-01'), validTo: new Date('2101-01-01') },
  ];
  const unusable: [string, string, () => CompanyCertificate][] = [
    ['that is too short', 'NU3014', () => selfSigned('Short', { keyBits: 1024 })],
    ['that is for web servers', 'NU3012', () => selfSigned('Acme', { purposes: ['serverAuth'] })],
    ['that is for time stamps', 'NU3012', () => selfSigned('Acme', { purposes: ['timeStamping'] })],
    ['that may not sign data', 'NU3012', () => selfSigned('Acme', { usages: { keyEncipherment: true } })],
    [
      'that is for lifetime signing',
      'NU3015',
      () => selfSigned('Acme', { otherPurpose: '1.3.6.1.4.1.311.10.3.13' }),
    ],
    ['that is signed with SHA-1', 'NU3013', () => selfSigned('Acme', { signedWith: 'sha1' })],
    ['that expired', 'NU3037', () => selfSigned('Acme', past)],
    ['that is not valid yet', 'NU3017', () => selfSigned('Acme', future)],
    ['with another key', 'NU3001', () => ({ chain: acme.chain, privateKey: stranger.privateKey })],
    ['that is not readable', 'not readable', () => ({ ...acme, chain: [Buffer.from('300100', 'hex')] })],
    ['that is not there', 'there is none', () => ({ chain: [], privateKey: acme.privateKey })],
  ];
  test.each(unusable)('with a certificate %s', async (_what, number, make) => {
    using folder = temporaryFolder();
    const file = folder.file('in.nupkg', buildZip(entries));
    await expect(signPackage(file, folder.file('out'), make(), { hash: 'sha256' })).rejects.toMatchObject({
      code: 'PACKAGE_CERTIFICATE_UNUSABLE',
      message: expect.stringContaining(number),
    });
    expect(readdirSync(folder.path)).toEqual(['in.nupkg']);
  });

  test('where the out file can not be written', async () => {
    using folder = temporaryFolder();
    const input = folder.file('in.nupkg', buildZip(entries));
    for (const out of [folder.file('missing/out.nupkg'), folder.file('in.nupkg/out.nupkg')])
      await expect(signPackage(input, out, acme, { hash: 'sha256' })).rejects.toMatchObject({
        code: 'PACKAGE_NOT_WRITTEN',
      });
  });
});

/** A package signed with a certificate that our own signer would not take. */
async function signedAnyway(
  signer: CompanyCertificate,
  of: readonly RawEntry[] = entries,
  at: Date = now,
): Promise<Buffer> {
  const digest = createHash('sha256').update(buildZip(of)).digest();
  const role = { kind: 'author' } as const;
  return withSignature(of, await encodeSignature({ signer, hash: 'sha256', digest, role, now: at }));
}

describe('a signature with the wrong certificate is refused with the reason', () => {
  const lifetime = { purposes: ['codeSigning'], otherPurpose: '1.3.6.1.4.1.311.10.3.13' } as const;
  const wrong: [string, Partial<CertificateWish>, string[]][] = [
    ['signed with SHA-1', { signedWith: 'sha1' }, ['NU3013']],
    ['of 1024 bits', { commonName: 'Short', keyBits: 1024 }, ['NU3014']],
    ['for lifetime signing', lifetime, ['NU3015']],
    ['for time stamps', { purposes: ['timeStamping'] }, ['NU3012', 'NU3018']],
    ['that may not sign data', { usages: { keyEncipherment: true } }, ['NU3012']],
    ['not valid yet', { validFrom: new Date('2026-07-01') }, ['NU3017']],
    ['expired', { validTo: new Date('2026-05-01') }, ['NU3037']],
  ];
  test.each(wrong)('%s', async (_what, wish, codes) => {
    const certificate = selfSigned(wish.commonName ?? 'Acme', { ...valid, ...wish });
    const report = await verified(await signedAnyway(certificate), trusting(certificate), now);
    expect({ codes: errorCodes(report), ok: report.ok }).toEqual({ codes, ok: false });
  });

  test('and a certificate without a list of purposes is accepted', async () => {
    const certificate = makeCertificate({ commonName: 'Acme', ...valid });
    const report = await verified(await signedAnyway(certificate), trusting(certificate), now);
    expect(report).toMatchObject({ ok: true });
  });
});

describe('a chain that does not lead to a pinned root is refused', () => {
  const root = makeCertificate({ commonName: 'Root', isAuthority: true, ...valid });
  const below = (issuer: CompanyCertificate): CompanyCertificate =>
    makeCertificate({ commonName: 'Leaf', purposes: ['codeSigning'], issuer, ...valid });
  const between = (wish: Partial<CertificateWish>): CompanyCertificate =>
    makeCertificate({ commonName: 'Between', isAuthority: true, issuer: root, ...valid, ...wish });
  const forged = (): CompanyCertificate => {
    const twin = makeCertificate({ commonName: 'Root', isAuthority: true, ...valid });
    const leaf = below({ ...twin, privateKey: stranger.privateKey });
    return { chain: [leaf.chain[0]!, ...root.chain], privateKey: leaf.privateKey };
  };
  const chains: [string, () => CompanyCertificate][] = [
    ['one of it is no authority', () => below(between({ isAuthority: false }))],
    ['one of it may not issue', () => below(between({ usages: { digitalSignature: true } }))],
    ['one of it is for another purpose', () => below(between({ purposes: ['serverAuth'] }))],
    ['one of it was signed with SHA-1', () => below(between({ signedWith: 'sha1' }))],
    ['it only says it was issued by the root', forged],
  ];
  test.each(chains)('because %s', async (_why, make) => {
    using folder = temporaryFolder();
    const file = folder.file('in.nupkg', buildZip(entries));
    await signPackage(file, file, make(), { hash: 'sha256', now });
    const report = await verifyPackage(file, { trust: trusting(root), at: now });
    expect({ codes: errorCodes(report), trusted: report.trusted }).toEqual({
      codes: ['NU3018'],
      trusted: false,
    });
  });
});

describe('what was changed after signing is refused, and the changed part named', () => {
  async function changed(alter: (bytes: Buffer) => void): Promise<PackageReport> {
    const bytes = await signed();
    alter(bytes);
    const report = await verified(bytes);
    expect(report.ok).toBe(false);
    expect(report.signature?.valid ?? false).toBe(false);
    return report;
  }
  const flip = (bytes: Buffer, at: number): void => {
    bytes[at]! ^= 1;
  };

  test('a byte of a compressed file', async () => {
    const report = await changed((bytes) => flip(bytes, bytes.indexOf('content/index.html') + 24));
    expect(errorCodes(report)).toEqual(['NU3008']);
    expect(report.problems[0]!.message).toContain('"content/index.html" no longer fits');
  });

  test('a byte of a stored file', async () => {
    const report = await changed((bytes) => flip(bytes, bytes.indexOf('binary')));
    expect(report.problems[0]!.message).toContain('"content/app.bin" no longer fits');
  });

  test('a byte of the nuspec', async () => {
    const report = await changed((bytes) => flip(bytes, bytes.indexOf('Orders.Web.nuspec') + 25));
    const told = report.problems.find(({ code }) => code === 'NU3008');
    expect(told!.message).toContain('"Orders.Web.nuspec"');
    expect(report.id).toBeNull();
  });

  test('a byte of a local header', async () => {
    const report = await changed((bytes) => flip(bytes, bytes.indexOf('content/index.html')));
    expect(errorCodes(report)).toEqual(['PACKAGE_ARCHIVE_MALFORMED', 'NU3008']);
  });

  test('the date in a central header, which no checksum of the archive covers', async () => {
    const report = await changed((bytes) => flip(bytes, bytes.lastIndexOf('content/index.html') - 46 + 12));
    expect(errorCodes(report)).toEqual(['PACKAGE_ARCHIVE_MALFORMED', 'NU3008']);
  });

  test('a byte of the end record', async () => {
    expect(errorCodes(await changed((bytes) => flip(bytes, bytes.length - 12)))).not.toEqual([]);
  });

  test('a byte of the signature', async () => {
    for (const inside of [0, 1, 200, 900, 1300]) {
      const report = await changed((bytes) => flip(bytes, bytes.indexOf('.signature.p7s') + 14 + inside));
      expect(errorCodes(report)).toContain('NU3005');
    }
  });

  test('a file added, removed, renamed or moved by a hand that mended the archive', async () => {
    const signature = signatureOf(await signed());
    const [nuspec, page, app] = entries as [RawEntry, RawEntry, RawEntry];
    const sets = [
      [...entries, { name: 'extra.txt', content: 'x' }],
      [nuspec, app],
      [nuspec, { ...page, name: 'content/Index.html' }, app],
      [nuspec, app, page],
      [nuspec, { ...page, content: '<h1>0rders</h1>'.repeat(40) }, app],
    ];
    for (const set of sets) {
      const report = await verified(withSignature(set, signature));
      expect(errorCodes(report)).toEqual(['NU3008']);
      expect(report.signature!.valid).toBe(false);
    }
    expect(await verified(withSignature(entries, signature))).toMatchObject({ ok: true });
  });

  test('the signature moved to another package, taken out, or put in twice', async () => {
    const signature = signatureOf(await signed());
    const other = [nuspecEntry('Orders.Web', '2.0.0'), content];
    expect(errorCodes(await verified(withSignature(other, signature)))).toEqual(['NU3008']);
    const without = await verified(buildZip(entries));
    expect(errorCodes(without)).toEqual(['NU3004']);
    expect(without.signature).toBeNull();
    const twice = [...entries, { name: '.signature.p7s', content: signature, stored: true }];
    expect(errorCodes(await verified(withSignature(twice, signature)))).toContain('NU3005');
  });

  test('whatever single bit it is', async () => {
    const original = await signed();
    using folder = temporaryFolder();
    for (let at = 0; at < original.length; at += 23) {
      const bytes = Buffer.from(original);
      bytes[at]! ^= 1 << (at % 8);
      const report = await verifyPackage(folder.file('x', bytes), { trust: trusting(acme) });
      if (report.ok) expect({ at, covered: !isUncovered(original, at) }).toEqual({ at, covered: false });
    }
  });

  /** The headers of the signature entry are covered by nothing: their dates and versions may be anything. */
  function isUncovered(original: Buffer, at: number): boolean {
    const local = original.indexOf('.signature.p7s') - 30;
    const central = original.lastIndexOf('.signature.p7s') - 46;
    return (at >= local && at < local + 30) || (at >= central && at < central + 46);
  }
});

function signatureOf(bytes: Buffer): Buffer {
  const local = bytes.indexOf('.signature.p7s') - 30;
  return bytes.subarray(local + 44, local + 44 + bytes.readUInt32LE(local + 18));
}

describe('a signature that is not one is refused', () => {
  const endless = Buffer.concat(Array.from({ length: 30_000 }, () => Buffer.from('3080', 'hex')));
  const broken: [string, Buffer, string][] = [
    ['nothing', Buffer.alloc(0), 'NU3003'],
    ['text', Buffer.from('this is not a signature'), 'NU3003'],
    ['an indefinite length', Buffer.from('30800609', 'hex'), 'NU3003'],
    ['endless nesting', endless, 'NU3003'],
    ['nesting that is counted out', nested(2000), 'NU3003'],
    ['a huge length', Buffer.from('3084ffffffff00', 'hex'), 'NU3003'],
    ['more than a megabyte', Buffer.alloc(1_100_000), 'NU3005'],
  ];
  test.each(broken)('%s', async (_what, signature, code) => {
    const report = await verified(withSignature(entries, signature));
    expect(errorCodes(report)).toContain(code);
    expect(report).toMatchObject({ ok: false, trusted: false, signature: { valid: false, signer: null } });
  });

  function nested(depth: number): Buffer {
    let value = Buffer.alloc(0);
    for (let i = 0; i < depth; i += 1) {
      const long = value.length > 255;
      const short = value.length > 127 ? [0x30, 0x81, value.length] : [0x30, value.length];
      const head = long ? [0x30, 0x82, value.length >> 8, value.length & 255] : short;
      value = Buffer.concat([Buffer.from(head), value]);
    }
    return value;
  }
});

test('whatever is changed inside the signature, it is refused, or says the same', async () => {
  const bytes = await signed();
  const original = signatureOf(bytes);
  const { contentDigest, signature: before } = await verified(bytes);
  const bit = fc.nat(original.length * 8 - 1);
  using folder = temporaryFolder();
  await fc.assert(
    fc.asyncProperty(fc.array(bit, { minLength: 1, maxLength: 2 }), async (bits) => {
      const changed = Buffer.from(original);
      for (const each of bits) changed[each >> 3]! ^= 1 << (each & 7);
      const path = folder.file('x', withSignature(entries, changed));
      const report = await verifyPackage(path, { trust: trusting(acme) });
      if (report.ok) expect(report).toMatchObject({ contentDigest, signature: before, trusted: true });
    }),
    { numRuns: 150, examples: [[[9482]]] },
  );
});

describe('requireVerified', () => {
  async function code(bytes: Buffer, trust = trusting(acme), at?: Date): Promise<string> {
    using folder = temporaryFolder();
    const path = folder.file('x.nupkg', bytes);
    const checking = requireVerified(path, at === undefined ? { trust } : { trust, at });
    const error: unknown = await checking.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(PackageError);
    const { code: told, exitCode } = error as PackageError;
    expect(exitCode).toBe(told === 'NOT_A_PACKAGE' ? 2 : 4);
    return told;
  }

  test('gives the identity of a good package', async () => {
    using folder = temporaryFolder();
    const path = folder.file('x.nupkg', await signed());
    const report = await requireVerified(path, { trust: trusting(acme) });
    expect(report).toMatchObject({ id: 'Orders.Web', version: '1.0.0', ok: true });
  });

  test('names what is wrong with any other', async () => {
    const bytes = await signed();
    const tampered = Buffer.from(bytes);
    tampered[tampered.indexOf('binary')]! ^= 1;
    const badSignature = Buffer.from(bytes);
    badSignature[badSignature.indexOf('.signature.p7s') + 1400]! ^= 1;
    const nameless = await signedAnyway(acme, [content], new Date());
    expect(await code(buildZip(entries))).toBe('PACKAGE_UNSIGNED');
    expect(await code(tampered)).toBe('PACKAGE_TAMPERED');
    expect(await code(bytes, trusting(stranger))).toBe('PACKAGE_UNTRUSTED');
    expect(await code(bytes, trusting())).toBe('PACKAGE_UNTRUSTED');
    expect(await code(bytes, trusting(acme), new Date('2200-01-01'))).toBe('PACKAGE_EXPIRED');
    expect(await code(badSignature)).toBe('PACKAGE_SIGNATURE_INVALID');
    expect(await code(Buffer.from('no zip'))).toBe('NOT_A_PACKAGE');
    expect(await code(buildZip([...entries, { name: 'a:b', content: 'x' }]))).toBe('PACKAGE_NAME_UNSAFE');
    expect(await code(nameless)).toBe('PACKAGE_NUSPEC_INVALID');
  });
});

test('a file name that says something else is told and refuses nothing', async () => {
  using folder = temporaryFolder();
  const path = folder.file('Other.9.9.9.nupkg');
  writeFileSync(path, await signed());
  const report = await verifyPackage(path, { trust: trusting(acme) });
  expect(report).toMatchObject({ ok: true, id: 'Orders.Web' });
  expect(report.problems.map(({ code, severity }) => [code, severity])).toEqual([
    ['PACKAGE_FILE_NAME_DIFFERS', 'warning'],
    ['NU3027', 'warning'],
  ]);
});
