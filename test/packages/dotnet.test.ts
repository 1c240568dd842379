import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newCompanyCertificate, type CompanyCertificate } from '../../src/identity/index.ts';
import { packNupkg, signPackage, verifyPackage } from '../../src/packages/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { fingerprint, makeCertificate, pem } from '../support/certificates.ts';
import { dotnetView, type DotnetView } from '../support/dotnet.ts';
import { requires } from '../support/requires.ts';

if (requires('dotnet', 'packages are exchanged with the real NuGet client')) {
  describe('the real NuGet client', () => {
    let dotnet: DotnetView;
    let company: CompanyCertificate;
    let pfx: Uint8Array;
    const root = makeCertificate({ commonName: 'Test root', isAuthority: true });
    const leaf = makeCertificate({ commonName: 'Test leaf', purposes: ['codeSigning'], issuer: root });

    beforeAll(async () => {
      const made = await newCompanyCertificate({
        commonName: 'Acme Ltd, Übersee',
        validFrom: new Date(Date.now() - 60_000),
        validYears: 3,
        password: 'geheim',
      });
      ({ certificate: company, pfx } = made);
      dotnet = dotnetView([pem(company), pem(root)]);
    });
    afterAll(() => dotnet[Symbol.dispose]());

    async function packed(folder: { file(name: string): string }, version = '1.2.0-beta.1'): Promise<string> {
      const outFile = folder.file(`Orders.Web.${version}.nupkg`);
      const files = [
        { path: 'content/index.html', bytes: Buffer.from('<h1>Orders</h1>') },
        { path: 'content/ä b+c (1).txt', bytes: Buffer.alloc(300_000, 'text ') },
        { path: 'LICENSE', bytes: Buffer.from('free') },
        { path: 'empty.txt', bytes: Buffer.alloc(0) },
        { path: 'folder.d/Makefile', bytes: Buffer.from('all:\n') },
      ];
      await packNupkg({
        id: 'Orders.Web',
        version,
        description: 'a & b < c',
        files,
        outFile,
      });
      return outFile;
    }

    test('verifies what we signed, with every hash, and with a chain up to a root', async () => {
      using folder = temporaryFolder();
      const files: string[] = [];
      const ways = [
        ['sha256', company],
        ['sha384', company],
        ['sha512', company],
        ['sha256', leaf],
      ] as const;
      for (const [i, [hash, by]] of ways.entries()) {
        const file = await packed(folder, `1.2.${i}`);
        await signPackage(file, file, by, { hash });
        files.push(file);
      }
      // Asked once for all of them: the client takes longer to start than to verify.
      const { exitCode, output } = await dotnet.run('nuget', 'verify', '--all', ...files);
      const verified = [...output.matchAll(/Verifying Orders\.Web\.(\S+)/g)];
      expect(new Set(verified.map(([, version]) => version))).toEqual(
        new Set(['1.2.0', '1.2.1', '1.2.2', '1.2.3']),
      );
      expect(output.match(/Signature type: Author/g)).toHaveLength(4);
      expect(output).not.toContain('error');
      expect(exitCode).toBe(0);
    });

    test('refuses what we refuse', async () => {
      using folder = temporaryFolder();
      const file = await packed(folder);
      await signPackage(file, file, company, { hash: 'sha256' });
      const bytes = readFileSync(file);
      bytes[bytes.indexOf('content/index.html') + 30]! ^= 1;
      writeFileSync(file, bytes);
      const { exitCode, output } = await dotnet.run('nuget', 'verify', '--all', file);
      expect({ exitCode, says: output.includes('NU3008') }).toEqual({ exitCode: 1, says: true });
      const report = await verifyPackage(file, { trust: { fingerprints: new Set([fingerprint(company)]) } });
      expect(report.problems.map(({ code }) => code)).toContain('NU3008');
    });

    test('signs, and we accept it and find the same content digest', async () => {
      using folder = temporaryFolder();
      const file = await packed(folder);
      const key = folder.file('company.pfx', pfx);
      const out = folder.file('out');
      mkdirSync(out);
      const signing = ['--certificate-path', key, '--certificate-password', 'geheim', '-o', out];
      expect(await dotnet.run('nuget', 'sign', file, ...signing)).toMatchObject({ exitCode: 0 });
      const trust = { fingerprints: new Set([fingerprint(company)]) };
      const theirs = await verifyPackage(join(out, 'Orders.Web.1.2.0-beta.1.nupkg'), { trust });
      expect(theirs).toMatchObject({ ok: true, trusted: true, problems: [{ code: 'NU3027' }], id: 'Orders.Web' });
      const ours = await signPackage(file, file, company, { hash: 'sha256' });
      expect(theirs.contentDigest).toBe(ours.contentDigest);
    });

    test('takes our package into a folder feed', async () => {
      using folder = temporaryFolder();
      const file = await packed(folder);
      await signPackage(file, file, company, { hash: 'sha256' });
      const feed = folder.file('feed');
      mkdirSync(feed);
      expect(await dotnet.run('nuget', 'push', file, '--source', feed)).toMatchObject({ exitCode: 0 });
    });
  });
}
