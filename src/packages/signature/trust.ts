import { createHash } from 'node:crypto';
import type { RevocationList } from './revocation-list.ts';
import type { SignerCertificate } from './signer-certificate.ts';

/**
 * Whom to believe, and what is known of certificates that were revoked. `{ fingerprints }` alone is enough: then those
 * count for time stamps and countersignatures as well, nothing is known of revocation, and nothing more is required.
 * A fingerprint is the SHA-256 of a certificate's DER in hex, where nothing else is said.
 */
export type PackageTrust = {
  /** Signers, or those who issued their certificates. */
  readonly fingerprints: ReadonlySet<string>;
  /** Signers by their own certificate alone, as the `trustedSigners` of NuGet name them. */
  readonly signers?: readonly TrustedSigner[];
  /** Authorities of time stamps, or those who issued them. */
  readonly timestamps?: ReadonlySet<string>;
  /** Who may sign as a repository, and countersign. */
  readonly repositories?: readonly TrustedRepository[];
  /** Roots that count only above a signer or repository that asks for one. */
  readonly roots?: ReadonlySet<string>;
  /** Certificates by which nothing is believed, whoever they are pinned by, nor what they issued. */
  readonly distrusted?: ReadonlySet<string>;
  readonly revocationLists?: readonly RevocationList[];
  /** Lists that are read when a package is judged. */
  readonly revocationFiles?: readonly RevocationFile[];
  readonly requires?: TrustRequirements;
};

export type TrustedSigner = {
  /** SHA-256, SHA-384 or SHA-512 of the certificate's DER, hex. */
  readonly fingerprint: string;
  /** Whether its chain must end in a root that is trusted as well. */
  readonly rootNeeded: boolean;
};

export type TrustedRepository = TrustedSigner & {
  /** It counts for the certificates issued under it as well; its fingerprint is a SHA-256 then. */
  readonly issues: boolean;
  /** At least one of these owners must be among those that it signed; an empty list asks for none. */
  readonly owners: readonly string[];
  /** Its countersignature makes a package believed whose author nobody here trusts. */
  readonly vouches: boolean;
};

/** What a package needs beyond a signature that is believed. */
export type TrustRequirements = {
  readonly timestamp: boolean;
  readonly countersignature: boolean;
  /** Revocation must be known of each certificate, from a list of at most so many days; null: as long as the list itself says. */
  readonly revocation: { readonly days: number | null } | null;
};

export const nothingRequired: TrustRequirements = {
  timestamp: false,
  countersignature: false,
  revocation: null,
};

/** What beside the fingerprints decides whether a package is believed, as plain data: sets are lists, revocation lists are files. */
export type TrustRules = {
  readonly signers: readonly TrustedSigner[];
  readonly timestamps: readonly string[];
  readonly repositories: readonly TrustedRepository[];
  readonly roots: readonly string[];
  /** By nothing signed under these is a package believed. */
  readonly distrusted?: readonly string[];
  readonly revocationLists: readonly RevocationFile[];
  readonly requires: TrustRequirements;
};

/** A revocation list in a file, which is read only where its bytes have this SHA-256. */
export type RevocationFile = { readonly file: string; readonly sha256: string };

const hashOfLength: Readonly<Record<number, string>> = { 64: 'sha256', 96: 'sha384', 128: 'sha512' };

/** Whether a fingerprint in one of the three hashes, told by its length, is this certificate's. Case does not matter. */
export function isFingerprintOf(fingerprint: string, certificate: SignerCertificate): boolean {
  const hash = hashOfLength[fingerprint.length];
  if (hash === undefined) return false;
  const own =
    hash === 'sha256' ? certificate.fingerprint : createHash(hash).update(certificate.der).digest('hex');
  return own === fingerprint.toLowerCase();
}
