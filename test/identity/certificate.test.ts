import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, sign, verify, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';
import { expect, onTestFinished, test } from 'vitest';
import { certificateFacts, newCompanyCertificate, readPfx } from '../../src/identity/index.ts';
import { requires } from '../support/requires.ts';

const refusal = (code: string): unknown => expect.objectContaining({ code });
const validFrom = new Date('2026-01-01T00:00:00Z');
const made = await newCompanyCertificate({
  commonName: 'Größe AG',
  validFrom,
  validYears: 5,
  password: 'päß wörd',
});
const leaf = made.certificate.chain[0]!;

function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'crossgap-pfx-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a new company certificate is self-signed RSA for code signing, valid as long as asked', () => {
  expect(certificateFacts(leaf)).toMatchObject({
    subject: 'CN=Größe AG',
    issuer: 'CN=Größe AG',
    notBefore: Date.parse('2026-01-01T00:00:00Z'),
    notAfter: Date.parse('2031-01-01T00:00:00Z'),
    keyType: 'rsa',
    keyBits: 3072,
    selfSigned: true,
  });
  const certificate = new X509Certificate(leaf);
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.3']);
  expect(certificate.ca).toBe(false);
  expect(certificate.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(
    certificateFacts(leaf).fingerprint,
  );
});

test('a PFX gives back the certificate and the key it was made of, with a password and without one', async () => {
  const read = await readPfx(made.pfx, 'päß wörd');
  expect(read.chain.map((der) => Buffer.from(der))).toEqual([Buffer.from(leaf)]);
  const signature = sign('sha256', Buffer.from('x'), read.privateKey);
  expect(verify('sha256', Buffer.from('x'), createPublicKey(made.certificate.privateKey), signature)).toBe(
    true,
  );
  const open = await newCompanyCertificate({ commonName: 'open', validFrom, validYears: 1 });
  expect((await readPfx(open.pfx, '')).chain).toHaveLength(1);
});

test('a wrong password and a file that is no PFX are told apart', async () => {
  await expect(readPfx(made.pfx, 'pass word')).rejects.toThrow(refusal('PFX_PASSWORD_WRONG'));
  await expect(readPfx(made.pfx, 'päß wörd\n')).rejects.toThrow(refusal('PFX_PASSWORD_WRONG'));
  await expect(readPfx(made.pfx, '')).rejects.toThrow(refusal('PFX_PASSWORD_WRONG'));
  await expect(readPfx(Buffer.from('-----BEGIN CERTIFICATE-----'), '')).rejects.toThrow(
    refusal('PFX_UNREADABLE'),
  );
  await expect(readPfx(new Uint8Array(), '')).rejects.toThrow(refusal('PFX_UNREADABLE'));
  await expect(readPfx(made.pfx.subarray(0, 500), 'päß wörd')).rejects.toThrow(refusal('PFX_UNREADABLE'));
});

test('a PFX without a private key, or with one of another certificate, is refused', async () => {
  const certificate = forge.pki.certificateFromAsn1(forge.asn1.fromDer(Buffer.from(leaf).toString('binary')));
  const pfxOf = (key: forge.pki.rsa.PrivateKey | null): Buffer => {
    // The types leave out that a PFX may hold certificates alone.
    const asn1 = forge.pkcs12.toPkcs12Asn1(key as forge.pki.rsa.PrivateKey, [certificate], 'x');
    return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
  };
  await expect(readPfx(pfxOf(null), 'x')).rejects.toThrow(refusal('PFX_WITHOUT_KEY'));
  const other = await newCompanyCertificate({ commonName: 'other', validFrom, validYears: 1 });
  const pem = other.certificate.privateKey.export({ format: 'pem', type: 'pkcs1' }).toString();
  await expect(readPfx(pfxOf(forge.pki.privateKeyFromPem(pem)), 'x')).rejects.toThrow(
    refusal('PFX_WITHOUT_CERTIFICATE'),
  );
});

test('openssl reads what we write', () => {
  if (!requires('openssl', 'our PFX read by openssl')) return;
  const folder = tempFolder();
  writeFileSync(join(folder, 'ours.pfx'), made.pfx);
  const pem = execFileSync('openssl', ['pkcs12', '-in', 'ours.pfx', '-passin', 'pass:päß wörd', '-noenc'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString();
  expect(new X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERTIFICATE'))).raw.equals(leaf)).toBe(true);
  const key = createPrivateKey(pem.slice(pem.indexOf('-----BEGIN PRIVATE KEY')));
  expect(key.equals(made.certificate.privateKey)).toBe(true);
});

test('what openssl writes is read: chains in order, EC and short keys refused', async () => {
  if (!requires('openssl', 'PFX files written by openssl')) return;
  const folder = tempFolder();
  const openssl = (command: string): Buffer =>
    execFileSync('openssl', command.split(' '), { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  const request = (key: string, name: string): string =>
    `req -x509 -newkey ${key} -noenc -keyout ${name}.key -out ${name}.pem -days 30 -subj /CN=${name}`;
  const pfx = (name: string, more = ''): Buffer => {
    openssl(`pkcs12 -export -in ${name}.pem -inkey ${name}.key -passout pass:x -out ${name}.pfx${more}`);
    return readFileSync(join(folder, `${name}.pfx`));
  };
  openssl(request('ec -pkeyopt ec_paramgen_curve:P-256', 'elliptic'));
  await expect(readPfx(pfx('elliptic'), 'x')).rejects.toThrow(refusal('CERTIFICATE_KEY_NOT_RSA'));
  openssl(request('rsa:1024', 'short'));
  await expect(readPfx(pfx('short'), 'x')).rejects.toThrow(refusal('CERTIFICATE_KEY_TOO_SHORT'));
  openssl(request('rsa:2048', 'root'));
  openssl('req -newkey rsa:2048 -noenc -keyout leaf.key -out leaf.csr -subj /CN=leaf');
  openssl('x509 -req -in leaf.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -out leaf.pem');
  const { chain } = await readPfx(pfx('leaf', ' -certfile root.pem'), 'x');
  expect(chain.map((der) => certificateFacts(der).subject)).toEqual(['CN=leaf', 'CN=root']);
});

test('bytes that are no certificate, or more than one, are refused', () => {
  expect(() => certificateFacts(new Uint8Array())).toThrow(refusal('CERTIFICATE_UNREADABLE'));
  expect(() => certificateFacts(Buffer.concat([leaf, leaf]))).toThrow(refusal('CERTIFICATE_UNREADABLE'));
  expect(() => certificateFacts(leaf.subarray(0, -1))).toThrow(refusal('CERTIFICATE_UNREADABLE'));
  expect(() => certificateFacts(Buffer.from(new X509Certificate(leaf).toString()))).toThrow(
    refusal('CERTIFICATE_UNREADABLE'),
  );
});
