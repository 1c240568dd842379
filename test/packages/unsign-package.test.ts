import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { countersignPackage, signPackage, unsignPackage } from '../../src/packages/index.ts';
import { buildZip, nuspecEntry, sha256, temporaryFolder, withSignature } from '../support/build-nupkg.ts';
import { selfSigned } from '../support/certificates.ts';

const acme = selfSigned('Acme');
const entries = [
  nuspecEntry(),
  { name: 'content/a.txt', content: 'hello '.repeat(50), descriptor: true as const },
];
const unsigned = buildZip(entries);
const role = { kind: 'repository', serviceIndex: 'https://packages.example/index.json', owners: [] } as const;

test('a package is what it was before it was signed, byte for byte', async () => {
  using folder = temporaryFolder();
  const [file, out] = [folder.file('a.nupkg', unsigned), folder.file('out.nupkg')];
  await signPackage(file, file, acme, { hash: 'sha512' });
  expect(await unsignPackage(file, out)).toEqual({ file: out, sha256: sha256(unsigned) });
  expect(readFileSync(out)).toEqual(unsigned);
  await countersignPackage(file, file, acme, { hash: 'sha256', role });
  await unsignPackage(file, out);
  expect(readFileSync(out)).toEqual(unsigned);
});

test('a signature that says nothing readable is taken out all the same', async () => {
  using folder = temporaryFolder();
  const out = folder.file('out.nupkg');
  await unsignPackage(folder.file('a.nupkg', withSignature(entries, Buffer.from('no signature'))), out);
  expect(readFileSync(out)).toEqual(unsigned);
});

test.each([
  ['that nobody signed', 'PACKAGE_UNSIGNED', 'NU3004', unsigned],
  [
    'whose signature is not the last entry',
    'PACKAGE_SIGNATURE_INVALID',
    'NU3005',
    buildZip([{ name: '.signature.p7s', content: 'x', stored: true }, ...entries]),
  ],
])('a package %s is left as it is', async (_what, code, nuget, bytes) => {
  using folder = temporaryFolder();
  const file = folder.file('a.nupkg', bytes);
  await expect(unsignPackage(file, folder.file('out.nupkg'))).rejects.toMatchObject({
    code,
    exitCode: 4,
    message: expect.stringContaining(`(${nuget})`),
  });
  expect(readdirSync(folder.path)).toEqual(['a.nupkg']);
});

test('a package that was changed after it was signed is not given out as what was signed', async () => {
  using folder = temporaryFolder();
  const file = folder.file('a.nupkg', unsigned);
  await signPackage(file, file, acme, { hash: 'sha256' });
  const signature = readFileSync(file);
  const at = signature.indexOf('.signature.p7s') + 14;
  const cms = signature.subarray(at, signature.readUInt32LE(at - 14 - 12) + at);
  const other = [nuspecEntry(), { name: 'content/a.txt', content: 'other' }];
  const moved = folder.file('b.nupkg', withSignature(other, cms));
  await expect(unsignPackage(moved, folder.file('out.nupkg'))).rejects.toMatchObject({
    code: 'PACKAGE_TAMPERED',
    message: expect.stringContaining('(NU3008)'),
  });
});
