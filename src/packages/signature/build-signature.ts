/**
 * Builds the author signature of a package: CMS SignedData with the attributes that NuGet's client asks for, the
 * certificates up to the root, and no time stamp.
 */
import {
  Attribute,
  CertificateChoices,
  CertificateSet,
  CMSVersion,
  ContentInfo,
  DigestAlgorithmIdentifier,
  DigestAlgorithmIdentifiers,
  EncapsulatedContent,
  EncapsulatedContentInfo,
  IssuerAndSerialNumber,
  SignatureAlgorithmIdentifier,
  SignedData,
  SignerIdentifier,
  SignerInfo,
  SignerInfos,
  SigningTime,
} from '@peculiar/asn1-cms';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { AlgorithmIdentifier, Certificate, GeneralName, SubjectKeyIdentifier } from '@peculiar/asn1-x509';
import { createHash, sign } from 'node:crypto';
import type { CompanyCertificate } from '../../identity/index.ts';
import { readCms } from './cms.ts';
import {
  BareValue,
  CommitmentTypeIndication,
  EssCertIdV2,
  IssuerSerial,
  SignedAttributes,
  SigningCertificateV2,
} from './cms-types.ts';
import { PackageError } from '../errors.ts';
import { hashOid, oids, type HashName } from './oids.ts';
import { signatureContent } from './signature-content.ts';
import {
  hasStrongRsaKey,
  isStronglySigned,
  maySign,
  readCertificate,
  servesPurpose,
  type SignerCertificate,
} from './signer-certificate.ts';

/** The signature of a package whose hash is `digest`, as DER. Errors: `PACKAGE_CERTIFICATE_UNUSABLE`. */
export function buildSignature(
  company: CompanyCertificate,
  hash: HashName,
  digest: Buffer,
  now: Date,
): Buffer {
  const chain = company.chain.map((der) => readCertificate(Buffer.from(der)));
  const leaf = chain[0];
  if (leaf === undefined) throw unusable('there is none');
  checkSigner(leaf, company, now);
  const bytes = encodeSignature(company, hash, digest, now);
  checkUnaltered(bytes, chain);
  return bytes;
}

/** The same, whatever the certificate is. */
export function encodeSignature(
  company: CompanyCertificate,
  hash: HashName,
  digest: Buffer,
  now: Date,
): Buffer {
  const chain = company.chain.map((der) => readCertificate(Buffer.from(der)));
  const leaf = chain[0]!;
  const content = signatureContent(hash, digest);
  const attributes = signedAttributes(leaf, hash, content, now);
  const signed = Buffer.from(AsnConvert.serialize(attributes));
  const algorithm = { algorithm: hashOid(hash), parameters: null };
  const sid = signerIdentifier(leaf);
  const signer = new SignerInfo({
    version: sid.subjectKeyIdentifier ? CMSVersion.v3 : CMSVersion.v1,
    sid,
    digestAlgorithm: new DigestAlgorithmIdentifier(algorithm),
    signedAttrs: attributes,
    signatureAlgorithm: new SignatureAlgorithmIdentifier({ algorithm: oids.rsaEncryption, parameters: null }),
    signature: new OctetString(sign(hash, signed, company.privateKey)),
  });
  const data = new SignedData({
    version: signer.version,
    digestAlgorithms: new DigestAlgorithmIdentifiers([new DigestAlgorithmIdentifier(algorithm)]),
    encapContentInfo: new EncapsulatedContentInfo({
      eContentType: oids.data,
      eContent: new EncapsulatedContent({ single: new OctetString(content) }),
    }),
    certificates: certificateSet(chain),
    signerInfos: new SignerInfos([signer]),
  });
  const info = new ContentInfo({ contentType: oids.signedData, content: AsnConvert.serialize(data) });
  return Buffer.from(AsnConvert.serialize(info));
}

