import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { readPfx } from '../../../src/identity/index.ts';
import { buildZip, nuspecEntry, withSignature, type RawEntry } from '../../support/build-nupkg.ts';
import { pem, selfSigned } from '../../support/certificates.ts';
import { makeInstance, signedPackage, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, type, type Person } from '../typed.ts';

type Report = { id: string; sha256: string; contentDigest: string; known: boolean; signature: unknown };

const root = freshFolder(memory);
let company: Company;
let signed: string;
let acme: Person;
let count = 0;

beforeAll(async () => {
  company = await makeInstance(root, 'acme');
  signed = await signedPackage(company, '1.0.0');
});

beforeEach(() => {
  count += 1;
  acme = company.copy(`acme-${count}`);
});

const added = async (...files: string[]) =>
  (await acme.asks<{ packages: Report[] }>(['package', 'add', ...files])).packages;
const packages = async () => (await acme.asks<{ packages: { version: string }[] }>('status')).packages;
const blobs = () => readdirSync(join(acme.data, 'blobs', 'sha256'));

/** The package with one byte of a part changed, as somebody would who can't sign. */
function tampered(): string {
  const file = join(root, `tampered-${count}.nupkg`);
  const bytes = readFileSync(signed);
  const name = bytes.indexOf('settings.json');
  bytes[name + 20] = bytes[name + 20]! ^ 1;
  writeFileSync(file, bytes);
  return file;
}

test('J1.1 a package is verified and kept; the same bytes again are known already', async () => {
  const answer = await acme.types(['package', 'add', signed]);
  expect(answer.exitCode).toBe(0);
  expect(answer.stdout).toContain('Orders.Web 1.0.0: added');
  expect(answer.stdout).toContain('signature valid');
  expect(answer.stdout).toMatch(/signer: +CN=acme, SHA-256 [0-9a-f]{64}/);
  expect(answer.stdout).toMatch(/sha256: +[0-9a-f]{64}/);
  expect(answer.stdout).toMatch(/timestamp: +none/);
  expect((await acme.types(['package', 'add', signed])).stdout).toContain('already known');
  expect(await packages()).toHaveLength(1);
});

