import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { signPackage } from '../../../src/packages/index.ts';
import { buildZip, nuspecEntry } from '../../support/build-nupkg.ts';
import { fingerprint, makeCertificate, pem, selfSigned } from '../../support/certificates.ts';
import { revocationList } from '../../support/revocation-list.ts';
import { makeInstance, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, type Person } from '../typed.ts';

const root = freshFolder(memory);
const nowhere = 'http://127.0.0.1:9/nobody.crl';
const authority = makeCertificate({ commonName: 'Authority', isAuthority: true });
const builder = makeCertificate({
  commonName: 'Builder',
  purposes: ['codeSigning'],
  issuer: authority,
  distributionPoint: nowhere,
  issuerAddress: nowhere,
});
const day = 86_400_000;
const at = (days: number): Date => new Date(Date.now() + days * day);
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(root, name), content);
  return join(root, name);
};

let company: Company;
let signed: string;
let acme: Person;
let count = 0;

beforeAll(async () => {
  company = await makeInstance(root, 'acme');
  signed = file('Orders.Web.1.0.0.nupkg', buildZip([nuspecEntry(), { name: 'a.txt', content: 'a' }]));
  await signPackage(signed, signed, builder, { hash: 'sha256' });
});
beforeEach(() => {
  count += 1;
  acme = company.copy(`acme-${count}`);
});

type Listed = {
  certificates: {
    subject: string | null;
    fingerprint: string;
    purpose: string;
    source: string;
    note: string | null;
  }[];
  demands: { demand: string; days: number | null }[];
  revocationLists: { issuer: string; here: boolean; link: string | null }[];
};
const listed = () => acme.asks<Listed>('trust list');
const added = async (): Promise<string[]> =>
  (await listed()).certificates
    .filter(({ source }) => source === 'added here')
    .map(({ purpose, subject }) => `${purpose} ${subject}`);

