import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { buildZip, nuspecEntry, sha256 } from '../../support/build-nupkg.ts';
import { fingerprint, makeCertificate, pem } from '../../support/certificates.ts';
import { requires } from '../../support/requires.ts';
import { timeAuthority } from '../../support/time-authority.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, personAt, type Answer } from '../typed.ts';

type Report = {
  file: string;
  contentDigest: string;
  signature: {
    kind: string;
    signer: { fingerprint: string };
    timestamp: string | null;
    countersigned: boolean;
  };
};

const root = freshFolder(memory);
const somebody = personAt(join(root, 'nowhere'));
const authority = makeCertificate({ commonName: 'Root', isAuthority: true });
const leaf = makeCertificate({ commonName: 'Leaf', purposes: ['codeSigning'], issuer: authority });
const unsigned = buildZip([nuspecEntry(), { name: 'a.txt', content: 'hello' }]);

const given = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(root, name), content);
  return join(root, name);
};
const chain = given('chain.pem', pem(leaf, 1) + pem(leaf));
const key = given('key.pem', leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
const sealed = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'geheim' } as const;
const sealedKey = given('sealed.pem', leaf.privateKey.export(sealed).toString());
const both = given('both.pem', readFileSync(chain, 'utf8') + readFileSync(key, 'utf8'));
const password = given('password', 'geheim\n');

let count = 0;
let file: string;
beforeEach(() => {
  count += 1;
  file = given(`p${count}.nupkg`, unsigned);
});

const sign = (...words: string[]): Promise<Answer> => somebody.types(['package', 'sign', ...words, '--json']);
const report = ({ json }: Answer): Report => json as Report;

describe('a package is signed on the command line', () => {
  const ways: [string, string[]][] = [
    ['with PEM and the key inside', ['--certificate', both]],
    ['with PEM and the key beside it', ['--certificate', chain, '--key', key]],
    ['with an encrypted key', ['--certificate', chain, '--key', sealedKey, '--password-file', password]],
  ];
  test.each(ways)('%s', async (_what, words) => {
    const answer = await sign(file, ...words, '--hash', 'sha384');
    expect(answer.exitCode).toBe(0);
    expect(report(answer)).toMatchObject({
      contentDigest: sha256(unsigned),
      signature: { kind: 'author', signer: { fingerprint: fingerprint(leaf) }, timestamp: null },
    });
  });

  test('and not into a file that is called as another package', async () => {
    const out = join(root, `other.${count}.0.0.nupkg`);
    const answer = await sign(file, '--certificate', both, '--out', out);
    expect(answer).toMatchObject({ exitCode: 2, error: { code: 'PACKAGE_INPUT_INVALID' } });
    expect(answer.error.message).toContain(`that is the name of other ${count}.0.0`);
    expect(existsSync(out)).toBe(false);
  });

  if (requires('openssl', 'a command signs, and an authority stamps')) {
    test('by a command, whose words to people are passed on', async () => {
      const script = `tee '${root}/asked' | openssl dgst -$CROSSGAP_SIGN_HASH -sign '${key}'; echo touch the token >&2`;
      const command = `sh -c "${script.replaceAll('"', '')}"`;
      const answer = await sign(file, '--signer', command, '--certificate', chain, '--hash', 'sha512');
      expect(answer).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('touch the token') });
      expect(report(answer).signature.signer.fingerprint).toBe(fingerprint(leaf));
      // What it was given is the signed attributes, and those are in the package as they were.
      const asked = readFileSync(join(root, 'asked'));
      expect(asked[0]).toBe(0x31);
      expect(readFileSync(file).includes(asked.subarray(1))).toBe(true);
    });

    test('with a time stamp, countersigned with another, and taken apart again', async () => {
      await using clock = await timeAuthority();
      const trust = given('clock.pem', pem(clock.certificate, 1));
      const stamping = ['--timestamp', clock.url, '--timestamp-hash', 'sha512', '--timestamp-trust', trust];
      const signed = await sign(file, '--certificate', both, ...stamping);
      expect(report(signed).signature.timestamp).toMatch(/^20/);
      const repository = [
        '--service-index',
        'https://p.example/v3/index.json',
        '--owner',
        'Acme',
        '--owner',
        'B',
      ];
      const line = ['package', 'countersign', file, '--certificate', both, ...repository, ...stamping];
      const countersigned = await somebody.asks<object>(line);
      expect(countersigned).toMatchObject({
        primary: false,
        contentDigest: sha256(unsigned),
        signature: { kind: 'author', countersigned: true },
      });
      // Nobody was asked whom to believe.
      expect(Object.keys(countersigned)).not.toContain('trusted');
      const again = await somebody.types([...line, '--json']);
      expect(again).toMatchObject({ exitCode: 3, error: { code: 'PACKAGE_ALREADY_COUNTERSIGNED' } });
      const out = join(root, `unsigned-${count}.nupkg`);
      expect(await somebody.asks(['package', 'unsign', file, '--out', out])).toMatchObject({
        from: file,
        file: out,
        sha256: sha256(unsigned),
      });
      expect(readFileSync(out)).toEqual(unsigned);
      const trusting = given('trust.pem', pem(leaf, 1) + pem(clock.certificate, 1));
      const verifying = await somebody.types(['package', 'verify', file, '--trust', trusting]);
      expect(verifying).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('countersigned') });
    });
  }

  test('anew where that is asked for, to another file', async () => {
    await sign(file, '--certificate', both);
    const before = readFileSync(file);
    const out = join(root, `anew-${count}.nupkg`);
    expect(await sign(file, '--certificate', both, '--out', out)).toMatchObject({
      exitCode: 3,
      error: { code: 'PACKAGE_ALREADY_SIGNED', details: { nuget: 'NU3001' } },
    });
    const anew = await sign(file, '--certificate', both, '--hash', 'sha512', '--out', out, '--replace');
    expect(report(anew)).toMatchObject({ file: out, contentDigest: sha256(unsigned) });
    expect(readFileSync(file)).toEqual(before);
    expect(readFileSync(out)).not.toEqual(before);
  });

  test('with others, all of them or none for what they are', async () => {
    const other = given(`q${count}.nupkg`, unsigned);
    const broken = given(`r${count}.nupkg`, 'no package');
    expect(await sign(file, broken, '--certificate', both)).toMatchObject({
      error: { code: 'NOT_A_PACKAGE' },
    });
    expect(readFileSync(file)).toEqual(unsigned);
    const answer = await sign(file, other, file, '--certificate', both);
    const { packages } = answer.json as { packages: Report[] };
    expect(packages.map((one) => one.file)).toEqual([file, other]);
    expect([file, other].map((one) => readFileSync(one).equals(unsigned))).toEqual([false, false]);
  });

  test('as a repository where nobody signed it, which is said', async () => {
    const line = [
      'package',
      'countersign',
      file,
      '--certificate',
      both,
      '--service-index',
      'https://p.example/',
    ];
    const answer = await somebody.types(line);
    expect(answer).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('it has no signature of an author'),
    });
    expect(answer.stdout).not.toContain('trusted');
  });
});