function signedAttributes(
  leaf: SignerCertificate,
  hash: HashName,
  content: Buffer,
  now: Date,
): SignedAttributes {
  const digest = (bytes: Buffer): OctetString => new OctetString(createHash(hash).update(bytes).digest());
  const issuer = new GeneralName({
    directoryName: AsnConvert.parse(leaf.der, Certificate).tbsCertificate.issuer,
  });
  const issuerSerial = filled(new IssuerSerial(), {
    issuer: [issuer],
    serialNumber: arrayBuffer(leaf.serial),
  });
  const named = filled(new EssCertIdV2(), {
    hashAlgorithm: new AlgorithmIdentifier({ algorithm: hashOid(hash) }),
    certHash: digest(leaf.der),
    issuerSerial,
  });
  const attribute = (attrType: string, value: object): Attribute =>
    new Attribute({ attrType, attrValues: [AsnConvert.serialize(value)] });
  const list = [
    attribute(oids.contentType, filled(new BareValue(), { oid: oids.data })),
    attribute(oids.messageDigest, digest(content)),
    attribute(oids.signingTime, new SigningTime(now)),
    attribute(
      oids.commitmentType,
      filled(new CommitmentTypeIndication(), { commitmentTypeId: oids.proofOfOrigin }),
    ),
    attribute(oids.signingCertificateV2, filled(new SigningCertificateV2(), { certs: [named] })),
  ];
  return new SignedAttributes(inSetOrder(list));
}

function signerIdentifier(leaf: SignerCertificate): SignerIdentifier {
  if (leaf.keyIdentifier !== undefined)
    return new SignerIdentifier({ subjectKeyIdentifier: new SubjectKeyIdentifier(leaf.keyIdentifier) });
  const { issuer, serialNumber } = AsnConvert.parse(leaf.der, Certificate).tbsCertificate;
  return new SignerIdentifier({ issuerAndSerialNumber: new IssuerAndSerialNumber({ issuer, serialNumber }) });
}

function certificateSet(chain: readonly SignerCertificate[]): CertificateSet {
  const certificates = inSetOrder(chain.map(({ der }) => AsnConvert.parse(der, Certificate)));
  return new CertificateSet(certificates.map((certificate) => new CertificateChoices({ certificate })));
}

/** DER wants the members of a SET OF in the order of their bytes. */
function inSetOrder<T>(members: readonly T[]): T[] {
  const encoded = members.map((member) => ({ member, bytes: Buffer.from(AsnConvert.serialize(member)) }));
  return encoded.toSorted((a, b) => Buffer.compare(a.bytes, b.bytes)).map(({ member }) => member);
}

/** A certificate that is not DER in every corner would be another one after it was encoded again. */
function checkUnaltered(signature: Buffer, chain: readonly SignerCertificate[]): void {
  const inside = new Set(readCms(signature).certificates.map(({ fingerprint }) => fingerprint));
  if (chain.some(({ fingerprint }) => !inside.has(fingerprint)))
    throw unusable('one of its chain is not encoded in DER');
}

function checkSigner(leaf: SignerCertificate, company: CompanyCertificate, now: Date): void {
  if (!hasStrongRsaKey(leaf)) throw unusable('its key is not RSA of at least 2048 bits');
  if (!leaf.x509.checkPrivateKey(company.privateKey)) throw unusable('the private key is not its own');
  if (!isStronglySigned(leaf)) throw unusable('it is not signed with RSA and SHA-2');
  if (!servesPurpose(leaf, oids.codeSigning) || !maySign(leaf)) throw unusable('it is not for signing code');
  if (leaf.purposes?.includes(oids.lifetimeSigning)) throw unusable('it is for lifetime signing');
  if (leaf.unknownCritical.length > 0) throw unusable('it has demands that are not understood');
  if (now < leaf.notBefore || now > leaf.notAfter)
    throw unusable(`it is valid from ${leaf.notBefore.toISOString()} to ${leaf.notAfter.toISOString()}`);
}

function unusable(because: string): PackageError {
  const message = `Cannot sign packages with the company certificate: ${because}`;
  return new PackageError('PACKAGE_CERTIFICATE_UNUSABLE', message, {
    hint: 'Use an RSA certificate for code signing that is valid today, with its own private key.',
  });
}

function filled<T extends object>(value: T, fields: Partial<T>): T {
  return Object.assign(value, fields);
}

function arrayBuffer(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
