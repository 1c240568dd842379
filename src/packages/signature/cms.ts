/**
 * Reads CMS SignedData (RFC 5652) as package signatures and time stamps use it.
 *
 * What was signed is taken as the bytes stand in the input; the meaning is read from those same bytes by the ASN.1
 * library. Everything throws `CmsUnreadable`, so that one place can say "the signature is not readable".
 */
import { ContentInfo, SignedData, SignerInfo, type Attribute } from '@peculiar/asn1-cms';
import { AsnConvert } from '@peculiar/asn1-schema';
import type { AlgorithmIdentifier, Name } from '@peculiar/asn1-x509';
import { createHash, verify as verifySignature, timingSafeEqual } from 'node:crypto';
import { SignedAttributes } from './cms-types.ts';
import { readDer, type DerValue } from './der.ts';
import { hashOfOid, hashOfRsaOid, oids, type HashName } from './oids.ts';
import { readCertificate, type SignerCertificate } from './signer-certificate.ts';

/** The bytes are not a CMS message that can be read. */
export class CmsUnreadable extends Error {}

export type CmsSigner = {
  /** How the signer is named: by key identifier, or by issuer (DER) and serial number. */
  readonly keyIdentifier: Buffer | undefined;
  readonly issuer: Buffer | undefined;
  readonly serial: Buffer | undefined;
  readonly digestOid: string;
  readonly signatureOid: string;
  readonly signature: Buffer;
  /** The signed attributes as they were signed: their DER with the tag of a SET. */
  readonly signedBytes: Buffer;
  readonly signed: CmsAttributes;
  readonly unsigned: CmsAttributes;
};

/** Attribute values in DER by attribute type, one list for each time the attribute occurs. */
export type CmsAttributes = ReadonlyMap<string, readonly (readonly Buffer[])[]>;

export type CmsMessage = {
  readonly contentType: string;
  readonly content: Buffer;
  readonly certificates: readonly SignerCertificate[];
  readonly signers: readonly CmsSigner[];
};

const certificatesMax = 100;
const set = 0x31;
/** The ASN.1 library gives null for the value NULL. */
const derNull = Buffer.from([0x05, 0x00]);

/**
 * The tags of the parts of a structure, as text: the ASN.1 library is generous with tags, and what is not signed
 * (everything around the signed attributes) would be open to change.
 */
const shapes = {
  contentInfo: /^30 06 a0$/,
  signedData: /^30 02 31 30( a0)?( a1)? 31$/,
  signerInfo: /^30 02 (30|80) 30 a0 30 04( a1)?$/,
} as const;

function hasShape(value: DerValue, shape: RegExp): boolean {
  return shape.test([value, ...value.children].map(({ tag }) => tag.toString(16).padStart(2, '0')).join(' '));
}

/** Reads a ContentInfo with SignedData in it. */
export function readCms(bytes: Buffer): CmsMessage {
  return reading(() => {
    const root = readDer(bytes);
    const der = root.children[1]?.children[0];
    const info = AsnConvert.parse(bytes, ContentInfo);
    const isSignedData = info.contentType === oids.signedData && hasShape(root, shapes.contentInfo);
    if (!isSignedData || der === undefined || !hasShape(der, shapes.signedData))
      throw new CmsUnreadable('it is not SignedData');
    const data = AsnConvert.parse(der.bytes, SignedData);
    const content = data.encapContentInfo.eContent?.single;
    if (content === undefined) throw new CmsUnreadable('it does not hold what it signs');
    const certificates = der.children.find(({ tag }) => tag === 0xa0)?.children ?? [];
    if (certificates.length > certificatesMax) throw new CmsUnreadable('it has too many certificates');
    const signers = der.children.at(-1)!.children.map(readSignerInfo);
    const hashes = new Set(data.digestAlgorithms.map(plainOid));
    if (signers.some(({ digestOid }) => !hashes.has(digestOid)))
      throw new CmsUnreadable('it does not announce the hash it is signed with');
    return {
      contentType: data.encapContentInfo.eContentType,
      content: Buffer.from(content.buffer),
      certificates: certificates.map((each) => readCertificate(each.bytes)),
      signers,
    };
  });
}

