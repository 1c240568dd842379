import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newCompanyCertificate, type CompanyCertificate } from '../../src/identity/index.ts';
import {
  countersignPackage,
  packNupkg,
  signerCommand,
  signPackage,
  unsignPackage,
  verifyPackage,
} from '../../src/packages/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { fingerprint, makeCertificate, pem } from '../support/certificates.ts';
import { dotnetView, type DotnetView } from '../support/dotnet.ts';
import { requires } from '../support/requires.ts';
import { timeAuthority, type TimeAuthority } from '../support/time-authority.ts';

if (requires('dotnet', 'packages are exchanged with the real NuGet client')) {
  describe('the real NuGet client', () => {
    let dotnet: DotnetView;
    let company: CompanyCertificate;
    let pfx: Uint8Array;
    let authority: TimeAuthority;
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
      authority = await timeAuthority();
      dotnet = dotnetView([pem(company), pem(root), pem(authority.certificate, 1)]);
    });
    afterAll(async () => {
      dotnet[Symbol.dispose]();
      await authority[Symbol.asyncDispose]();
    });

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

    test('verifies what we signed: every hash, a chain, a time stamp, a key elsewhere, a repository', async () => {
      using folder = temporaryFolder();
      const files: string[] = [];
      const timestamp = { url: authority.url, hash: 'sha512' } as const;
      const repository = {
        kind: 'repository',
        serviceIndex: 'https://packages.contoso.example/v3/index.json',
        owners: ['Contoso', 'Überbau'],
      } as const;
      const key = folder.file('key.pem');
      writeFileSync(key, leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }));
      const words = ['openssl', 'dgst', '-sha256', '-sign', key] as const;
      const elsewhere = {
        chain: leaf.chain,
        sign: signerCommand({
          words: [...words],
          environment: process.env,
          timeoutMs: 60_000,
          onTalk: () => undefined,
        }),
      };
      const ways = [
        (file: string) => signPackage(file, file, company, { hash: 'sha256' }),
        (file: string) => signPackage(file, file, company, { hash: 'sha384', timestamp }),
        (file: string) => signPackage(file, file, company, { hash: 'sha512' }),
        (file: string) => signPackage(file, file, leaf, { hash: 'sha256', timestamp }),
        (file: string) => signPackage(file, file, elsewhere, { hash: 'sha256' }),
        (file: string) => countersignPackage(file, file, leaf, { hash: 'sha256', role: repository }),
      ];
      for (const [i, sign] of ways.entries()) {
        const file = await packed(folder, `1.2.${i}`);
        await sign(file);
        files.push(file);
      }
      const countersigned = folder.file('Orders.Web.1.2.3-countersigned.nupkg');
      await countersignPackage(files[3]!, countersigned, company, {
        hash: 'sha512',
        role: repository,
        timestamp,
      });
      files.push(countersigned);
      // Asked once for all of them: the client takes longer to start than to verify.
      const { exitCode, output } = await dotnet.run('nuget', 'verify', '--all', ...files, '-v', 'n');
      const verified = [...output.matchAll(/Verifying Orders\.Web\.(\S+)/g)].map(([, version]) => version);
      expect({ output, exitCode }).toEqual({ output: expect.not.stringMatching(/\berror\b/), exitCode: 0 });
      expect(new Set(verified)).toEqual(new Set(ways.map((_, i) => `1.2.${i}`)));
      expect(verified).toHaveLength(files.length);
      expect(output.match(/Signature type: Author/g)).toHaveLength(6);
      expect(output.match(/Signature type: Repository/g)).toHaveLength(2);
      expect(output.match(/Timestamp: /g)).toHaveLength(4);
      expect(output.match(/Owners: Contoso, Überbau/g)).toHaveLength(2);
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

    test('signs and stamps, and we accept it, countersign it, and take the signature out again', async () => {
      using folder = temporaryFolder();
      const file = await packed(folder);
      const unsigned = folder.file('unsigned.nupkg');
      copyFileSync(file, unsigned);
      const key = folder.file('company.pfx', pfx);
      const out = folder.file('out');
      mkdirSync(out);
      const signing = ['--certificate-path', key, '--certificate-password', 'geheim', '-o', out];
      const stamping = ['--timestamper', authority.url];
      expect(await dotnet.run('nuget', 'sign', file, ...signing, ...stamping)).toMatchObject({ exitCode: 0 });
      const signed = join(out, 'Orders.Web.1.2.0-beta.1.nupkg');
      const fingerprints = new Set([fingerprint(company), fingerprint(authority.certificate, 1)]);
      const theirs = await verifyPackage(signed, { trust: { fingerprints } });
      expect(theirs).toMatchObject({ ok: true, trusted: true, id: 'Orders.Web' });
      expect(theirs.signature!.timestamp).not.toBeNull();
      const ours = await signPackage(file, file, company, { hash: 'sha256' });
      expect(theirs.contentDigest).toBe(ours.contentDigest);
      const role = { kind: 'repository', serviceIndex: 'https://p.example/index.json', owners: [] } as const;
      await countersignPackage(signed, signed, leaf, { hash: 'sha256', role });
      const verifying = await dotnet.run('nuget', 'verify', '--all', signed);
      expect(verifying).toEqual({
        exitCode: 0,
        output: expect.stringContaining('Signature type: Repository'),
      });
      const bare = folder.file('bare.nupkg');
      await unsignPackage(signed, bare);
      expect(readFileSync(bare)).toEqual(readFileSync(unsigned));
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
