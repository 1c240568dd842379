import { createHash, randomBytes, sign, type KeyObject, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  id_kp_serverAuth,
} from '@peculiar/asn1-x509';

const ecdsaWithSha256 = '1.2.840.10045.4.3.2';
const commonNameType = '2.5.4.3';

/** What a certificate says. */
export type CertificateWish = {
  readonly commonName: string;
  readonly subjectKey: KeyObject;
  /** Who signs: an authority by its certificate, or undefined where the certificate signs itself. */
  readonly issuer: X509Certificate | undefined;
  readonly issuerKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The names and addresses of a server; undefined for the authority itself. */
  readonly hosts?: readonly string[] | undefined;
};

/**
 * A certificate signed with ECDSA over P-256, as PEM.
 *
 * Unlike the company certificate, which is RSA because NuGet knows nothing else, these only open TLS connections: an
 * elliptic key is made in a millisecond where RSA takes half a second, and every TLS stack in use reads it.
 */
export function issueCertificate(wish: CertificateWish): string {
  const algorithm = new AlgorithmIdentifier({ algorithm: ecdsaWithSha256 });
  const subject = named(wish.commonName);
  const toBeSigned = new TBSCertificate({
    version: Version.v3,
    // A leading 01 keeps the number positive and its encoding of one length.
    serialNumber: exactly(Buffer.concat([Buffer.of(1), randomBytes(15)])),
    signature: algorithm,
    issuer: wish.issuer === undefined ? subject : subjectOf(wish.issuer),
    subject,
    validity: new Validity({ notBefore: wish.notBefore, notAfter: wish.notAfter }),
    subjectPublicKeyInfo: AsnConvert.parse(spki(wish.subjectKey), SubjectPublicKeyInfo),
    extensions: new Extensions(wish.hosts === undefined ? ofAuthority(wish) : ofServer(wish, wish.hosts)),
  });
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(toBeSigned)), wish.issuerKey);
  const certificate = new Certificate({
    tbsCertificate: toBeSigned,
    signatureAlgorithm: algorithm,
    signatureValue: exactly(signature),
  });
  const base64 = Buffer.from(AsnConvert.serialize(certificate)).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/(.{64})(?=.)/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
}

function ofAuthority({ subjectKey }: CertificateWish): Extension[] {
  return [
    extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: true, pathLenConstraint: 0 })),
    extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)),
    extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(keyIdentifier(subjectKey))),
  ];
}

function ofServer({ subjectKey, issuer }: CertificateWish, hosts: readonly string[]): Extension[] {
  const names = hosts.map(
    (host) => new GeneralName(isIP(host) === 0 ? { dNSName: host } : { iPAddress: host }),
  );
  const signer = keyIdentifier(issuer?.publicKey ?? subjectKey);
  const authority = new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(signer) });
  return [
    extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: false })),
    extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.digitalSignature)),
    // Servers of a cluster dial each other: there one of them is the client.
    extension(id_ce_extKeyUsage, false, new ExtendedKeyUsage([id_kp_serverAuth, id_kp_clientAuth])),
    extension(id_ce_subjectAltName, false, new SubjectAlternativeName(names)),
    extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(keyIdentifier(subjectKey))),
    extension(id_ce_authorityKeyIdentifier, false, authority),
  ];
}

function extension(extnID: string, critical: boolean, value: object): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function named(commonName: string): Name {
  const value = new AttributeValue({ utf8String: commonName });
  return new Name([
    new RelativeDistinguishedName([new AttributeTypeAndValue({ type: commonNameType, value })]),
  ]);
}

/** An issuer is named in the very bytes of its own certificate. */
function subjectOf(certificate: X509Certificate): Name {
  return AsnConvert.parse(certificate.raw, Certificate).tbsCertificate.subject;
}

function spki(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' });
}

function keyIdentifier(key: KeyObject): ArrayBuffer {
  return exactly(createHash('sha256').update(spki(key)).digest().subarray(0, 20));
}

/** The bytes in a buffer of their own: small ones of Node share one. */
function exactly(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
