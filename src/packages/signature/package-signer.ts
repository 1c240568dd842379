import { sign, verify } from 'node:crypto';
import type { CompanyCertificate } from '../../identity/index.ts';
import { PackageError } from '../errors.ts';
import { oids, type HashName } from './oids.ts';
import {
  hasStrongRsaKey,
  isStronglySigned,
  maySign,
  readCertificate,
  servesPurpose,
  type SignerCertificate,
} from './signer-certificate.ts';

/** Bytes that a key elsewhere is to sign: RSA with PKCS #1 v1.5 padding over their hash. */
export type ToSign = {
  readonly bytes: Buffer;
  readonly hash: HashName;
  /** SHA-256 of the signer's certificate, hex, and how many bytes a signature by its key has. */
  readonly fingerprint: string;
  readonly signatureBytes: number;
};

/** A key that this process never sees: in a security module, at a signing service. */
export type KeyElsewhere = {
  /** DER, the signer's own certificate first, then those that issued it. */
  readonly chain: readonly Uint8Array[];
  readonly sign: (toSign: ToSign) => Promise<Buffer>;
};

/** Who signs: a certificate with those that issued it, and its private key or a way to it. */
export type PackageSigner = CompanyCertificate | KeyElsewhere;

/** The certificates of a signer, its own first. Errors: `PACKAGE_CERTIFICATE_UNUSABLE`. */
export function signerChain(signer: PackageSigner): [SignerCertificate, ...SignerCertificate[]] {
  const [leaf, ...issuers] = signer.chain.map(readGivenCertificate);
  if (leaf === undefined) throw unusable('there is none');
  return [leaf, ...issuers];
}

/** A certificate that a person named. Errors: `PACKAGE_CERTIFICATE_UNUSABLE` where our reader does not take it. */
export function readGivenCertificate(der: Uint8Array): SignerCertificate {
  try {
    return readCertificate(Buffer.from(der));
  } catch (cause) {
    throw unusable(`one is not readable: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** Refuses a certificate whose signatures NuGet's client or our verifier would not take. Errors: `PACKAGE_CERTIFICATE_UNUSABLE`. */
export function requireUsable(leaf: SignerCertificate, signer: PackageSigner, now: Date): void {
  if (!hasStrongRsaKey(leaf)) throw unusable('its key is not RSA of at least 2048 bits', 'NU3014');
  if ('privateKey' in signer && !leaf.x509.checkPrivateKey(signer.privateKey))
    throw unusable('the private key is not its own', 'NU3001');
  if (!isStronglySigned(leaf)) throw unusable('it is not signed with RSA and SHA-2', 'NU3013');
  if (leaf.purposes?.includes(oids.lifetimeSigning)) throw unusable('it is for lifetime signing', 'NU3015');
  if (!servesPurpose(leaf, oids.codeSigning) || !maySign(leaf))
    throw unusable('it is not for signing code', 'NU3012');
  if (leaf.unknownCritical.length > 0) throw unusable('it has demands that are not understood', 'NU3012');
  const valid = `it is valid from ${leaf.notBefore.toISOString()} to ${leaf.notAfter.toISOString()}`;
  if (now < leaf.notBefore) throw unusable(valid, 'NU3017');
  if (now > leaf.notAfter) throw unusable(valid, 'NU3037');
}

/**
 * The signature of `bytes`, which is checked against the certificate before anybody gets it: a key elsewhere may be
 * another one, or sign something else. Errors: `PACKAGE_SIGNER_FAILED`, and those of the key elsewhere.
 */
export async function signWith(
  signer: PackageSigner,
  leaf: SignerCertificate,
  hash: HashName,
  bytes: Buffer,
): Promise<Buffer> {
  const { publicKey, fingerprint } = leaf;
  if ('privateKey' in signer) return sign(hash, bytes, signer.privateKey);
  const signatureBytes = Math.ceil((publicKey?.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
  const signature = await signer.sign({ bytes, hash, fingerprint, signatureBytes });
  if (publicKey !== undefined && verify(hash, bytes, publicKey, signature)) return signature;
  const message = `Cannot sign with "${leaf.subject}": what the signer gave is not a signature of these bytes by that certificate's key`;
  throw new PackageError('PACKAGE_SIGNER_FAILED', message, {
    hint: `It must sign with RSA, PKCS #1 v1.5 and ${hash}, over all the bytes it is given, with the key of the certificate.`,
    details: { certificate: fingerprint, hash },
  });
}

export function unusable(because: string, nuget?: string): PackageError {
  const number = nuget === undefined ? '' : ` (${nuget})`;
  const message = `Cannot sign packages with the certificate: ${because}${number}`;
  return new PackageError('PACKAGE_CERTIFICATE_UNUSABLE', message, {
    hint: 'Use an RSA certificate for code signing that is valid today, with its own private key.',
    details: nuget === undefined ? {} : { nuget },
  });
}
