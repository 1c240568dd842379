import { sign } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  countersignPackage,
  signPackage,
  verifyPackage,
  type PackageReport,
  type ToSign,
} from '../../src/packages/index.ts';
import { readCms, readSigner } from '../../src/packages/signature/cms.ts';
import { oids } from '../../src/packages/signature/oids.ts';
import { buildZip, nuspecEntry, sha256, temporaryFolder } from '../support/build-nupkg.ts';
import { fingerprint, makeCertificate, selfSigned } from '../support/certificates.ts';
import { requires } from '../support/requires.ts';
import { timeAuthority } from '../support/time-authority.ts';

const acme = selfSigned('Acme');
const root = makeCertificate({ commonName: 'Contoso root', isAuthority: true });
const contoso = makeCertificate({ commonName: 'Contoso', purposes: ['codeSigning'], issuer: root });
const fabrikam = selfSigned('Fabrikam');
const unsigned = buildZip([nuspecEntry(), { name: 'content/a.txt', content: 'hello '.repeat(50) }]);
const role = {
  kind: 'repository',
  serviceIndex: 'https://packages.contoso.example/v3/index.json',
  owners: ['Contoso', 'Überbau'],
} as const;

/** The signature of a package, as its message and its first signer. */
function signatureIn(file: string): ReturnType<typeof readCms> {
  const bytes = readFileSync(file);
  const at = bytes.indexOf('.signature.p7s') + 14;
  return readCms(bytes.subarray(at, at + bytes.readUInt32LE(at - 14 - 12)));
}

/** A package signed by its author, in a folder of its own. */
async function signedIn(folder: { file(name: string, bytes?: Uint8Array): string }): Promise<string> {
  const file = folder.file('a.nupkg', unsigned);
  await signPackage(file, file, acme, { hash: 'sha256' });
  return file;
}

const verified = (file: string, ...trusted: string[]): Promise<PackageReport> =>
  verifyPackage(file, { trust: { fingerprints: new Set(trusted) } });

describe('a repository countersigns', () => {
  test.each(['sha256', 'sha512'] as const)(
    "beside the author's signature, which stays, with %s",
    async (hash) => {
      using folder = temporaryFolder();
      const file = await signedIn(folder);
      const [before] = signatureIn(file).signers;
      const { report, primary } = await countersignPackage(file, file, contoso, { hash, role });
      expect({ primary, ...report }).toMatchObject({
        primary: false,
        ok: true,
        contentDigest: sha256(unsigned),
        signature: { kind: 'author', signer: { fingerprint: fingerprint(acme) }, countersigned: true },
      });
      const { signers, certificates } = signatureIn(file);
      expect(signers[0]).toMatchObject({ signedBytes: before!.signedBytes, signature: before!.signature });
      expect(new Set(certificates.map((each) => each.fingerprint))).toEqual(
        new Set([fingerprint(acme), fingerprint(contoso), fingerprint(root)]),
      );
      const trusting = await verified(file, fingerprint(acme), fingerprint(root));
      expect(trusting).toMatchObject({ ok: true, signature: { countersigned: true } });
    },
  );

  test('a package that nobody signed, which then has a signature of a repository alone', async () => {
    using folder = temporaryFolder();
    const file = folder.file('a.nupkg', unsigned);
    const { report, primary } = await countersignPackage(file, file, contoso, { hash: 'sha256', role });
    expect({ primary, ...report }).toMatchObject({
      primary: true,
      ok: false,
      contentDigest: sha256(unsigned),
      signature: { kind: 'repository', valid: true, signer: { fingerprint: fingerprint(contoso) } },
    });
    const [signer] = signatureIn(file).signers;
    expect([signer!.signed.has(oids.serviceIndexUrl), signer!.signed.has(oids.packageOwners)]).toEqual([
      true,
      true,
    ]);
  });

  test('without owners, where none are named', async () => {
    using folder = temporaryFolder();
    const file = folder.file('a.nupkg', unsigned);
    await countersignPackage(file, file, contoso, { hash: 'sha256', role: { ...role, owners: [] } });
    expect(signatureIn(file).signers[0]!.signed.has(oids.packageOwners)).toBe(false);
  });

  test('in the place of another repository where that is asked for', async () => {
    using folder = temporaryFolder();
    const file = await signedIn(folder);
    await countersignPackage(file, file, fabrikam, { hash: 'sha256', role });
    await countersignPackage(file, file, contoso, { hash: 'sha256', role, replace: true });
    const { signers, certificates } = signatureIn(file);
    const there = signers[0]!.unsigned.get(oids.countersignature)!.flat().map(readSigner);
    const key = certificates.find((each) => each.fingerprint === fingerprint(contoso))!.keyIdentifier;
    expect(there.map(({ keyIdentifier }) => keyIdentifier)).toEqual([key]);
  });

  if (requires('openssl', 'countersignatures are stamped by a real authority')) {
    test("with a time stamp of its own, beside the author's", async () => {
      await using authority = await timeAuthority();
      using folder = temporaryFolder();
      const file = folder.file('a.nupkg', unsigned);
      const timestamp = { url: authority.url, hash: 'sha256' } as const;
      await signPackage(file, file, acme, { hash: 'sha256', timestamp });
      await countersignPackage(file, file, contoso, { hash: 'sha384', role, timestamp });
      const [signer] = signatureIn(file).signers;
      const [countersigner] = signer!.unsigned.get(oids.countersignature)!.flat().map(readSigner);
      expect([signer, countersigner].map((each) => each!.unsigned.get(oids.timeStampToken)?.length)).toEqual([
        1, 1,
      ]);
      const pinned = [acme, root, authority.certificate].map((each) =>
        fingerprint(each, each.chain.length - 1),
      );
      expect(await verified(file, ...pinned)).toMatchObject({
        ok: true,
        signature: { countersigned: true, timestamp: expect.any(String) },
      });
    });
  }
});

