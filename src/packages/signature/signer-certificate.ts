import { AsnConvert } from '@peculiar/asn1-schema';
import {
  BasicConstraints,
  Certificate,
  CRLDistributionPoints,
  ExtendedKeyUsage,
  KeyUsage,
  KeyUsageFlags,
  SubjectKeyIdentifier,
  type DistributionPointName,
} from '@peculiar/asn1-x509';
import { createHash, X509Certificate, type KeyObject } from 'node:crypto';
import { readDer } from './der.ts';
import { hashOfRsaOid, oids } from './oids.ts';

/** What verifying a package needs to know of a certificate in its signature. */
export type SignerCertificate = {
  readonly der: Buffer;
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly x509: X509Certificate;
  /** Undefined for a kind of key this Node does not know. */
  readonly publicKey: KeyObject | undefined;
  readonly issuer: Buffer;
  readonly subjectName: Buffer;
  readonly serial: Buffer;
  readonly keyIdentifier: Buffer | undefined;
  readonly signatureOid: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Undefined where the certificate does not restrict them. */
  readonly purposes: readonly string[] | undefined;
  readonly usages: number | undefined;
  readonly isAuthority: boolean;
  readonly pathLengthMax: number | undefined;
  /** Where lists of revoked certificates of its issuer are said to be; nothing ever asks there. */
  readonly distributionPoints: readonly string[];
  /** Critical extensions that nothing here understands. */
  readonly unknownCritical: readonly string[];
};

/** Understood, or without a say in whether a signature holds: names, policies, where to ask for revocation. */
const knownExtensions = new Set<string>([
  oids.subjectKeyIdentifier,
  oids.keyUsage,
  oids.basicConstraints,
  oids.extendedKeyUsage,
  '2.5.29.17',
  '2.5.29.18',
  oids.distributionPoints,
  '2.5.29.32',
  '2.5.29.35',
]);

/** Certificates that were read, oldest first: those of a company come again with each of its packages. */
const known = new Map<string, SignerCertificate>();
const knownMax = 200;

/** Reads a certificate; throws an ordinary `Error` where it can't be read. */
export function readCertificate(der: Buffer): SignerCertificate {
  const fingerprint = createHash('sha256').update(der).digest('hex');
  const before = known.get(fingerprint);
  if (before !== undefined) return before;
  // A copy, since the bytes given are a part of a whole signature, which would be kept with them.
  const certificate = read(Buffer.from(der), fingerprint);
  if (known.size >= knownMax) known.delete(known.keys().next().value!);
  known.set(fingerprint, certificate);
  return certificate;
}

function read(der: Buffer, fingerprint: string): SignerCertificate {
  readDer(der);
  const x509 = new X509Certificate(der);
  const { tbsCertificate, signatureAlgorithm } = AsnConvert.parse(der, Certificate);
  const extensions = tbsCertificate.extensions ?? [];
  const extension = <T>(oid: string, type: new () => T): T | undefined => {
    const found = extensions.filter(({ extnID }) => extnID === oid);
    if (found.length > 1) throw new Error(`a certificate has the extension ${oid} twice`);
    return found[0] === undefined ? undefined : AsnConvert.parse(found[0].extnValue.buffer, type);
  };
  const [notBefore, notAfter] = [
    tbsCertificate.validity.notBefore.getTime(),
    tbsCertificate.validity.notAfter.getTime(),
  ];
  if (Number.isNaN(notBefore.getTime()) || Number.isNaN(notAfter.getTime()))
    throw new Error('a certificate is valid at no time');
  const keyIdentifier = extension(oids.subjectKeyIdentifier, SubjectKeyIdentifier);
  const constraints = extension(oids.basicConstraints, BasicConstraints);
  const purposes = extension(oids.extendedKeyUsage, ExtendedKeyUsage);
  const points = extension(oids.distributionPoints, CRLDistributionPoints);
  return {
    der,
    fingerprint,
    subject: x509.subject.replaceAll('\n', ', '),
    x509,
    publicKey: publicKeyOf(x509),
    issuer: Buffer.from(AsnConvert.serialize(tbsCertificate.issuer)),
    subjectName: Buffer.from(AsnConvert.serialize(tbsCertificate.subject)),
    serial: Buffer.from(tbsCertificate.serialNumber),
    keyIdentifier: keyIdentifier && Buffer.from(keyIdentifier.buffer),
    signatureOid: signatureAlgorithm.algorithm,
    notBefore,
    notAfter,
    purposes: purposes && [...purposes],
    usages: extension(oids.keyUsage, KeyUsage)?.toNumber(),
    isAuthority: constraints?.cA ?? false,
    pathLengthMax: constraints?.pathLenConstraint,
    distributionPoints: [...(points ?? [])].flatMap(({ distributionPoint }) =>
      distributionPoint === undefined ? [] : addressesIn(distributionPoint),
    ),
    unknownCritical: extensions
      .filter(({ critical, extnID }) => critical && !knownExtensions.has(extnID))
      .map(({ extnID }) => extnID),
  };
}

/** The addresses among the names of a point where lists are handed out. */
export function addressesIn({ fullName }: DistributionPointName): string[] {
  return (fullName ?? []).flatMap(({ uniformResourceIdentifier: address }) => address ?? []);
}

function publicKeyOf(x509: X509Certificate): KeyObject | undefined {
  try {
    return x509.publicKey;
  } catch {
    return undefined;
  }
}

/** RSA of at least 2048 bits, the only kind of key NuGet's client takes for packages and time stamps. */
export function hasStrongRsaKey(certificate: SignerCertificate): boolean {
  const key = certificate.publicKey;
  return key?.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
}

/** Whether whoever issued the certificate signed it with RSA and SHA-2. */
export function isStronglySigned(certificate: SignerCertificate): boolean {
  return hashOfRsaOid(certificate.signatureOid) !== undefined;
}

/** Whether the certificate may be used for a purpose; one without a list of purposes may be used for any. */
export function servesPurpose(certificate: SignerCertificate, purpose: string): boolean {
  const { purposes } = certificate;
  return purposes === undefined || purposes.includes(purpose) || purposes.includes(oids.anyPurpose);
}

/** Whether its key may sign data. */
export function maySign({ usages }: SignerCertificate): boolean {
  return usages === undefined || (usages & KeyUsageFlags.digitalSignature) !== 0;
}

/** Whether it may issue a certificate that has `below` more authorities under it. */
export function mayIssue(certificate: SignerCertificate, below: number): boolean {
  const { usages, pathLengthMax } = certificate;
  return (
    certificate.isAuthority &&
    (usages === undefined || (usages & KeyUsageFlags.keyCertSign) !== 0) &&
    (pathLengthMax === undefined || below <= pathLengthMax)
  );
}

/** Whether it may say which of the certificates it issued were revoked. */
export function mayListRevoked({ usages }: SignerCertificate): boolean {
  return usages === undefined || (usages & KeyUsageFlags.cRLSign) !== 0;
}

/** Whether it was issued by itself: nobody but its owner can take it back. */
export function isSelfIssued({ issuer, subjectName }: SignerCertificate): boolean {
  return issuer.equals(subjectName);
}
