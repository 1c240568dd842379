import { isSelfIssued, mayIssue, servesPurpose, type SignerCertificate } from './signer-certificate.ts';

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
 * undefined where there is none. A pinned leaf is a chain of its own; none leads through a distrusted certificate.
 *
 * Each authority on the way must be one (basic constraints, key usage, path length), serve the purpose, and have
 * really signed the one below. That an authority expired since does not matter, as for NuGet's client: time is
 * asked of the leaf. Whether one of them was revoked is asked elsewhere.
 */
export function chainToPinned(
  leaf: SignerCertificate,
  atHand: readonly SignerCertificate[],
  pinned: ReadonlySet<string>,
  purpose: string,
  distrusted: ReadonlySet<string> = new Set(),
): SignerCertificate[] | undefined {
  if (distrusted.has(leaf.fingerprint)) return undefined;
  const others = atHand.filter(({ fingerprint }) => !distrusted.has(fingerprint));
  return climb(leaf, others, purpose, (top) => pinned.has(top.fingerprint));
}

/** The chain from `leaf` as far up as the certificates at hand lead, whoever is trusted; whole where it ends in a root. */
export function chainAtHand(
  leaf: SignerCertificate,
  atHand: readonly SignerCertificate[],
): { readonly chain: readonly SignerCertificate[]; readonly whole: boolean } {
  const whole = climb(leaf, atHand, undefined, isSelfIssued);
  if (whole !== undefined) return { chain: whole, whole: true };
  const chain = [leaf];
  while (chain.length < chainLengthMax) {
    const top = chain.at(-1)!;
    const next = atHand.find((each) => !chain.includes(each) && issued(each, top, chain.length - 1));
    if (next === undefined) break;
    chain.push(next);
  }
  return { chain, whole: false };
}

/**
 * The certificates that are asked about revocation: those by which the leaf is believed, `believed`, and what is at hand
 * above them; the longest way there is where it is not believed. Never another way than the one that counted: anybody can
 * put a certificate of the same name and key, issued by himself, beside the true one.
 */
export function chainToAsk(
  leaf: SignerCertificate,
  believed: readonly SignerCertificate[] | undefined,
  atHand: readonly SignerCertificate[],
): readonly SignerCertificate[] {
  const [top, below] = [believed?.at(-1) ?? leaf, believed?.slice(0, -1) ?? []];
  return [...below, ...chainAtHand(top, atHand).chain];
}

function climb(
  leaf: SignerCertificate,
  atHand: readonly SignerCertificate[],
  purpose: string | undefined,
  isEnd: (top: SignerCertificate) => boolean,
): SignerCertificate[] | undefined {
  const candidates = [...new Map(atHand.map((each) => [each.fingerprint, each])).values()];
  let steps = 0;

  const upFrom = (chain: SignerCertificate[]): SignerCertificate[] | undefined => {
    const top = chain.at(-1)!;
    if (purpose !== undefined && (top.unknownCritical.length > 0 || !servesPurpose(top, purpose)))
      return undefined;
    if (isEnd(top)) return chain;
    if (chain.length >= chainLengthMax || weakSignatures.has(top.signatureOid)) return undefined;
    for (const issuer of candidates) {
      steps += 1;
      if (steps > stepsMax) return undefined;
      if (chain.includes(issuer) || !issued(issuer, top, chain.length - 1)) continue;
      const found = upFrom([...chain, issuer]);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  return upFrom([leaf]);
}

function issued(issuer: SignerCertificate, top: SignerCertificate, below: number): boolean {
  if (!issuer.subjectName.equals(top.issuer) || !mayIssue(issuer, below)) return false;
  if (issuer.publicKey === undefined || !top.x509.checkIssued(issuer.x509)) return false;
  return top.x509.verify(issuer.publicKey);
}
