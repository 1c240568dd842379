/**
 * Builds the primary signature of a package: CMS SignedData with one signer, over the text that names the hash of the
 * package, and the certificates up to the root.
 */
import {
  CertificateChoices,
  CertificateSet,
  ContentInfo,
  DigestAlgorithmIdentifier,
  DigestAlgorithmIdentifiers,
  EncapsulatedContent,
  EncapsulatedContentInfo,
  SignedData,
  SignerInfos,
} from '@peculiar/asn1-cms';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { Certificate } from '@peculiar/asn1-x509';
import { readCms } from './cms.ts';
import { hashOid, oids, type HashName } from './oids.ts';
import { requireUsable, signerChain, signWith, unusable, type PackageSigner } from './package-signer.ts';
import { signatureContent } from './signature-content.ts';
import { bytesToSign, inSetOrder, signerInfo, type SigningRole, type Statement } from './signer-info.ts';
import type { SignerCertificate } from './signer-certificate.ts';

/** What is said about a package whose hash is `digest`, by whom, and what stamps it with a time. */
export type NewSignature = {
  readonly signer: PackageSigner;
  readonly hash: HashName;
  readonly digest: Buffer;
  readonly role: SigningRole;
  readonly now: Date;
  /** Gets a time stamp token for a signature value. */
  readonly stamp?: ((signature: Buffer) => Promise<Buffer>) | undefined;
};

/**
 * The signature as DER. Errors: `PACKAGE_CERTIFICATE_UNUSABLE`, `PACKAGE_SIGNER_FAILED`, and those of `stamp`.
 */
export async function buildSignature(wish: NewSignature): Promise<Buffer> {
  const chain = signerChain(wish.signer);
  requireUsable(chain[0], wish.signer, wish.now);
  const bytes = await encodeSignature(wish);
  requireUnaltered(bytes, chain);
  return bytes;
}

/** The same, whatever the certificate is. */
export async function encodeSignature(wish: NewSignature): Promise<Buffer> {
  const { signer, hash, digest, role, now } = wish;
  const chain = signerChain(signer);
  const content = signatureContent(hash, digest);
  const statement: Statement = { leaf: chain[0], hash, content, role, now };
  const signature = await signWith(signer, chain[0], hash, bytesToSign(statement));
  const info = signerInfo(statement, signature, await wish.stamp?.(signature));
  const algorithm = new DigestAlgorithmIdentifier({ algorithm: hashOid(hash), parameters: null });
  const data = new SignedData({
    version: info.version,
    digestAlgorithms: new DigestAlgorithmIdentifiers([algorithm]),
    encapContentInfo: new EncapsulatedContentInfo({
      eContentType: oids.data,
      eContent: new EncapsulatedContent({ single: new OctetString(content) }),
    }),
    certificates: certificateSet(chain),
    signerInfos: new SignerInfos([info]),
  });
  return Buffer.from(
    AsnConvert.serialize(
      new ContentInfo({ contentType: oids.signedData, content: AsnConvert.serialize(data) }),
    ),
  );
}

function certificateSet(chain: readonly SignerCertificate[]): CertificateSet {
  const certificates = inSetOrder(chain.map(({ der }) => AsnConvert.parse(der, Certificate)));
  return new CertificateSet(certificates.map((certificate) => new CertificateChoices({ certificate })));
}

/** A certificate that is not DER in every corner would be another one after it was encoded again. */
export function requireUnaltered(signature: Buffer, chain: readonly SignerCertificate[]): void {
  const inside = new Set(readCms(signature).certificates.map(({ fingerprint }) => fingerprint));
  if (chain.some(({ fingerprint }) => !inside.has(fingerprint)))
    throw unusable('one of its chain is not encoded in DER');
}
