import { createHash, createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import forge from 'node-forge';
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
 * Reads a PFX (PKCS #12): the RSA private key, its certificate, and the certificates that issued it as far as they
 * are inside. `password` is empty where the file has none.
 *
 * @throws {IdentityError} PFX_UNREADABLE, PFX_PASSWORD_WRONG, PFX_WITHOUT_KEY, PFX_WITHOUT_CERTIFICATE,
 * CERTIFICATE_KEY_NOT_RSA, CERTIFICATE_KEY_TOO_SHORT
 */
export function readPfx(bytes: Uint8Array, password: string): CompanyCertificate {
  const bags = openPfx(bytes, password);
  const keys = bags.filter(isKeyBag).map(privateKeyOf);
  const [privateKey] = keys;
  if (privateKey === undefined)
    throw new IdentityError('PFX_WITHOUT_KEY', 'Cannot use the PFX: there is no private key in it', {
      hint: 'Export the certificate again together with its private key.',
    });
  if (privateKey.asymmetricKeyType !== 'rsa')
    throw new IdentityError(
      'CERTIFICATE_KEY_NOT_RSA',
      `Cannot use the PFX: its key is ${privateKey.asymmetricKeyType ?? 'of an unknown kind'}, not RSA`,
      { hint: 'Use an RSA certificate of 2048 bits or more; NuGet signatures know no other kind.' },
    );
  const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < shortestRsaBits) throw keyTooShort('the PFX', bits);
  const certificates = bags.filter((bag) => bag.type === forge.pki.oids['certBag']).map(certificateOf);
  const leaf = certificates.find((certificate) => certificate.checkPrivateKey(privateKey));
  if (leaf === undefined)
    throw new IdentityError(
      'PFX_WITHOUT_CERTIFICATE',
      'Cannot use the PFX: none of its certificates belongs to its private key',
      { hint: 'Export the certificate again together with its private key.' },
    );
  return { chain: orderChain(leaf, certificates).map((certificate) => certificate.raw), privateKey };
}

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

function isKeyBag(bag: forge.pkcs12.Bag): boolean {
  return bag.type === forge.pki.oids['pkcs8ShroudedKeyBag'] || bag.type === forge.pki.oids['keyBag'];
}

function openPfx(bytes: Uint8Array, password: string): forge.pkcs12.Bag[] {
  let asn1: forge.asn1.Asn1;
  try {
    asn1 = forge.asn1.fromDer(forge.util.createBuffer(Buffer.from(bytes).toString('binary')));
  } catch (cause) {
    throw pfxUnreadable(cause);
  }
  let failure: unknown;
  for (const attempt of attempts(asn1, password)) {
    try {
      const pfx = forge.pkcs12.pkcs12FromAsn1(attempt.asn1, false, attempt.password);
      return pfx.safeContents.flatMap((contents) => contents.safeBags);
    } catch (error) {
      failure ??= error;
    }
  }
  // node-forge knows no codes: its own words "Invalid password?" and "wrong password?" are all there is.
  if (!(failure instanceof Error) || !/password/i.test(failure.message)) throw pfxUnreadable(failure);
  throw new IdentityError('PFX_PASSWORD_WRONG', 'Cannot open the PFX: the password does not fit', {
    hint:
      password === ''
        ? 'Give the password of the PFX, for example with --password-file.'
        : 'Check the password; mind a line end at the end of a password file.',
    cause: failure,
  });
}

type Attempt = { asn1: forge.asn1.Asn1; password: string | undefined };

function attempts(asn1: forge.asn1.Asn1, password: string): Attempt[] {
  const asItIs = { asn1, password };
  // Without a password some programs encrypt with an empty one and some with none at all.
  if (password === '') return [asItIs, { asn1, password: undefined }];
  // The checksum takes the password in UTF-16 and PBES2 in UTF-8, but node-forge gives both the same characters.
  // Where they differ, the content is opened without the checksum: key and certificate must fit each other anyway.
  const utf8 = forge.util.encodeUtf8(password);
  if (utf8 === password || !Array.isArray(asn1.value)) return [asItIs];
  return [asItIs, { asn1: { ...asn1, value: asn1.value.slice(0, 2) }, password: utf8 }];
}

function pfxUnreadable(cause: unknown): IdentityError {
  return new IdentityError('PFX_UNREADABLE', 'Cannot open the PFX: it is not a PKCS #12 file we can read', {
    hint: 'Give a .pfx or .p12 file with an RSA certificate; PEM files are converted with openssl pkcs12 -export.',
    cause,
  });
}

function privateKeyOf(bag: forge.pkcs12.Bag): KeyObject {
  try {
    // node-forge reads RSA keys only and leaves others as ASN.1.
    if (bag.key) return createPrivateKey(forge.pki.privateKeyToPem(bag.key));
    return createPrivateKey({ key: derOf(bag.asn1), format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw pfxUnreadable(cause);
  }
}

function certificateOf(bag: forge.pkcs12.Bag): X509Certificate {
  return readCertificate(derOf(bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1));
}

function derOf(asn1: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
}

function orderChain(leaf: X509Certificate, others: readonly X509Certificate[]): X509Certificate[] {
  const chain = [leaf];
  for (;;) {
    const last = chain.at(-1)!;
    const issuer = others.find(
      (other) => !chain.includes(other) && last.checkIssued(other) && last.verify(other.publicKey),
    );
    if (issuer === undefined) return chain;
    chain.push(issuer);
  }
}
