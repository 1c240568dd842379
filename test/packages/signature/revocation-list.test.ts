import { Reason, ReasonFlags, Version } from '@peculiar/asn1-x509';
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import {
  covers,
  isListOf,
  readRevocationList,
  revocationIn,
  RevocationListUnreadable,
} from '../../../src/packages/signature/revocation-list.ts';
import { readCertificate } from '../../../src/packages/signature/signer-certificate.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { requires } from '../../support/requires.ts';
import { revocationList, type RevocationWish } from '../../support/revocation-list.ts';

const authority = makeCertificate({ commonName: 'Authority', isAuthority: true });
const leaf = makeCertificate({ commonName: 'Leaf', purposes: ['codeSigning'], issuer: authority });
const other = makeCertificate({ commonName: 'Other', purposes: ['codeSigning'], issuer: authority });
const certificate = (of: typeof leaf) => readCertificate(Buffer.from(of.chain[0]!));
const madeAt = new Date('2026-06-01T12:00:00Z');
const nextAt = new Date('2026-06-08T12:00:00Z');
const since = new Date('2026-05-30T08:00:00Z');
const wish: RevocationWish = {
  issuer: authority,
  madeAt,
  nextAt,
  revoked: [{ certificate: leaf, since, reason: 1 }],
};

describe('a revocation list', () => {
  test('is read from DER and from PEM, with its times and what it revokes', () => {
    const der = revocationList(wish);
    const pem = `-----BEGIN X509 CRL-----\n${der.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END X509 CRL-----\n`;
    for (const list of [readRevocationList(der), readRevocationList(Buffer.from(pem))]) {
      expect(list).toMatchObject({
        issuerName: 'CN=Authority',
        thisUpdate: madeAt,
        nextUpdate: nextAt,
        count: 1,
      });
      expect(isListOf(list, certificate(authority))).toBe(true);
      expect(revocationIn(list, certificate(leaf).serial)).toEqual({ since, reason: 'keyCompromise' });
      expect(revocationIn(list, certificate(other).serial)).toBeUndefined();
    }
  });

  test('may revoke nothing, and be signed with SHA-512', () => {
    const list = readRevocationList(revocationList({ ...wish, revoked: [], signedWith: 'sha512' }));
    expect(isListOf(list, certificate(authority))).toBe(true);
    expect(revocationIn(list, certificate(leaf).serial)).toBeUndefined();
  });

  test('counts from the day the key is doubted, where that is earlier', () => {
    const invalidSince = new Date('2026-05-01T00:00:00Z');
    const list = readRevocationList(
      revocationList({ ...wish, revoked: [{ certificate: leaf, since, reason: 4, invalidSince }] }),
    );
    expect(revocationIn(list, certificate(leaf).serial)).toEqual({
      since: invalidSince,
      reason: 'superseded',
    });
  });

  test('revokes for ever and for no good reason what it lists in a way that is not understood', () => {
    const list = readRevocationList(
      revocationList({ ...wish, revoked: [{ certificate: leaf, since, reason: 4, odd: true }] }),
    );
    expect(revocationIn(list, certificate(leaf).serial)).toEqual({
      since: new Date(0),
      reason: 'unspecified',
    });
  });

  const refused: [string, Partial<RevocationWish>, RegExp][] = [
    ['a delta list', { isDelta: true }, /delta list/],
    ['an indirect list', { scope: { indirectCRL: true } }, /indirect list/],
    [
      'one for some reasons only',
      { scope: { onlySomeReasons: new Reason(ReasonFlags.keyCompromise) } },
      /some reasons/,
    ],
    [
      'one for attribute certificates',
      { scope: { onlyContainsAttributeCerts: true } },
      /attribute certificates/,
    ],
    ['one of version 1', { version: Version.v1, revoked: [] }, /version 2/],
    ['one without a next update', { nextAt: null }, /when the next one comes/],
    ['one signed with SHA-1', { signedWith: 'sha1' }, /RSA and SHA-2/],
    ['one with an unknown demand', { unknownDemand: true }, /not understood/],
  ];
  test.each(refused)('is refused by name where it is %s', (_what, more, why) => {
    const bytes = revocationList({ ...wish, ...more });
    expect(() => readRevocationList(bytes)).toThrow(RevocationListUnreadable);
    expect(() => readRevocationList(bytes)).toThrow(why);
  });

  test('is refused where it is something else, cut off, or has more behind it', () => {
    const der = revocationList(wish);
    const wrong = [
      Buffer.alloc(0),
      Buffer.from('no list'),
      der.subarray(0, -1),
      Buffer.concat([der, Buffer.of(0)]),
    ];
    for (const bytes of [...wrong, Buffer.from(leaf.chain[0]!)])
      expect(() => readRevocationList(bytes)).toThrow(RevocationListUnreadable);
  });

  test('is its issuer’s only where that signed it and may', () => {
    const list = readRevocationList(revocationList(wish));
    const stranger = makeCertificate({ commonName: 'Authority', isAuthority: true, keyBits: 1024 });
    const noLists = makeCertificate({
      commonName: 'Authority',
      isAuthority: true,
      usages: { keyCertSign: true },
    });
    expect(isListOf(list, certificate(stranger))).toBe(false);
    expect(isListOf(list, certificate(noLists))).toBe(false);
    expect(isListOf(list, certificate(leaf))).toBe(false);
    const byOther = readRevocationList(revocationList({ ...wish, key: other.privateKey }));
    expect(isListOf(byOther, certificate(authority))).toBe(false);
  });

  test('of users or authorities only is about those, and one of a part only about that part', () => {
    const of = (more: Partial<RevocationWish>) => readRevocationList(revocationList({ ...wish, ...more }));
    const users = of({ scope: { onlyContainsUserCerts: true } });
    const authorities = of({ scope: { onlyContainsCACerts: true } });
    expect([users, authorities].map((list) => covers(list, certificate(leaf)))).toEqual([true, false]);
    expect([users, authorities].map((list) => covers(list, certificate(authority)))).toEqual([false, true]);
    const part = of({ point: 'http://lists.test/part-1.crl' });
    const inPart = makeCertificate({
      commonName: 'Part',
      issuer: authority,
      distributionPoint: 'http://lists.test/part-1.crl',
    });
    expect([leaf, inPart].map((one) => covers(part, certificate(one)))).toEqual([false, true]);
  });

  if (requires('openssl', 'a list that another program made is read'))
    test('that OpenSSL verifies is the one that is read', () => {
      const der = revocationList(wish);
      const said = execFileSync('openssl', ['crl', '-inform', 'DER', '-noout', '-text'], { input: der });
      expect(said.toString()).toContain('Key Compromise');
      expect(said.toString()).toContain('Jun  1 12:00:00 2026');
    });
});
