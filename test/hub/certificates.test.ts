import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureHubAuthority } from '../../src/hub/authority.ts';
import { isStillGood, newServerCertificate } from '../../src/hub/server-certificate.ts';
import { codeOf, refusal } from '../support/refusal.ts';
import { requires } from '../support/requires.ts';

const dayMs = 24 * 3_600_000;
const now = Date.UTC(2026, 2, 2, 12);
const hosts = ['hub.acme.example', '10.1.2.3', '2001:db8::5', 'localhost'];
let keys: string;
beforeAll(() => {
  keys = mkdtempSync(join(tmpdir(), 'crossgap-hub-keys-'));
});
afterAll(() => rmSync(keys, { recursive: true, force: true }));
const authorityOf = (name: string): ReturnType<typeof ensureHubAuthority> =>
  ensureHubAuthority(keys, { name, now });

describe("the hub's authority", () => {
  test('is made once, and is readable by its owner only', () => {
    const first = authorityOf('acme');
    expect(authorityOf('another name').pem).toBe(first.pem);
    expect(statSync(join(keys, 'hub-ca.pem')).mode & 0o777).toBe(0o600);
    expect(first.certificate.ca).toBe(true);
    expect(first.certificate.checkIssued(first.certificate)).toBe(true);
  });

  test.each([
    ['is cut off', (text: string) => text.slice(0, -10)],
    [
      'has another key',
      (text: string) => text.replace(/[^-\n]{20}\n/, (found) => `${found.slice(1, -1)}A\n`),
    ],
    ['is empty', () => ''],
    ['holds no key', (text: string) => text.slice(text.indexOf('-----BEGIN CERTIFICATE'))],
  ])('whose file %s is refused and not replaced', (_what, change) => {
    const path = join(keys, 'hub-ca.pem');
    authorityOf('acme');
    const good = readFileSync(path, 'utf8');
    try {
      writeFileSync(path, change(good));
      expect(codeOf(refusal(() => authorityOf('acme')))).toBe('HUB_AUTHORITY_UNREADABLE verification');
      expect(readFileSync(path, 'utf8')).toBe(change(good));
    } finally {
      writeFileSync(path, good);
    }
  });

  test.skipIf(process.platform === 'win32')('that others may read is refused', () => {
    const path = join(keys, 'hub-ca.pem');
    authorityOf('acme');
    chmodSync(path, 0o640);
    expect(codeOf(refusal(() => authorityOf('acme')))).toBe('KEY_FILE_EXPOSED verification');
    chmodSync(path, 0o600);
  });
});

describe('a certificate of a server', () => {
  test('is good for its names, for two years less the last three months', () => {
    const authority = authorityOf('acme');
    const pem = newServerCertificate({ authority, hosts, now });
    const asked = { authority, hosts, now };
    expect(isStillGood(pem, asked)).toBe(true);
    expect(isStillGood(pem, { ...asked, now: now + 600 * dayMs })).toBe(true);
    expect(isStillGood(pem, { ...asked, now: now + 660 * dayMs })).toBe(false);
    expect(isStillGood(pem, { ...asked, hosts: [...hosts, 'more.acme.example'] })).toBe(false);
    expect(isStillGood(pem, { ...asked, hosts: hosts.slice(1) })).toBe(false);
    expect(isStillGood(pem, { ...asked, hosts: ['x.acme.example', ...hosts.slice(1)] })).toBe(false);
    expect(isStillGood(pem.slice(0, -200), asked)).toBe(false);
    expect(isStillGood('', asked)).toBe(false);
  });

  test('of another authority is not good here', () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'crossgap-hub-keys-'));
    try {
      const other = ensureHubAuthority(elsewhere, { name: 'acme', now });
      const pem = newServerCertificate({ authority: other, hosts, now });
      expect(isStillGood(pem, { authority: authorityOf('acme'), hosts, now })).toBe(false);
    } finally {
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });

  test('does not outlive its authority', () => {
    const authority = authorityOf('acme');
    const late = Date.parse(authority.certificate.validTo) - 30 * dayMs;
    const pem = newServerCertificate({ authority, hosts, now: late });
    const { validTo } = new X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERT')));
    expect(validTo).toBe(authority.certificate.validTo);
  });

  test.skipIf(!requires('openssl', 'certificates of a hub read by openssl'))(
    'of a company with an odd name passes openssl at its strictest',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'crossgap-hub-keys-'));
      try {
        const name = `Ac,me + "Ltd" \\ =ÄÖ 🦉 ${'x'.repeat(90)}`;
        const authority = ensureHubAuthority(folder, { name, now: Date.now() });
        writeFileSync(join(folder, 'ca.pem'), authority.pem);
        writeFileSync(
          join(folder, 'server.pem'),
          newServerCertificate({ authority, hosts, now: Date.now() }),
        );
        const said = execFileSync(
          'openssl',
          ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', 'ca.pem', 'server.pem'],
          { cwd: folder, encoding: 'utf8' },
        );
        expect(said).toContain('server.pem: OK');
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});