describe('trust', () => {
  test('is the company certificate at first, and what is added stands beside it, with who and why', async () => {
    expect((await listed()).certificates).toMatchObject([{ subject: 'CN=acme', source: 'own company' }]);
    const certificate = file('authority.pem', pem(authority));
    expect(await acme.types(['package', 'add', signed])).toMatchObject({ exitCode: 4 });
    const answer = await acme.types(['trust', 'add', certificate, '--note', 'our build farm']);
    expect(answer.stdout).toContain(`CN=Authority: trusted now as signer, SHA-256 ${fingerprint(authority)}`);
    expect((await acme.types(['trust', 'add', certificate, '--note', 'our build farm'])).stdout).toContain(
      'trusted already',
    );
    expect(await acme.types(['package', 'add', signed])).toMatchObject({ exitCode: 0 });
    const text = (await acme.types('trust list')).stdout;
    expect(text).toMatch(/CN=acme +[0-9a-f]{16} +own packages +\d{4}-\d\d-\d\d +our company certificate/);
    expect(text).toMatch(
      /CN=Authority +[0-9a-f]{16} +own packages +\d{4}-\d\d-\d\d +added \S+ by \S+: our build farm/,
    );
    const shown = await acme.types(['trust', 'show', fingerprint(authority).slice(0, 12)]);
    expect(shown.stdout).toContain(fingerprint(authority));
    expect(shown.stdout).toContain('itself and the certificates it issued');
    const removed = await acme.types(['trust', 'remove', fingerprint(authority).slice(0, 16).toUpperCase()]);
    expect(removed.stdout).toContain('is no longer trusted here');
    expect(await added()).toEqual([]);
  });

  test('refuses what can not be: other purposes, owners of a signer, weak keys, what the company pins', async () => {
    const certificate = file('authority.pem', pem(authority));
    const weak = file('weak.pem', pem(selfSigned('Weak', { keyBits: 1024 })));
    const own = (await listed()).certificates[0]!.fingerprint;
    const refused = async (...words: string[]): Promise<unknown> =>
      (await acme.types(['trust', ...words, '--json'])).error.code;
    expect(await refused('add', certificate, '--for', 'everything')).toBe('USAGE_INVALID');
    expect(await refused('add', certificate, '--owner', 'acme')).toBe('USAGE_INVALID');
    expect(await refused('add', certificate, '--for', 'timestamp', '--link', 'x')).toBe('USAGE_INVALID');
    expect(await refused('add', certificate, '--link', 'nobody')).toBe('LINK_UNKNOWN');
    expect(await refused('add', weak)).toBe('TRUST_ENTRY_UNFIT');
    expect(await refused('add', file('none.pem', 'hello'))).toBe('FILE_NOT_READABLE');
    expect(await refused('remove', own)).toBe('TRUST_ENTRY_UNKNOWN');
    expect(await refused('show', 'ffffffff')).toBe('USAGE_INVALID');
    expect(await refused('require', 'luck')).toBe('USAGE_INVALID');
    expect(await refused('require', 'timestamp', '--days', '3')).toBe('USAGE_INVALID');
    expect(await added()).toEqual([]);
  });

  test('T-96 what is distrusted is refused though it is pinned, is told with who and why, and is over by adding it', async () => {
    const certificate = file('authority.pem', pem(authority));
    await acme.asks(['trust', 'add', certificate]);
    await acme.asks(['package', 'add', signed]);
    const own = (await listed()).certificates[0]!.fingerprint;
    const distrust = ['trust', 'distrust', fingerprint(authority).slice(0, 16), '--reason', 'key stolen'];
    expect((await acme.types(distrust)).stdout).toContain('CN=Authority is distrusted now');
    expect((await acme.types(distrust)).stdout).toContain('is distrusted already');
    await acme.asks(['trust', 'distrust', own]);
    expect((await acme.types(['package', 'verify', signed])).exitCode).toBe(4);
    expect((await acme.types(['package', 'add', signed, '--json'])).error.code).toBe('PACKAGE_UNTRUSTED');
    const text = (await acme.types('trust list')).stdout;
    expect(text).toMatch(/CN=Authority, SHA-256 [0-9a-f]{64}: since .*, by \S+: key stolen/);
    expect(text).toMatch(/CN=acme +[0-9a-f]{16} +nothing: distrusted \(else own packages\)/);
    const shown = await acme.types(['trust', 'show', fingerprint(authority).slice(0, 12)]);
    expect(shown.stdout).toMatch(/distrusted: +since .*, by[^]*because: +key stolen/);
    await acme.asks(['trust', 'remove', fingerprint(authority).slice(0, 16)]);
    type Distrusted = { distrusted: { fingerprint: string; subject: string; reason: string | null }[] };
    expect((await acme.asks<Distrusted>('trust list')).distrusted).toMatchObject([
      { fingerprint: fingerprint(authority), subject: 'CN=Authority', reason: 'key stolen' },
      { fingerprint: own, subject: 'CN=acme', reason: null },
    ]);
    await acme.asks(['trust', 'add', certificate]);
    const after = await acme.asks<{ distrusted: object[]; distrustsOver: object[] }>('trust list');
    expect(after).toMatchObject({
      distrusted: [{ fingerprint: own }],
      distrustsOver: [{ fingerprint: fingerprint(authority), subject: 'CN=Authority', reason: 'key stolen' }],
    });
    const history = /CN=Authority, SHA-256 [0-9a-f]{64}: since .*, by \S+: key stolen; over since .*, by \S+/;
    expect((await acme.types('trust list')).stdout).toMatch(history);
    expect((await acme.types(['trust', 'show', fingerprint(authority).slice(0, 12)])).stdout).toMatch(
      history,
    );
    await acme.asks(['package', 'add', signed]);
    const unknown = await acme.types(['trust', 'distrust', 'ffffffff', '--json']);
    expect(unknown.error.code).toBe('TRUST_ENTRY_UNKNOWN');
    await acme.asks(['trust', 'distrust', 'ff'.repeat(32)]);
  });

  test('demands are made, shown and taken back; a package that lacks what is needed is refused', async () => {
    await acme.asks(['trust', 'add', file('authority.pem', pem(authority))]);
    await acme.asks('trust require timestamp');
    await acme.asks('trust require revocation --days 30');
    expect((await listed()).demands).toMatchObject([
      { demand: 'revocation', days: 30 },
      { demand: 'timestamp', days: null },
    ]);
    expect((await acme.types(['package', 'add', signed, '--json'])).error.code).toBe(
      'PACKAGE_REVOCATION_UNKNOWN',
    );
    await acme.asks('trust require revocation --off');
    expect((await acme.types(['package', 'add', signed, '--json'])).error.code).toBe(
      'PACKAGE_TIMESTAMP_REQUIRED',
    );
    const off = await acme.types('trust require timestamp --off');
    expect(off.stdout).toContain('A time stamp that is believed is not required');
    expect((await acme.types('trust require timestamp --off')).stdout).toContain('as before');
    await acme.asks(['package', 'add', signed]);
  });

  test('the trusted signers of a nuget.config are imported, once, with their rules', async () => {
    const hex = fingerprint(builder).toUpperCase();
    const config = file(
      'nuget.config',
      `<?xml version="1.0"?><configuration><trustedSigners>
         <author name="Builder"><certificate fingerprint="${hex}" hashAlgorithm="SHA256" allowUntrustedRoot="true" /></author>
         <repository name="feed" serviceIndex="https://feed.test/v3/index.json">
           <certificate fingerprint="${'AB'.repeat(48)}" hashAlgorithm="SHA384" allowUntrustedRoot="true" />
           <certificate fingerprint="${'AB'.repeat(48)}" hashAlgorithm="SHA384" allowUntrustedRoot="false" />
           <owners>acme; contoso</owners></repository>
       </trustedSigners></configuration>`,
    );
    type Imported = { certificates: object[]; problems: { code: string }[] };
    const imported = await acme.asks<Imported>(['trust', 'import-nuget-config', config]);
    expect(imported.certificates).toMatchObject([
      { name: 'Builder', purpose: 'signer', rootNeeded: false, issues: false, added: true },
      { name: 'feed', purpose: 'repository', rootNeeded: true, owners: ['acme', 'contoso'], vouches: true },
    ]);
    expect(imported.problems.map(({ code }) => code)).toEqual(['NU3040']);
    expect((await acme.types(['trust', 'import-nuget-config', config])).stdout).toContain('0 certificates');
    await acme.asks(['package', 'add', signed]);
  });

  test('a nuget.config that names a signer by SHA-1 is refused, and one that names nobody is told of', async () => {
    const weak = file(
      'weak.config',
      `<configuration><trustedSigners><author name="x"><certificate fingerprint="${'ab'.repeat(20)}" hashAlgorithm="SHA1" /></author></trustedSigners></configuration>`,
    );
    const answer = await acme.types(['trust', 'import-nuget-config', weak, '--json']);
    expect(answer.error.code).toBe('TRUST_ENTRY_UNFIT');
    expect(answer.error.message).toContain('NU3043');
    const empty = file(
      'empty.config',
      '<configuration><config><add key="signatureValidationMode" value="require" /></config><trustedSigners /></configuration>',
    );
    expect((await acme.types(['trust', 'import-nuget-config', empty])).stdout).toContain('NU3034');
    expect(await added()).toEqual([]);
  });
});

