import {
  isListOf,
  readRevocationList,
  revocationIn,
  RevocationListUnreadable,
  type Revocation,
  type RevocationList,
} from './signature/revocation-list.ts';
import { readCertificate } from './signature/signer-certificate.ts';

/** What a revocation list says of itself, and of the certificates that are known here. */
export type RevocationFacts = {
  /** The list as it is kept. */
  readonly der: Buffer;
  /** SHA-256 of it, hex. */
  readonly digest: string;
  readonly issuer: string;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** How many certificates it lists. */
  readonly count: number;
  /** Whether one of the known certificates has the issuer's name, and whether one of those signed the list. */
  readonly issuerKnown: boolean;
  readonly signedByIssuer: boolean;
  /** Which of the known certificates of that issuer it takes back. */
  readonly revoked: readonly (Revocation & { readonly subject: string; readonly fingerprint: string })[];
};

/** Reads a revocation list, DER or PEM, beside certificates (DER) that are known; where it is none, why. */
export function revocationFacts(
  bytes: Buffer,
  known: readonly Uint8Array[],
): RevocationFacts | { readonly refused: string } {
  let list: RevocationList;
  try {
    list = readRevocationList(bytes);
  } catch (error) {
    if (error instanceof RevocationListUnreadable) return { refused: error.message };
    throw error;
  }
  const certificates = known.map((der) => readCertificate(Buffer.from(der)));
  const called = certificates.filter(({ subjectName }) => subjectName.equals(list.issuer));
  const signers = called.filter((each) => isListOf(list, each));
  const issued = certificates.filter(({ issuer }) => signers.length > 0 && issuer.equals(list.issuer));
  return {
    der: list.der,
    digest: list.sha256,
    issuer: list.issuerName,
    thisUpdate: list.thisUpdate,
    nextUpdate: list.nextUpdate,
    count: list.count,
    issuerKnown: called.length > 0,
    signedByIssuer: signers.length > 0,
    revoked: issued.flatMap(({ serial, subject, fingerprint }) => {
      const revocation = revocationIn(list, serial);
      return revocation === undefined ? [] : [{ ...revocation, subject, fingerprint }];
    }),
  };
}