describe('signing on the command line is refused', () => {
  const wrong: [string, string[], number, string][] = [
    ['without the key', ['--certificate', chain], 2, 'PEM_WITHOUT_KEY'],
    ['without the password', ['--certificate', chain, '--key', sealedKey], 2, 'PEM_PASSWORD_WRONG'],
    ['with no certificate at all', ['--certificate', key], 2, 'PEM_WITHOUT_CERTIFICATE'],
    ['with a hash that NuGet has not', ['--certificate', both, '--hash', 'sha1'], 2, 'USAGE_INVALID'],
    ['with a key and a command', ['--certificate', chain, '--key', key, '--signer', 'x'], 2, 'USAGE_INVALID'],
    ['with a command that is none', ['--certificate', chain, '--signer', "'"], 2, 'USAGE_INVALID'],
    [
      'with a command that is not there',
      ['--certificate', chain, '--signer', '/no/such'],
      3,
      'PACKAGE_SIGNER_FAILED',
    ],
    [
      'with a time limit for no command',
      ['--certificate', both, '--signer-timeout', '5'],
      2,
      'USAGE_INVALID',
    ],
    [
      'with a time limit that is none',
      ['--certificate', chain, '--signer', 'x', '--signer-timeout', 'soon'],
      2,
      'USAGE_INVALID',
    ],
    [
      'with an authority that is no address',
      ['--certificate', both, '--timestamp', 'ftp://x'],
      2,
      'USAGE_INVALID',
    ],
    [
      'with a password in an address',
      ['--certificate', both, '--timestamp', 'https://me:geheim@x.example'],
      2,
      'USAGE_INVALID',
    ],
    ['with trust in no authority', ['--certificate', both, '--timestamp-trust', chain], 2, 'USAGE_INVALID'],
    [
      'with an authority that is not there',
      ['--certificate', both, '--timestamp', 'http://127.0.0.1:1/'],
      3,
      'PACKAGE_TIMESTAMP_NOT_GIVEN',
    ],
    ['of two files to one', [chain, '--certificate', both, '--out', 'x'], 2, 'USAGE_INVALID'],
  ];
  test.each(wrong)('%s', async (_what, words, exitCode, code) => {
    const there = readdirSync(root);
    const answer = await sign(file, ...words);
    expect(answer).toMatchObject({ exitCode, error: { code } });
    expect(answer.stderr).not.toContain('geheim');
    expect(readFileSync(file)).toEqual(unsigned);
    expect(readdirSync(root)).toEqual(there);
  });

  test.each([['http://p.example/'], ['https://'], ['https://ä.example/'], ['p.example']])(
    'as the repository %s',
    async (url) => {
      const line = ['package', 'countersign', file, '--certificate', both, '--service-index', url, '--json'];
      expect(await somebody.types(line)).toMatchObject({ exitCode: 2, error: { code: 'USAGE_INVALID' } });
    },
  );

  test('of a package into its own place, where it was only to be read', async () => {
    const unsigning = await somebody.types(['package', 'unsign', file, '--out', file, '--json']);
    expect(unsigning).toMatchObject({ exitCode: 2, error: { code: 'USAGE_INVALID' } });
    const nothing = join(root, 'nothing.nupkg');
    expect(await somebody.types(['package', 'unsign', file, '--out', nothing, '--json'])).toMatchObject({
      exitCode: 4,
      error: { code: 'PACKAGE_UNSIGNED' },
    });
  });
});