describe('a list of revoked certificates', () => {
  const wish = { issuer: authority, madeAt: at(-3), nextAt: at(4) };
  const revoking = revocationList({ ...wish, revoked: [{ certificate: builder, since: at(-1), reason: 1 }] });

  test('is taken in once, from a file or standard input, and says what it revokes of what is known', async () => {
    await acme.asks(['trust', 'add', file('both.pem', pem(authority) + pem(builder))]);
    const answer = await acme.types(['trust', 'import-crl', '-'], { input: revoking });
    expect(answer.stdout).toContain('List of "CN=Authority" is taken in: 1 certificate revoked');
    expect(answer.stdout).toContain('made 3 days ago');
    expect(answer.stdout).toContain('It revokes "CN=Builder" as of');
    expect((await acme.types(['trust', 'import-crl', file('list.crl', revoking)])).stdout).toContain(
      'was taken in before',
    );
    expect((await listed()).revocationLists).toMatchObject([
      { issuer: 'CN=Authority', here: true, link: null },
    ]);
    expect((await acme.types('trust list')).stdout).toContain('CN=Authority: 3 days old; imported here');
    expect((await acme.types(['package', 'add', signed, '--json'])).error.code).toBe('PACKAGE_REVOKED');
  });

  test('that is none, is a delta list, or is not by who it says is refused', async () => {
    await acme.asks(['trust', 'add', file('authority.pem', pem(authority))]);
    const refused = async (name: string, bytes: Uint8Array | string): Promise<string> => {
      const { error } = await acme.types(['trust', 'import-crl', file(name, bytes), '--json']);
      return `${error.code}: ${error.message}`;
    };
    expect(await refused('none.crl', 'hello')).toContain('REVOCATION_LIST_REFUSED');
    expect(await refused('delta.crl', revocationList({ ...wish, isDelta: true }))).toContain('a delta list');
    const forged = revocationList({ ...wish, key: builder.privateKey });
    expect(await refused('forged.crl', forged)).toContain('did not sign it');
    expect((await listed()).revocationLists).toEqual([]);
  });
});

