import { createPrivateKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readKeyFile } from '../identity/index.ts';
import { writeOnce } from '../write-once.ts';
import { issueCertificate } from './certificate.ts';
import { HubError } from './errors.ts';

/** What vouches for the hub's servers: a certificate that invitations carry and customers pin, and its key. */
export type HubAuthority = {
  readonly certificate: X509Certificate;
  /** The certificate as PEM, as it stands in invitations. */
  readonly pem: string;
  readonly privateKey: KeyObject;
};

/** Links pin it for as long as they last. */
const yearsValid = 20;

/**
 * The authority of the instance whose keys lie in `keysFolder`, in `hub-ca.pem` there (0600; private key and
 * certificate in one file, so that there is never one without the other); made when it is asked for the first time.
 *
 * @throws HubError HUB_AUTHORITY_UNREADABLE; IdentityError KEY_FILE_EXPOSED
 */
export function ensureHubAuthority(keysFolder: string, facts: { name: string; now: number }): HubAuthority {
  const path = join(keysFolder, 'hub-ca.pem');
  if (!existsSync(path)) writeOnce(path, newAuthority(facts));
  return readAuthority(path, readKeyFile(path).toString('latin1'));
}

function newAuthority({ name, now }: { name: string; now: number }): string {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + yearsValid);
  const certificate = issueCertificate({
    // 64 characters is what a common name may have.
    commonName: `crossgap hub of ${Array.from(name).slice(0, 40).join('')}`,
    subjectKey: publicKey,
    issuer: undefined,
    issuerKey: privateKey,
    notBefore: new Date(now - dayMs),
    notAfter,
  });
  return `${privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()}${certificate}`;
}

/** Clocks of customers may be behind. */
export const dayMs = 24 * 3600 * 1000;

function readAuthority(path: string, text: string): HubAuthority {
  const [, key, pem] =
    /^(-----BEGIN PRIVATE KEY-----\n[^-]+-----END PRIVATE KEY-----\n)(-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n)$/.exec(
      text,
    ) ?? [];
  if (key === undefined || pem === undefined) throw unreadable(path);
  try {
    const certificate = new X509Certificate(pem);
    const privateKey = createPrivateKey(key);
    if (certificate.ca && certificate.checkPrivateKey(privateKey)) return { certificate, pem, privateKey };
  } catch (cause) {
    throw unreadable(path, cause);
  }
  throw unreadable(path);
}

function unreadable(path: string, cause?: unknown): HubError {
  return new HubError(
    'HUB_AUTHORITY_UNREADABLE',
    `Cannot use the hub's authority ${path}: it is not one private key and its certificate`,
    {
      hint: 'Put the file back from where it was kept; a new one would be unknown to every customer invited so far.',
      details: { path },
      cause,
    },
  );
}
