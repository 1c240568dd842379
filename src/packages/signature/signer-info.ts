/**
 * One signer of a package in CMS: the attributes that NuGet's client asks for, signed, and beside them what may be
 * added later. The primary signature and a countersignature are the same thing over different bytes.
 */
import {
  Attribute,
  CMSVersion,
  DigestAlgorithmIdentifier,
  IssuerAndSerialNumber,
  SignatureAlgorithmIdentifier,
  SignerIdentifier,
  SignerInfo,
  SigningTime,
} from '@peculiar/asn1-cms';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { AlgorithmIdentifier, Certificate, GeneralName, SubjectKeyIdentifier } from '@peculiar/asn1-x509';
import { createHash } from 'node:crypto';
import {
  BareValue,
  CommitmentTypeIndication,
  EssCertIdV2,
  IssuerSerial,
  PackageOwners,
  SignedAttributes,
  SigningCertificateV2,
} from './cms-types.ts';
import { hashOid, oids, type HashName } from './oids.ts';
import type { SignerCertificate } from './signer-certificate.ts';

/** As whom a package is signed. */
export type SigningRole =
  | { readonly kind: 'author' }
  | {
      readonly kind: 'repository';
      /** Absolute, https. */
      readonly serviceIndex: string;
      /** May be empty. */
      readonly owners: readonly string[];
    };

/** What is to be signed by `leaf`: the content in CMS, or the signature that is countersigned. */
export type Statement = {
  readonly leaf: SignerCertificate;
  readonly hash: HashName;
  readonly content: Buffer;
  readonly role: SigningRole;
  readonly now: Date;
};

/** What the statement has its signer sign: the signed attributes as a SET, in DER. */
export function bytesToSign(statement: Statement): Buffer {
  return Buffer.from(AsnConvert.serialize(signedAttributes(statement)));
}

/** The statement with its signature, and where there is one a time stamp of that. */
export function signerInfo(
  statement: Statement,
  signature: Buffer,
  timestampToken: Buffer | undefined,
): SignerInfo {
  const { leaf, hash } = statement;
  const sid = signerIdentifier(leaf);
  return new SignerInfo({
    version: sid.subjectKeyIdentifier ? CMSVersion.v3 : CMSVersion.v1,
    sid,
    digestAlgorithm: new DigestAlgorithmIdentifier({ algorithm: hashOid(hash), parameters: null }),
    signedAttrs: signedAttributes(statement),
    signatureAlgorithm: new SignatureAlgorithmIdentifier({ algorithm: oids.rsaEncryption, parameters: null }),
    signature: new OctetString(signature),
    ...(timestampToken && {
      unsignedAttrs: [
        new Attribute({ attrType: oids.timeStampToken, attrValues: [arrayBuffer(timestampToken)] }),
      ],
    }),
  });
}

function signedAttributes({ leaf, hash, content, role, now }: Statement): SignedAttributes {
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
  const commitmentTypeId = role.kind === 'author' ? oids.proofOfOrigin : oids.proofOfReceipt;
  return new SignedAttributes(
    inSetOrder([
      attribute(oids.contentType, filled(new BareValue(), { oid: oids.data })),
      attribute(oids.messageDigest, digest(content)),
      attribute(oids.signingTime, new SigningTime(now)),
      attribute(oids.commitmentType, filled(new CommitmentTypeIndication(), { commitmentTypeId })),
      attribute(oids.signingCertificateV2, filled(new SigningCertificateV2(), { certs: [named] })),
      ...(role.kind === 'repository' ? repositoryAttributes(role.serviceIndex, role.owners) : []),
    ]),
  );
}

function repositoryAttributes(serviceIndex: string, owners: readonly string[]): Attribute[] {
  const url = attribute(oids.serviceIndexUrl, filled(new BareValue(), { ia5: serviceIndex }));
  return owners.length === 0 ? [url] : [url, attribute(oids.packageOwners, new PackageOwners([...owners]))];
}

export function attribute(attrType: string, value: object): Attribute {
  return new Attribute({ attrType, attrValues: [AsnConvert.serialize(value)] });
}

function signerIdentifier(leaf: SignerCertificate): SignerIdentifier {
  if (leaf.keyIdentifier !== undefined)
    return new SignerIdentifier({ subjectKeyIdentifier: new SubjectKeyIdentifier(leaf.keyIdentifier) });
  const { issuer, serialNumber } = AsnConvert.parse(leaf.der, Certificate).tbsCertificate;
  return new SignerIdentifier({ issuerAndSerialNumber: new IssuerAndSerialNumber({ issuer, serialNumber }) });
}

/** DER wants the members of a SET OF in the order of their bytes. */
export function inSetOrder<T>(members: readonly T[]): T[] {
  const encoded = members.map((member) => ({ member, bytes: Buffer.from(AsnConvert.serialize(member)) }));
  return encoded.toSorted((a, b) => Buffer.compare(a.bytes, b.bytes)).map(({ member }) => member);
}

export function filled<T extends object>(value: T, fields: Partial<T>): T {
  return Object.assign(value, fields);
}

export function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