describe('package verify', () => {
  test('tells each step, until when it counts and what is not known, and keeps its exit code', async () => {
    const trusting = ['--trust', file('authority.pem', pem(authority))];
    const answer = await acme.types(['package', 'verify', signed, ...trusting]);
    expect(answer.exitCode).toBe(0);
    expect(answer.stdout).toMatch(/integrity +passed +the package is the one that was signed \(sha256\)/);
    expect(answer.stdout).toMatch(/revocation +unknown +whether "CN=Builder" was revoked is not known/);
    expect(answer.stdout).toMatch(/without a time stamp that is believed here it counts until \d{4}-/);
    expect(answer.stdout).toContain('NU3027: it has no time stamp');
    for (const [flag, code] of [
      ['--require-timestamp', 'PACKAGE_TIMESTAMP_REQUIRED'],
      ['--require-countersignature', 'PACKAGE_COUNTERSIGNATURE_REQUIRED'],
    ] as const) {
      const refused = await acme.types(['package', 'verify', signed, ...trusting, flag, '--json']);
      expect(refused).toMatchObject({ exitCode: 4, json: { ok: false }, error: { code } });
    }
    const early = await acme.types(['package', 'verify', signed, ...trusting, '--at', '2020-01-01']);
    expect(early).toMatchObject({ exitCode: 4 });
    expect(early.stdout).toContain('NU3017');
  });

  test('asks nobody, whatever addresses stand in the certificates', () => {
    expect(Buffer.from(builder.chain[0]!).includes(nowhere)).toBe(true);
    const notes = join(root, 'notes');
    const said = execFileSync(
      process.execPath,
      [
        '--import',
        resolve('test/support/note-network.mjs'),
        resolve('bin/crossgap.js'),
        'package',
        'verify',
        signed,
        '--trust',
        file('authority.pem', pem(authority)),
        '--json',
      ],
      { env: { ...process.env, NETWORK_NOTES: notes }, encoding: 'utf8' },
    );
    expect(JSON.parse(said)).toMatchObject({ ok: true });
    expect(existsSync(notes) ? readFileSync(notes, 'utf8') : '').toBe('');
  });
});

test('a list that a vendor hands to a receiver is carried in a bundle, and believed for its chain only', async () => {
  const contoso = await makeInstance(root, 'contoso');
  const wordsOf = async (one: Person): Promise<string> =>
    (await one.asks<{ instance: { fingerprint: string } }>('status')).instance.fingerprint;
  const [invitation, reply, out] = ['invitation.json', 'reply.json', 'bundles'].map((name) =>
    join(root, name),
  );
  await acme.asks(['link', 'invite', 'contoso', '--out', invitation!]);
  await contoso.asks(['link', 'accept', invitation!, '--fingerprint', await wordsOf(acme), '--out', reply!]);
  const list = file('told.crl', revocationList({ issuer: authority, madeAt: at(-2), nextAt: at(5) }));
  const telling = ['trust', 'import-crl', list, '--to', 'contoso'];
  expect((await acme.types([...telling, '--json'])).error.code).toBe('LINK_NOT_CONFIRMED');
  expect((await listed()).revocationLists).toEqual([]);
  await acme.asks(['link', 'confirm', reply!, '--fingerprint', await wordsOf(contoso)]);
  expect((await acme.types(telling)).stdout).toContain('handed to 1 receiver');
  expect(await acme.asks(telling)).toMatchObject({ imported: false, toldTo: 0 });
  expect((await acme.types('feed show contoso')).stdout).toContain(
    'list of certificates that "CN=Authority" revoked',
  );
  await acme.asks(['bundle', 'export', '--to', 'contoso', '--out', out!]);
  await contoso.asks(['bundle', 'import', out!]);
  const { revocationLists } = await contoso.asks<Listed>('trust list');
  expect(revocationLists).toMatchObject([{ issuer: 'CN=Authority', here: true, link: 'acme' }]);
  expect((await contoso.types('trust list')).stdout).toContain('told by acme, believed for its chain only');
});
