import { mayIssue, servesPurpose, type SignerCertificate } from './signer-certificate.ts';

const chainLengthMax = 10;
const stepsMax = 500;
/** Signatures on certificates below the root must not be older than this kind. */
const weakSignatures = new Set([
  '1.2.840.113549.1.1.2',
  '1.2.840.113549.1.1.4',
  '1.2.840.113549.1.1.5',
  '1.2.840.10045.4.1',
]);

/**
 * The chain from `leaf` up to a certificate whose fingerprint is pinned, through the certificates at hand;
 * undefined where there is none. A pinned leaf is a chain of its own.
 *
 * Each authority on the way must be one (basic constraints, key usage, path length), serve the purpose, and have
 * really signed the one below. That an authority expired since does not matter, as for NuGet's client: time is
 * asked of the leaf. Nothing is fetched, so revocation is not known here.
 */
export function chainToPinned(
  leaf: SignerCertificate,
  atHand: readonly SignerCertificate[],
  pinned: ReadonlySet<string>,
  purpose: string,
): SignerCertificate[] | undefined {
  const candidates = [...new Map(atHand.map((each) => [each.fingerprint, each])).values()];
  let steps = 0;

  const climb = (chain: SignerCertificate[]): SignerCertificate[] | undefined => {
    const top = chain.at(-1)!;
    if (top.unknownCritical.length > 0 || !servesPurpose(top, purpose)) return undefined;
    if (pinned.has(top.fingerprint)) return chain;
    if (chain.length >= chainLengthMax || weakSignatures.has(top.signatureOid)) return undefined;
    for (const issuer of candidates) {
      steps += 1;
      if (steps > stepsMax) return undefined;
      if (chain.includes(issuer) || !issued(issuer, top, chain.length - 1)) continue;
      const found = climb([...chain, issuer]);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  return climb([leaf]);
}

function issued(issuer: SignerCertificate, top: SignerCertificate, below: number): boolean {
  if (!issuer.subjectName.equals(top.issuer) || !mayIssue(issuer, below)) return false;
  if (issuer.publicKey === undefined || !top.x509.checkIssued(issuer.x509)) return false;
  return top.x509.verify(issuer.publicKey);
}
