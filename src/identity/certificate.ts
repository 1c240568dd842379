import { createHash, X509Certificate, type KeyObject } from 'node:crypto';
import { IdentityError } from './errors.ts';

/** The certificate a company is known by, with the private key that its build server holds. */
export type CompanyCertificate = {
  /** DER, the company's own certificate first, then those that issued it. */
  readonly chain: readonly Uint8Array[];
  readonly privateKey: KeyObject;
};

/** What a certificate says, as far as crossgap uses it. */
export type CertificateFacts = {
  /** One line, parts divided by a comma, in the order of the certificate. */
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  /** SHA-256 of the DER, lower-case hex: what a link pins. */
  readonly fingerprint: string;
  /** Milliseconds since 1970, UTC. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly keyType: string;
  /** Size of an RSA modulus, 0 for other keys. */
  readonly keyBits: number;
  readonly selfSigned: boolean;
};

export const shortestRsaBits = 2048;

/**
 * The facts of one certificate.
 *
 * @throws {IdentityError} CERTIFICATE_UNREADABLE
 */
export function certificateFacts(der: Uint8Array): CertificateFacts {
  return factsOf(readCertificate(der), der);
}

/** The same from a certificate already read. */
export function factsOf(certificate: X509Certificate, der: Uint8Array): CertificateFacts {
  const key = certificate.publicKey;
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    serialNumber: certificate.serialNumber.toLowerCase(),
    fingerprint: createHash('sha256').update(der).digest('hex'),
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
    keyType: key.asymmetricKeyType ?? 'unknown',
    keyBits: key.asymmetricKeyType === 'rsa' ? (key.asymmetricKeyDetails?.modulusLength ?? 0) : 0,
    selfSigned: certificate.subject === certificate.issuer && certificate.verify(key),
  };
}

/** @throws {IdentityError} CERTIFICATE_UNREADABLE: not DER, more behind it, or a key that can't be read. */
export function readCertificate(der: Uint8Array): X509Certificate {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
    void certificate.publicKey;
  } catch (cause) {
    throw unreadable('it is not an X.509 certificate in DER', cause);
  }
  if (!certificate.raw.equals(der)) throw unreadable('there is more in it than one certificate in DER');
  if (Number.isNaN(Date.parse(certificate.validFrom)) || Number.isNaN(Date.parse(certificate.validTo)))
    throw unreadable('its dates can not be read');
  return certificate;
}

export function keyTooShort(where: string, bits: number): IdentityError {
  return new IdentityError('CERTIFICATE_KEY_TOO_SHORT', `Cannot use ${where}: its RSA key has ${bits} bits`, {
    hint: `Use a certificate with at least ${shortestRsaBits} bits.`,
    details: { bits },
  });
}

function unreadable(why: string, cause?: unknown): IdentityError {
  return new IdentityError('CERTIFICATE_UNREADABLE', `Cannot read a certificate: ${why}`, {
    hint: 'Ask for the certificate again; this one is damaged or of another kind.',
    cause,
  });
}

/** OpenSSL gives one part a line. */
function oneLine(name: string): string {
  return name.split('\n').join(', ');
}