describe('a repository does not countersign', () => {
  test.each([
    ['what a repository countersigned', 'NU3032', { primary: acme }],
    ['what a repository signed in its own right', 'NU3033', { primary: undefined }],
  ])('%s', async (_what, nuget, { primary }) => {
    using folder = temporaryFolder();
    const file = folder.file('a.nupkg', unsigned);
    if (primary) await signPackage(file, file, primary, { hash: 'sha256' });
    await countersignPackage(file, file, fabrikam, { hash: 'sha256', role });
    const before = readFileSync(file);
    const again = countersignPackage(file, file, contoso, {
      hash: 'sha256',
      role,
      replace: nuget === 'NU3033',
    });
    await expect(again).rejects.toMatchObject({
      code: 'PACKAGE_ALREADY_COUNTERSIGNED',
      exitCode: 3,
      message: expect.stringContaining(`(${nuget})`),
      details: { nuget },
    });
    expect(readFileSync(file)).toEqual(before);
    expect(readdirSync(folder.path)).toEqual(['a.nupkg']);
  });

  test('what was changed after its author signed it', async () => {
    using folder = temporaryFolder();
    const file = await signedIn(folder);
    const bytes = readFileSync(file);
    bytes[bytes.indexOf('content/a.txt') + 15]! ^= 1;
    const changed = folder.file('b.nupkg', bytes);
    const out = folder.file('out.nupkg');
    const asked: string[] = [];
    const signer = {
      chain: contoso.chain,
      sign: async ({ bytes: given, hash }: ToSign) => {
        asked.push(hash);
        return sign(hash, given, contoso.privateKey);
      },
    };
    await expect(countersignPackage(changed, out, signer, { hash: 'sha256', role })).rejects.toMatchObject({
      code: 'PACKAGE_TAMPERED',
    });
    expect(asked).toEqual([]);
    expect(readdirSync(folder.path).toSorted()).toEqual(['a.nupkg', 'b.nupkg']);
  });

  test('with a certificate that is for something else', async () => {
    using folder = temporaryFolder();
    const file = await signedIn(folder);
    const server = selfSigned('Server', { purposes: ['serverAuth'] });
    await expect(countersignPackage(file, file, server, { hash: 'sha256', role })).rejects.toMatchObject({
      code: 'PACKAGE_CERTIFICATE_UNUSABLE',
      details: { nuget: 'NU3012' },
    });
  });
});
