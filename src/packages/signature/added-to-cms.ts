/**
 * Adds to a CMS message what nobody signed: certificates, and attributes beside the signature of its one signer. What
 * was signed stays the bytes it is, and that it did is looked at before the new message is given out.
 */
import { AsnConvert, AsnPropTypes, AsnSerializer } from '@peculiar/asn1-schema';
import { ContentInfo, type Attribute } from '@peculiar/asn1-cms';
import assert from 'node:assert/strict';
import { readCms } from './cms.ts';
import { fields } from './cms-types.ts';
import { readDer, type DerValue } from './der.ts';
import { oids } from './oids.ts';
import type { SignerCertificate } from './signer-certificate.ts';
import { arrayBuffer, filled } from './signer-info.ts';

/** A signer whose parts are taken as they stand. */
class SignerParts {
  version?: ArrayBuffer | undefined;
  sid?: ArrayBuffer | undefined;
  digestAlgorithm?: ArrayBuffer | undefined;
  signedAttrs?: ArrayBuffer | undefined;
  signatureAlgorithm?: ArrayBuffer | undefined;
  signature?: ArrayBuffer | undefined;
  unsignedAttrs?: ArrayBuffer[];
}
const part = { type: AsnPropTypes.Any, optional: true } as const;
fields(SignerParts, {
  version: part,
  sid: part,
  digestAlgorithm: part,
  signedAttrs: part,
  signatureAlgorithm: part,
  signature: part,
  unsignedAttrs: { ...part, repeated: 'set', context: 1, implicit: true },
});

/** Signed data whose parts are taken as they stand. */
class DataParts {
  version?: ArrayBuffer | undefined;
  digestAlgorithms?: ArrayBuffer | undefined;
  content?: ArrayBuffer | undefined;
  certificates?: ArrayBuffer[];
  crls?: ArrayBuffer | undefined;
  signerInfos: ArrayBuffer[] = [];
}
fields(DataParts, {
  version: part,
  digestAlgorithms: part,
  content: part,
  certificates: { ...part, repeated: 'set', context: 0, implicit: true },
  crls: part,
  signerInfos: { type: AsnPropTypes.Any, repeated: 'set' },
});

const tags = { certificates: 0xa0, crls: 0xa1, unsigned: 0xa1 } as const;

/** The message with these certificates, as far as it has them not already. */
export function withCertificates(message: Buffer, added: readonly SignerCertificate[]): Buffer {
  const known = new Set(readCms(message).certificates.map(({ fingerprint }) => fingerprint));
  const missing = added.filter(({ fingerprint }) => !known.has(fingerprint));
  return missing.length === 0 ? message : rewritten(message, missing, (attributes) => attributes);
}

/**
 * The message with these certificates, and other attributes beside the signature: `change` gets those there are, each
 * in DER, and gives those there will be.
 */
export function withUnsigned(
  message: Buffer,
  added: readonly SignerCertificate[],
  change: (attributes: readonly Buffer[]) => readonly Buffer[],
): Buffer {
  return rewritten(message, added, change);
}

export const encodedAttribute = (attribute: Attribute): Buffer =>
  Buffer.from(AsnConvert.serialize(attribute));

function rewritten(
  message: Buffer,
  added: readonly SignerCertificate[],
  change: (attributes: readonly Buffer[]) => readonly Buffer[],
): Buffer {
  const before = readCms(message);
  const data = readDer(message).children[1]!.children[0]!;
  const [version, digestAlgorithms, content] = data.children.map(raw);
  const certificates = childrenOf(data, tags.certificates).map(({ bytes }) => bytes);
  const [signer, ...others] = data.children.at(-1)!.children;
  assert(signer !== undefined && others.length === 0, 'a message with one signer');
  const crls = data.children.find(({ tag }) => tag === tags.crls);
  const all = [...certificates, ...added.map(({ der }) => der)];
  const parts = filled(new DataParts(), {
    version,
    digestAlgorithms,
    content,
    certificates: inByteOrder(distinct(all)),
    ...(crls && { crls: raw(crls) }),
    signerInfos: [changedSigner(signer, change)],
  });
  const info = new ContentInfo({ contentType: oids.signedData, content: AsnSerializer.serialize(parts) });
  const bytes = Buffer.from(AsnConvert.serialize(info));
  const after = readCms(bytes);
  const had = before.certificates.map(({ fingerprint }) => fingerprint);
  const has = new Set(after.certificates.map(({ fingerprint }) => fingerprint));
  assert(after.content.equals(before.content) && had.every((each) => has.has(each)), 'what was there stays');
  for (const field of ['signedBytes', 'signature'] as const)
    assert(after.signers[0]![field].equals(before.signers[0]![field]), `${field} stays as it was`);
  return bytes;
}

function changedSigner(
  signer: DerValue,
  change: (attributes: readonly Buffer[]) => readonly Buffer[],
): ArrayBuffer {
  const [version, sid, digestAlgorithm, signedAttrs, signatureAlgorithm, signature] =
    signer.children.map(raw);
  const unsigned = change(childrenOf(signer, tags.unsigned).map(({ bytes }) => bytes));
  return AsnSerializer.serialize(
    filled(new SignerParts(), {
      version,
      sid,
      digestAlgorithm,
      signedAttrs,
      signatureAlgorithm,
      signature,
      ...(unsigned.length > 0 && { unsignedAttrs: inByteOrder(unsigned) }),
    }),
  );
}

function childrenOf(value: DerValue, tag: number): readonly DerValue[] {
  return value.children.find((child) => child.tag === tag)?.children ?? [];
}

function distinct(list: readonly Buffer[]): Buffer[] {
  return [...new Map(list.map((bytes) => [bytes.toString('latin1'), bytes])).values()];
}

/** DER wants the members of a SET OF in the order of their bytes. */
function inByteOrder(list: readonly Buffer[]): ArrayBuffer[] {
  return list.toSorted((a, b) => Buffer.compare(a, b)).map(arrayBuffer);
}

const raw = ({ bytes }: DerValue): ArrayBuffer => arrayBuffer(bytes);