test('J1.1 the same id and version with other content: exit 4, both digests, nothing stored', async () => {
  const [known] = await added(signed);
  const before = blobs();
  const other = await signedPackage(company, '1.0.0', 'Other');
  const answer = await acme.types(['package', 'add', other, '--json']);
  expect(answer).toMatchObject({ exitCode: 4, error: { code: 'PACKAGE_CONTENT_DIFFERS' } });
  expect(answer.error.details).toMatchObject({
    known: known!.contentDigest,
    offered: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(blobs()).toEqual(before);
});

test('a package that is not signed is refused and not stored', async () => {
  const folder = join(root, `plain-${count}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'a'), 'a');
  const file = join(root, `plain-${count}.nupkg`);
  await acme.asks(['package', 'pack', folder, '--id', 'A', '--version', '1.0.0', '--out', file]);
  expect(await acme.types(['package', 'add', file, '--json'])).toMatchObject({
    exitCode: 4,
    error: { code: 'PACKAGE_UNSIGNED' },
  });
  expect(blobs()).toEqual([]);
});

test('a changed package is refused, and the part that was changed is named', async () => {
  const answer = await acme.types(['package', 'add', tampered(), '--json']);
  expect(answer).toMatchObject({ exitCode: 4, error: { code: 'PACKAGE_TAMPERED' } });
  expect(answer.error.message).toContain('settings.json');
  expect(blobs()).toEqual([]);
  expect(await packages()).toEqual([]);
});

test('of several packages all are added, or none', async () => {
  const second = await signedPackage(company, '1.1.0');
  expect((await acme.types(['package', 'add', second, tampered()])).exitCode).toBe(4);
  expect(await packages()).toEqual([]);
  expect(await added(signed, second)).toMatchObject([{ known: false }, { known: false }]);
});

test('a package that somebody else signed is refused', async () => {
  const stranger = await makeInstance(root, `stranger-${count}`);
  const theirs = await signedPackage(stranger, '9.0.0');
  expect(await acme.types(['package', 'add', theirs, '--json'])).toMatchObject({
    exitCode: 4,
    error: { code: 'PACKAGE_UNTRUSTED' },
  });
});

test('verifying tells everything as one document, without an instance too', async () => {
  const pem = join(root, `acme-${count}.pem`);
  const der = Buffer.from((await readPfx(readFileSync(company.pfx), '')).chain[0]!);
  writeFileSync(pem, `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`);
  const nowhere = join(root, 'nowhere');
  const answer = await type(['--data', nowhere, 'package', 'verify', signed, '--trust', pem, '--json']);
  expect(answer.exitCode).toBe(0);
  expect(answer.json).toMatchObject({
    file: signed,
    id: 'Orders.Web',
    version: '1.0.0',
    signature: {
      valid: true,
      kind: 'author',
      signer: { subject: 'CN=acme' },
      timestamp: null,
      countersigned: false,
    },
    trusted: true,
  });
});

test('a valid signature by somebody nobody trusts here is exit 4, with the document', async () => {
  const answer = await type(['--data', join(root, 'nowhere'), 'package', 'verify', signed, '--json']);
  expect(answer).toMatchObject({
    exitCode: 4,
    json: { signature: { valid: true }, trusted: false, problems: [{ code: 'NU3018' }, { code: 'NU3027' }] },
    error: { code: 'PACKAGE_UNTRUSTED' },
  });
});

test('a package is judged at the time that is named', async () => {
  expect((await acme.types(['package', 'verify', signed])).exitCode).toBe(0);
  const early = await acme.types(['package', 'verify', signed, '--at', '2020-01-01', '--json']);
  expect(early).toMatchObject({ exitCode: 4, error: { code: 'PACKAGE_EXPIRED' } });
  expect((await acme.types(['package', 'verify', signed, '--at', 'tomorrow'])).exitCode).toBe(2);
});

const page = { name: 'a.txt', content: 'a' };
const badNuspec = { ...nuspecEntry(), both: { crc32: 1 } };
const packed = (...entries: RawEntry[]): Buffer => buildZip([nuspecEntry(), ...entries]);
const withMore = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.from('more')]);
const withOddSignature = (): Buffer => withSignature([nuspecEntry(), page], Buffer.from('not a signature'));

function withOtherByte(bytes: Buffer): Buffer {
  const other = Buffer.from(bytes);
  other[bytes.indexOf('nuspec') + 20]! ^= 1;
  return other;
}

function written(name: string, change: (good: Buffer) => Buffer): string {
  const file = join(root, `${name}-${count}.nupkg`);
  writeFileSync(file, change(readFileSync(signed)));
  return file;
}

test.each([
  ['a file that is not there', () => join(root, 'nowhere.nupkg'), 2, 'PACKAGE_FILE_UNREADABLE'],
  ['a folder', () => root, 2, 'PACKAGE_FILE_UNREADABLE'],
  ['a text', () => company.pfx, 2, 'NOT_A_PACKAGE'],
  ['nothing at all', () => written('empty', () => Buffer.alloc(0)), 2, 'NOT_A_PACKAGE'],
  [
    'the start of one',
    () => written('cut', (bytes) => bytes.subarray(0, -30)),
    4,
    'PACKAGE_ARCHIVE_MALFORMED',
  ],
  ['one with more behind it', () => written('more', withMore), 4, 'PACKAGE_TAMPERED'],
  ['one that has another byte', () => written('changed', withOtherByte), 4, 'PACKAGE_TAMPERED'],
  ['an archive of nothing', () => written('none', () => buildZip([])), 4, 'PACKAGE_ARCHIVE_MALFORMED'],
  [
    'an archive that is no package',
    () => written('zip', () => buildZip([page])),
    4,
    'PACKAGE_NUSPEC_INVALID',
  ],
  [
    'one with a way out',
    () => written('slip', () => packed({ ...page, name: '../x' })),
    4,
    'PACKAGE_NAME_UNSAFE',
  ],
  [
    'one with twins',
    () => written('twins', () => packed(page, { ...page, name: 'A.TXT' })),
    4,
    'PACKAGE_NAME_UNSAFE',
  ],
  [
    'a bomb',
    () => written('bomb', () => packed({ ...page, both: { size: 2 ** 32 - 2 } })),
    4,
    'PACKAGE_TOO_LARGE',
  ],
  ['one with a wrong checksum', () => written('sum', () => buildZip([badNuspec])), 4, 'PACKAGE_DAMAGED'],
  ['one that nobody signed', () => written('unsigned', () => packed(page)), 4, 'PACKAGE_UNSIGNED'],
  [
    'one with a signature that is none',
    () => written('odd', withOddSignature),
    4,
    'PACKAGE_SIGNATURE_INVALID',
  ],
])('%s is no package to use', async (_what, file, exitCode, code) => {
  expect(await acme.types(['package', 'add', file(), '--json'])).toMatchObject({ exitCode, error: { code } });
  expect(await acme.types(['package', 'verify', file(), '--json'])).toMatchObject({
    exitCode,
    error: { code },
  });
});

test('T-62 what a package may be at most is a setting, which the error names', async () => {
  const settings = join(acme.data, 'crossgap.toml');
  const before = readFileSync(settings, 'utf8');
  expect(await added(signed)).toMatchObject([{ version: '1.0.0' }]);
  writeFileSync(settings, `${before}\n[packages]\nentries = 1\n`);
  const [certificate, out] = [company.pfx, join(root, `never-${count}.nupkg`)];
  const nuget = join(root, `nuget-${count}`);
  const trusted = join(root, 'trusted.pem');
  writeFileSync(trusted, pem(selfSigned('Somebody')));
  mkdirSync(nuget);
  const processFile = join(root, `process-${count}.yaml`);
  writeFileSync(processFile, 'process: Orders\nsteps:\n  - name: Web\n    package: Orders.Web\n');
  const index = 'https://packages.test/v3/index.json';
  for (const words of [
    ['package', 'add', signed],
    ['package', 'verify', signed],
    ['package', 'verify', signed, '--trust', trusted],
    ['package', 'sign', signed, '--certificate', certificate, '--replace', '--out', out],
    ['package', 'countersign', signed, '--certificate', certificate, '--service-index', index, '--out', out],
    ['package', 'unsign', signed, '--out', out],
    ['package', 'push', 'Orders.Web@1.0.0', '--to', nuget],
    ['try', 'deploy', processFile, '--package', signed, '--env', 'uat'],
  ]) {
    const { exitCode, error } = await acme.types([...words, '--json']);
    const code = words[1] === 'push' ? 'PUSH_FILE_DAMAGED' : 'PACKAGE_TOO_LARGE';
    expect({ words, exitCode, code: error.code }).toEqual({ words, exitCode: 4, code });
    expect(error.message).toContain('`[packages] entries`');
  }
  expect([existsSync(out), readdirSync(nuget)]).toEqual([false, []]);
});

test('signing a signed package again is refused', async () => {
  const file = join(root, `again-${count}.nupkg`);
  copyFileSync(signed, file);
  const answer = await acme.types(['package', 'sign', file, '--certificate', company.pfx, '--json']);
  expect(answer).toMatchObject({ exitCode: 3, error: { code: 'PACKAGE_ALREADY_SIGNED' } });
});

test('the same folder packs to the same bytes', async () => {
  const folder = join(root, 'app-1.0.0-Orders');
  const files = ['x', 'y'].map((name) => join(root, `${name}-${count}.nupkg`));
  for (const file of files) {
    await acme.asks(['package', 'pack', folder, '--id', 'A', '--version', '1.0.0', '--out', file]);
  }
  expect(readFileSync(files[0]!)).toEqual(readFileSync(files[1]!));
});

test('a package is not packed over another file; the same content again is no error', async () => {
  const folder = join(root, 'app-1.0.0-Orders');
  const file = join(root, `there-${count}.nupkg`);
  const line = ['package', 'pack', folder, '--id', 'A', '--out', file];
  expect(await acme.asks([...line, '--version', '1.0'])).toMatchObject({ version: '1.0.0', written: true });
  expect(await acme.asks([...line, '--version', '1.0'])).toMatchObject({ written: false });
  expect(await acme.asks(['package', 'sign', file, '--certificate', company.pfx])).toMatchObject({
    version: '1.0.0',
  });
  const signedBytes = readFileSync(file);
  expect(await acme.types([...line, '--version', '1.0', '--json'])).toMatchObject({
    exitCode: 3,
    error: { code: 'FILE_EXISTS' },
  });
  expect(readFileSync(file)).toEqual(signedBytes);
  expect(readdirSync(root).filter((name) => name.endsWith('.new'))).toEqual([]);
});

test('what is to be typed next is told of packages that can not be used', async () => {
  const missing = await acme.types(['package', 'add', join(root, 'nothing.nupkg'), '--json']);
  expect(missing.error.message).toMatch(/nothing\.nupkg: there is no such file or folder$/);
  const again = await acme.types(['package', 'sign', signed, '--certificate', company.pfx, '--json']);
  expect(again.error.hint).toContain('--replace');
  const stranger = await makeInstance(root, `other-${count}`);
  const theirs = await acme.types(['package', 'add', await signedPackage(stranger, '9.1.0'), '--json']);
  expect(theirs.error.hint).toContain('crossgap link accept');
});

test.each([
  [
    'a folder that is not there',
    (folder: string) => [`${folder}-no`, '--id', 'A', '--version', '1.0.0', '--out', join(root, 'o')],
    'USAGE_INVALID',
  ],
  [
    'a package in the folder itself',
    (folder: string) => [folder, '--id', 'A', '--version', '1.0.0', '--out', join(folder, 'o')],
    'USAGE_INVALID',
  ],
  [
    'an id that is none',
    (folder: string) => [folder, '--id', 'A B', '--version', '1.0.0', '--out', join(root, 'o')],
    'PACKAGE_INPUT_INVALID',
  ],
  [
    'a version that is none',
    (folder: string) => [folder, '--id', 'A', '--version', 'new', '--out', join(root, 'o')],
    'PACKAGE_INPUT_INVALID',
  ],
  [
    'a link in the folder',
    (folder: string) => {
      symlinkSync(root, join(folder, 'link'));
      return [folder, '--id', 'A', '--version', '1.0.0', '--out', join(root, 'o')];
    },
    'USAGE_INVALID',
  ],
])('%s is not packed', async (_what, line, code) => {
  const folder = join(root, `bad-${count}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'a'), 'a');
  expect(await acme.types(['package', 'pack', ...line(folder), '--json'])).toMatchObject({
    exitCode: 2,
    error: { code },
  });
});