/** The identifier of an algorithm that has no parameters, which may be said in two ways. */
function plainOid({ algorithm, parameters }: AlgorithmIdentifier): string {
  if (parameters) throw new CmsUnreadable('an algorithm in it has parameters');
  return algorithm;
}

/** Reads a SignerInfo on its own, as a countersignature is. */
export function readSigner(bytes: Buffer): CmsSigner {
  return reading(() => readSignerInfo(readDer(bytes)));
}

function readSignerInfo(der: DerValue): CmsSigner {
  if (!hasShape(der, shapes.signerInfo)) throw new CmsUnreadable('its signer has no signed attributes');
  const info = AsnConvert.parse(der.bytes, SignerInfo);
  const { subjectKeyIdentifier: keyId, issuerAndSerialNumber: named } = info.sid;
  const signedBytes = Buffer.from(der.children[3]!.bytes);
  signedBytes[0] = set;
  return {
    keyIdentifier: keyId && Buffer.from(keyId.buffer),
    issuer: named && encodedName(named.issuer),
    serial: named && Buffer.from(named.serialNumber),
    digestOid: plainOid(info.digestAlgorithm),
    signatureOid: plainOid(info.signatureAlgorithm),
    signature: Buffer.from(info.signature.buffer),
    signedBytes,
    signed: attributes(AsnConvert.parse(signedBytes, SignedAttributes)),
    unsigned: attributes(info.unsignedAttrs ?? []),
  };
}

function attributes(list: readonly Attribute[]): CmsAttributes {
  const byType = new Map<string, Buffer[][]>();
  for (const { attrType, attrValues } of list) {
    const values = attrValues.map((value: ArrayBuffer | null) => (value ? Buffer.from(value) : derNull));
    byType.set(attrType, [...(byType.get(attrType) ?? []), values]);
  }
  return byType;
}

/** The value of an attribute that occurs once with one value; undefined otherwise. */
export function onlyValue(list: CmsAttributes, oid: string): Buffer | undefined {
  const found = list.get(oid);
  return found?.length === 1 && found[0]!.length === 1 ? found[0]![0] : undefined;
}

/** Reads an attribute value or another small structure by its type. */
export function readAs<T>(bytes: Buffer, type: new () => T): T {
  return reading(() => {
    readDer(bytes);
    return AsnConvert.parse(bytes, type);
  });
}

/** A name as DER, which is how two names are compared. */
export function encodedName(name: Name): Buffer {
  return reading(() => Buffer.from(AsnConvert.serialize(name)));
}

/** The certificates the signer may mean: those with its key identifier, or its issuer and serial number. */
export function signerCertificates(
  signer: CmsSigner,
  certificates: readonly SignerCertificate[],
): SignerCertificate[] {
  const { keyIdentifier, issuer, serial } = signer;
  if (keyIdentifier !== undefined)
    return certificates.filter((each) => each.keyIdentifier?.equals(keyIdentifier));
  if (issuer === undefined || serial === undefined) return [];
  return certificates.filter((each) => each.issuer.equals(issuer) && each.serial.equals(serial));
}

/** Whether the signed attributes are about `content`, and signed by the key of `certificate`. */
export function signatureHolds(signer: CmsSigner, certificate: SignerCertificate, content: Buffer): boolean {
  const hash = hashOfOid(signer.digestOid);
  if (hash === undefined || !isRsaWith(signer.signatureOid, hash)) return false;
  const digest = onlyValue(signer.signed, oids.messageDigest);
  if (digest === undefined) return false;
  const expected = createHash(hash).update(content).digest();
  const said = octets(digest);
  if (said.length !== expected.length || !timingSafeEqual(said, expected)) return false;
  if (certificate.publicKey?.asymmetricKeyType !== 'rsa') return false;
  return verifySignature(hash, signer.signedBytes, certificate.publicKey, signer.signature);
}

/** The content of a DER OCTET STRING; nothing where it is something else. */
export function octets(bytes: Buffer): Buffer {
  const [tag, length] = [bytes[0], bytes[1]];
  return tag === 0x04 && length === bytes.length - 2 && length < 0x80 ? bytes.subarray(2) : Buffer.alloc(0);
}

function isRsaWith(oid: string, hash: HashName): boolean {
  return oid === oids.rsaEncryption || hashOfRsaOid(oid) === hash;
}

function reading<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof CmsUnreadable) throw cause;
    throw new CmsUnreadable(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
