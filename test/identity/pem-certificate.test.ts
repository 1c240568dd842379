import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  hasEncryptedKey,
  isPem,
  readPem,
  readPemCertificates,
  readPemChain,
  type CompanyCertificate,
} from '../../src/identity/index.ts';
import { makeCertificate, pem, selfSigned } from '../support/certificates.ts';

const root = makeCertificate({ commonName: 'Root', isAuthority: true });
const between = makeCertificate({ commonName: 'Between', isAuthority: true, issuer: root });
const leaf = makeCertificate({ commonName: 'Leaf', purposes: ['codeSigning'], issuer: between });
const stranger = selfSigned('Stranger');

const [leafPem, betweenPem, rootPem] = [0, 1, 2].map((at) => pem(leaf, at)) as [string, string, string];
const plainKey = (certificate: CompanyCertificate, type: 'pkcs8' | 'pkcs1' = 'pkcs8'): string =>
  certificate.privateKey.export({ type, format: 'pem' }).toString();
const sealedKey = leaf.privateKey
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'geheim' })
  .toString();
const opensslKey = leaf.privateKey
  .export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'geheim' })
  .toString();

const chain = leaf.chain.map((der) => Buffer.from(der));
const read = (...given: Parameters<typeof readPem>): { chain: Buffer[]; key: boolean } => {
  const company = readPem(...given);
  const key = company.privateKey.equals(leaf.privateKey);
  return { chain: company.chain.map((der) => Buffer.from(der)), key };
};
const refused = (task: () => unknown): unknown => {
  try {
    return task();
  } catch (error) {
    return (error as { code: unknown }).code;
  }
};

describe('a certificate in PEM is read', () => {
  const ways: [string, Parameters<typeof readPem>][] = [
    ['with its key inside', [leafPem + betweenPem + rootPem + plainKey(leaf), undefined, '']],
    ['with its key in a file of its own', [leafPem + betweenPem + rootPem, plainKey(leaf), '']],
    ['in any order', [plainKey(leaf) + rootPem + leafPem + betweenPem, undefined, '']],
    ['with a key as PKCS #1', [leafPem + betweenPem + rootPem, plainKey(leaf, 'pkcs1'), '']],
    ['with a key encrypted as PKCS #8', [leafPem + betweenPem + rootPem, sealedKey, 'geheim']],
    ["with a key in OpenSSL's own encryption", [leafPem + betweenPem + rootPem, opensslKey, 'geheim']],
    ['among certificates of others', [pem(stranger) + rootPem + betweenPem + leafPem, plainKey(leaf), '']],
    ['with one certificate twice', [leafPem + leafPem + betweenPem + rootPem, plainKey(leaf), '']],
    [
      'with words around the blocks',
      [`Bag Attributes\n${leafPem}subject=CN = Root\n${rootPem}${betweenPem}`, plainKey(leaf), ''],
    ],
    [
      'with line ends of Windows',
      [
        (leafPem + betweenPem + rootPem).replaceAll('\n', '\r\n'),
        plainKey(leaf).replaceAll('\n', '\r\n'),
        '',
      ],
    ],
  ];
  test.each(ways)('%s', (_what, given) => {
    expect(read(...given)).toEqual({ chain, key: true });
  });

  test('as far up as the file leads', () => {
    expect(read(leafPem + rootPem, plainKey(leaf), '').chain).toEqual([chain[0]]);
    expect(read(leafPem + betweenPem, plainKey(leaf), '').chain).toEqual(chain.slice(0, 2));
  });

  test('and told from a PFX, and whether its key needs a password', () => {
    expect([isPem(Buffer.from(leafPem)), isPem(Buffer.from([0x30, 0x82]))]).toEqual([true, false]);
    expect([sealedKey, opensslKey, plainKey(leaf), leafPem].map(hasEncryptedKey)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('a certificate in PEM is refused', () => {
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const short = selfSigned('Short', { keyBits: 1024 });
  const keyText = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const damaged = (text: string): string => text.replace(/\n[A-Za-z0-9+/]{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
  const wrong: [string, string, Parameters<typeof readPem>][] = [
    ['without a key', 'PEM_WITHOUT_KEY', [leafPem, undefined, '']],
    ['whose key file holds none', 'PEM_WITHOUT_KEY', [leafPem, rootPem, '']],
    ['without a certificate', 'PEM_WITHOUT_CERTIFICATE', [plainKey(leaf), undefined, '']],
    ['that belongs to another key', 'PEM_WITHOUT_CERTIFICATE', [leafPem, plainKey(stranger), '']],
    ['without the password of its key', 'PEM_PASSWORD_WRONG', [leafPem, sealedKey, '']],
    ['with another password', 'PEM_PASSWORD_WRONG', [leafPem, sealedKey, 'Geheim']],
    ["with another password in OpenSSL's own encryption", 'PEM_PASSWORD_WRONG', [leafPem, opensslKey, 'x']],
    ['with two keys', 'PEM_UNREADABLE', [leafPem, plainKey(leaf) + plainKey(stranger), '']],
    ['with a damaged key', 'PEM_UNREADABLE', [leafPem, damaged(plainKey(leaf)), '']],
    ['that is damaged', 'PEM_UNREADABLE', [damaged(leafPem), plainKey(leaf), '']],
    ['with a key that is not RSA', 'CERTIFICATE_KEY_NOT_RSA', [leafPem, keyText(elliptic), '']],
    ['with a short key', 'CERTIFICATE_KEY_TOO_SHORT', [pem(short), plainKey(short), '']],
  ];
  test.each(wrong)('%s', (_what, code, given) => {
    expect(refused(() => readPem(...given))).toBe(code);
  });
});

describe('a chain without a key', () => {
  test('begins with the one that issued none of the others', () => {
    expect(readPemChain(rootPem + leafPem + betweenPem).map((der) => Buffer.from(der))).toEqual(chain);
    expect(readPemChain(pem(stranger))).toHaveLength(1);
    expect(readPemCertificates(rootPem + leafPem)).toHaveLength(2);
  });

  test('is refused where it is not known who signs', () => {
    expect(refused(() => readPemChain(leafPem + pem(stranger)))).toBe('PEM_WITHOUT_CERTIFICATE');
    expect(refused(() => readPemChain(plainKey(leaf)))).toBe('PEM_WITHOUT_CERTIFICATE');
    expect(refused(() => readPemChain(pem(selfSigned('Short', { keyBits: 1024 }))))).toBe(
      'CERTIFICATE_KEY_TOO_SHORT',
    );
  });
});
