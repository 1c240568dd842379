import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  countersignPackage,
  signPackage,
  unsignPackage,
  verifyPackage,
  type PackageReport,
} from '../../src/packages/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { fingerprint, selfSigned } from '../support/certificates.ts';
import { sharedVectors } from '../support/shared-vectors.ts';

/** What becomes of packages that others packed and signed when they are signed here; see the README beside them. */
const folder = sharedVectors('nupkg');
const acme = selfSigned('Acme');
const role = {
  kind: 'repository',
  serviceIndex: 'https://p.example/v3/index.json',
  owners: ['Acme'],
} as const;
const author = 'TestSigned.leaf-1.1.0.0.nupkg';
const testRoot = '557276839c961df211cf267b318d880568676efa41e8b62d9bb38752c1d6214d';
const timeRoot = '2399561127a57125de8cefea610ddf2fa078b5c8067f4e828290bfb860e84b3c';

if (folder !== undefined) {
  const vector = (name: string): string => join(folder, name);
  const verified = (file: string): Promise<PackageReport> =>
    verifyPackage(file, { trust: { fingerprints: new Set([testRoot, timeRoot, fingerprint(acme)]) } });
  const countersigned = async (name: string, replace = false): Promise<PackageReport> => {
    using place = temporaryFolder();
    const out = place.file('out.nupkg');
    await countersignPackage(vector(name), out, acme, { hash: 'sha256', role, replace });
    return await verified(out);
  };

  describe('a package that was signed elsewhere', () => {
    test.each([
      ['by its author', author, false],
      [
        'by its author and a repository, which makes room',
        'TestAuthorAndRepoSigned.leaf-1.1.0.0.nupkg',
        true,
      ],
    ])('%s is countersigned, and stays what it was', async (_what, name, replace) => {
      const before = await verified(vector(name));
      const { contentDigest, signature, trusted } = await countersigned(name, replace);
      expect({ contentDigest, trusted, signature }).toMatchObject({
        contentDigest: before.contentDigest,
        trusted: true,
        signature: {
          valid: true,
          kind: 'author',
          signer: before.signature!.signer,
          timestamp: before.signature!.timestamp,
          countersigned: true,
        },
      });
      expect(signature!.timestamp).not.toBeNull();
    });

    test.each([
      ['TestAuthorAndRepoSigned.leaf-1.1.0.0.nupkg', 'NU3032'],
      ['TestRepoSigned.leaf-1.1.0.0.nupkg', 'NU3033'],
      ['Test.RepoCountersigned.1.0.0.nupkg', 'NU3033'],
    ])('%s is not countersigned', async (name, number) => {
      await expect(countersigned(name)).rejects.toThrow(`(${number})`);
    });

    test('is what it was packed as when its signature is taken out, whoever signed it', async () => {
      using place = temporaryFolder();
      const outs = [place.file('one.nupkg'), place.file('other.nupkg')] as const;
      const { sha256 } = await unsignPackage(vector(author), outs[0]);
      await unsignPackage(vector('UntrustedTimestampPackage.nupkg'), outs[1]);
      expect(readFileSync(outs[0])).toEqual(readFileSync(outs[1]));
      // The hash that both authors signed.
      expect(Buffer.from(sha256, 'hex').toString('base64')).toBe(
        'rjwU3h44hybfITs5uc4QqCwnabwaGrcAd5clLBFzVdU=',
      );
    });

    test('is signed anew, and stays the same content', async () => {
      using place = temporaryFolder();
      const out = place.file('out.nupkg');
      const { contentDigest } = await verified(vector(author));
      const anew = await signPackage(vector(author), out, acme, { hash: 'sha512', replace: true });
      expect(anew).toMatchObject({
        contentDigest,
        signature: { signer: { fingerprint: fingerprint(acme) } },
      });
    });

    test.each([
      ['derived/signature-entry-first.nupkg', 'NU3005'],
      ['derived/two-signature-entries.nupkg', 'two-signature-entries'],
      ['derived/tampered-content.nupkg', 'NU3008'],
      ['TestUnsigned.1.0.0.nupkg', 'NU3004'],
    ])('%s is not unsigned', async (name, told) => {
      using place = temporaryFolder();
      await expect(unsignPackage(vector(name), place.file('out.nupkg'))).rejects.toThrow(told);
    });
  });

  test('a package that was packed elsewhere is signed, but no zip64 archive', async () => {
    using place = temporaryFolder();
    const out = place.file('out.nupkg');
    const signing = (name: string): Promise<PackageReport> =>
      signPackage(vector(name), out, acme, { hash: 'sha256' });
    await expect(signing('TestUnsigned.1.0.0.nupkg')).resolves.toMatchObject({ ok: true });
    await expect(signing('Zip64Package.1.0.0.nupkg')).rejects.toThrow('(NU3006)');
  });
}
