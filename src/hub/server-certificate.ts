import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { dayMs, type HubAuthority } from './authority.ts';
import { issueCertificate } from './certificate.ts';

const yearsValid = 2;
/** A certificate with less than this to run is replaced. */
const renewBeforeMs = 90 * dayMs;

export type ServerCertificateWish = {
  readonly authority: HubAuthority;
  /** Names and addresses under which the server is reached. */
  readonly hosts: readonly string[];
  readonly now: number;
};

/** Private key and certificate of a server, PEM, one behind the other: a server reads both from one file. */
export function newServerCertificate({ authority, hosts, now }: ServerCertificateWish): string {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const wanted = new Date(now);
  wanted.setUTCFullYear(wanted.getUTCFullYear() + yearsValid);
  const certificate = issueCertificate({
    commonName: 'crossgap hub server',
    subjectKey: publicKey,
    issuer: authority.certificate,
    issuerKey: authority.privateKey,
    notBefore: new Date(now - dayMs),
    notAfter: new Date(Math.min(wanted.getTime(), Date.parse(authority.certificate.validTo))),
    hosts,
  });
  return `${privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()}${certificate}`;
}

/** Whether what a server has will do for a while: the same names, of the same authority, not soon over. */
export function isStillGood(pem: string, { authority, hosts, now }: ServerCertificateWish): boolean {
  try {
    const certificate = new X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERTIFICATE')));
    return (
      certificate.checkPrivateKey(createPrivateKey(pem)) &&
      certificate.verify(authority.certificate.publicKey) &&
      Date.parse(certificate.validTo) - now > renewBeforeMs &&
      certificate.subjectAltName?.split(', ').length === hosts.length &&
      hosts.every((host) => coversHost(certificate, host))
    );
  } catch {
    // Cut off, changed by hand or something else altogether: a new one is made.
    return false;
  }
}

/** When the certificate of a server ends, milliseconds since 1970. */
export function endOfCertificate(pem: string): number {
  return Date.parse(new X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERTIFICATE'))).validTo);
}

function coversHost(certificate: X509Certificate, host: string): boolean {
  const found = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host);
  return found !== undefined;
}
