import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  certificateFacts,
  newCompanyCertificate,
  openIntroduction,
  rawPublicKey,
  sealIntroduction,
  type CompanyCertificate,
  type Introduction,
} from '../../src/identity/index.ts';
import { requires } from '../support/requires.ts';

const refusal = (code: string): unknown => expect.objectContaining({ code });
const validFrom = new Date('2026-01-01T00:00:00Z');
const { certificate: company } = await newCompanyCertificate({
  commonName: 'Acme',
  validFrom,
  validYears: 2,
});
const fingerprint = certificateFacts(company.chain[0]!).fingerprint;
const introduction: Introduction = {
  instanceId: '0123456789abcdef0123456789abcdef',
  name: 'Größe',
  signingKey: rawPublicKey(generateKeyPairSync('ed25519').publicKey),
  sealingKey: rawPublicKey(generateKeyPairSync('x25519').publicKey),
  issuedAt: Date.parse('2026-06-01T00:00:00Z'),
};
const sealed = sealIntroduction(introduction, company);

test('an introduction says what was put into it, and by whose certificate', () => {
  const opened = openIntroduction(sealed, fingerprint);
  expect(opened).toMatchObject({
    instanceId: introduction.instanceId,
    name: 'Größe',
    issuedAt: introduction.issuedAt,
  });
  expect(Buffer.from(opened.signingKey).equals(introduction.signingKey)).toBe(true);
  expect(Buffer.from(opened.sealingKey).equals(introduction.sealingKey)).toBe(true);
  expect(opened.certificate).toMatchObject({ subject: 'CN=Acme', fingerprint });
  expect(opened.chain.map((der) => Buffer.from(der).equals(company.chain[0]!))).toEqual([true]);
});

test('T-18 no single changed byte of an introduction passes', () => {
  for (let at = 0; at < sealed.byteLength; at += 1) {
    const broken = Buffer.from(sealed);
    broken[at]! ^= 1 << (at % 8);
    expect(() => openIntroduction(broken, fingerprint), `byte ${at}`).toThrow();
  }
});

test('an introduction cut anywhere, or with something behind it, is malformed', () => {
  for (let length = 0; length < sealed.byteLength; length += 7)
    expect(() => openIntroduction(sealed.subarray(0, length))).toThrow(refusal('INTRODUCTION_MALFORMED'));
  expect(() => openIntroduction(Buffer.concat([sealed, Buffer.alloc(1)]))).toThrow(
    refusal('INTRODUCTION_MALFORMED'),
  );
  expect(() => openIntroduction(Buffer.alloc(70_000))).toThrow(refusal('INTRODUCTION_MALFORMED'));
});

test('another certificate than the pinned one, and another key than that of the certificate, are refused', async () => {
  expect(() => openIntroduction(sealed, 'ab'.repeat(32))).toThrow(refusal('CERTIFICATE_NOT_PINNED'));
  const other = await newCompanyCertificate({ commonName: 'Other', validFrom, validYears: 2 });
  const mixed: CompanyCertificate = { chain: company.chain, privateKey: other.certificate.privateKey };
  expect(() => sealIntroduction(introduction, mixed)).toThrow(refusal('INTRODUCTION_SIGNATURE_INVALID'));
});

test('the certificate is judged at the time of the introduction', () => {
  for (const time of ['2025-12-31T23:59:59Z', '2028-01-01T00:00:01Z'])
    expect(() => sealIntroduction({ ...introduction, issuedAt: Date.parse(time) }, company)).toThrow(
      refusal('CERTIFICATE_NOT_VALID_THEN'),
    );
  expect(
    sealIntroduction({ ...introduction, issuedAt: Date.parse('2027-12-31T23:59:59Z') }, company),
  ).toBeDefined();
});

test('T-15 unfit keys and names are refused', () => {
  const seal = (change: Partial<Introduction>) => () =>
    sealIntroduction({ ...introduction, ...change }, company);
  expect(seal({ signingKey: new Uint8Array(32) })).toThrow(refusal('PUBLIC_KEY_UNFIT'));
  expect(seal({ sealingKey: new Uint8Array(32) })).toThrow(refusal('PUBLIC_KEY_UNFIT'));
  for (const name of ['', 'ä'.repeat(101), 'a\nb'])
    expect(seal({ name }), name).toThrow(refusal('INTRODUCTION_MALFORMED'));
});

test('a chain is taken only in order, and only with issuers that may issue', () => {
  if (!requires('openssl', 'introductions by a certificate with issuers')) return;
  const folder = mkdtempSync(join(tmpdir(), 'crossgap-chain-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const openssl = (command: string): Buffer =>
    execFileSync('openssl', command.split(' '), { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  const der = (name: string): Uint8Array =>
    new X509Certificate(readFileSync(join(folder, `${name}.pem`))).raw;
  openssl('req -x509 -newkey rsa:2048 -noenc -keyout root.key -out root.pem -days 30 -subj /CN=root');
  openssl('req -newkey rsa:2048 -noenc -keyout leaf.key -out leaf.csr -subj /CN=leaf');
  openssl('x509 -req -in leaf.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -out leaf.pem');
  openssl('req -newkey rsa:2048 -noenc -keyout under.key -out under.csr -subj /CN=under');
  openssl('x509 -req -in under.csr -CA leaf.pem -CAkey leaf.key -CAcreateserial -days 30 -out under.pem');
  const issuedAt = certificateFacts(der('under')).notBefore;
  const seal = (key: string, ...names: string[]) =>
    sealIntroduction(
      { ...introduction, issuedAt },
      { chain: names.map(der), privateKey: createPrivateKey(readFileSync(join(folder, `${key}.key`))) },
    );
  expect(openIntroduction(seal('leaf', 'leaf', 'root')).chain).toHaveLength(2);
  expect(openIntroduction(seal('leaf', 'leaf')).certificate.issuer).toBe('CN=root');
  expect(() => seal('leaf', 'leaf', 'leaf')).toThrow(refusal('CERTIFICATE_CHAIN_BROKEN'));
  expect(() => seal('root', 'root', 'leaf')).toThrow(refusal('CERTIFICATE_CHAIN_BROKEN'));
  expect(() => seal('under', 'under', 'leaf', 'root')).toThrow(refusal('CERTIFICATE_CHAIN_BROKEN'));
});
