/**
 * Whether a certificate was taken back, from lists that are at hand. Nothing is ever fetched: what the lists do not
 * say is not known, and how old they are is said.
 *
 * A list counts where the issuer of the certificate, a member of the very chain that is judged, signed it; where that
 * issuer was left out of the package, lists in its name still count against the certificate. Of several
 * the newest decides; what an older one revoked stays revoked, because entries leave a list when their certificate
 * expires; only a hold can be lifted.
 *
 * A certificate that was revoked is refused, with one exception, that of RFC 3161 §4.1: where the issuer gives a reason
 * that does not touch the key (affiliation changed, superseded, cessation of operation), what a trusted time stamp
 * shows to be older than the revocation stays good. "Unspecified", which the RFC lets pass as well where it is
 * written down, does not: it is what issuers write who say nothing. NuGet's client makes no exception at all.
 */
import { ago, span } from '../../words.ts';
import { problem, warning, type Problem, type ProblemCode } from '../problems.ts';
import { found, type Found } from './checks.ts';
import { covers, isListOf, revocationIn, type Revocation, type RevocationList } from './revocation-list.ts';
import { isSelfIssued, type SignerCertificate } from './signer-certificate.ts';
import type { TrustRequirements } from './trust.ts';

/** Reasons after which what was signed before stays good. */
const gentleReasons = new Set(['affiliationChanged', 'superseded', 'cessationOfOperation']);

const dayMs = 86_400_000;

export type RevocationQuestion = {
  readonly lists: readonly RevocationList[];
  /** The present: lists age by it. */
  readonly now: Date;
  /** Before when the signature was made, by a time stamp that holds. */
  readonly signedBefore: Date | undefined;
  readonly required: TrustRequirements['revocation'];
  /** NuGet's numbers for a revoked one, and for not knowing. */
  readonly codes: { readonly revoked: ProblemCode; readonly unknown: ProblemCode };
};

/** Asks for each certificate of a chain, the signer's first, except those that issued themselves. */
export function checkRevocation(chain: readonly SignerCertificate[], question: RevocationQuestion): Found {
  const problems: Problem[] = [];
  const known: string[] = [];
  let isUnknown = false;
  const doubt = (message: string): void => {
    isUnknown = true;
    problems.push((question.required === null ? warning : problem)(question.codes.unknown, message));
  };
  const silent: SignerCertificate[] = [];
  for (const [at, certificate] of chain.entries()) {
    if (isSelfIssued(certificate)) continue;
    const name = `"${certificate.subject}"`;
    const lists = listsAbout(certificate, chain[at + 1], question);
    const [newest] = lists;
    const revocation =
      chain[at + 1] === undefined
        ? revocationByName(certificate, question)
        : revocationAmong(lists, certificate);
    if (revocation !== undefined) {
      const { since, reason } = revocation;
      const when = `${name} was revoked as of ${since.toISOString()} (${reason})`;
      if (staysGood(revocation, question.signedBefore))
        problems.push(
          warning(question.codes.revoked, `${when}, after this was stamped, and its key is not in doubt`),
        );
      else problems.push(problem(question.codes.revoked, when));
    } else if (newest === undefined) {
      silent.push(certificate);
    } else {
      const age = `the list of "${newest.issuerName}" is from ${ago(newest.thisUpdate.toISOString(), question.now.toISOString())}`;
      const tooOld = tooOldBecause(newest, question);
      if (tooOld === undefined) known.push(`${name} was not revoked; ${age}`);
      else doubt(`whether ${name} was revoked since is not known: ${age}, ${tooOld}`);
    }
  }
  if (silent.length > 0) {
    const names = silent.map(({ subject }) => `"${subject}"`).join(' or ');
    doubt(`whether ${names} was revoked is not known: no list of who issued it is here`);
  }
  const detail =
    known.length === 0 && problems.length === 0
      ? 'nobody else can revoke it: it was issued by itself'
      : known.join('; ');
  return found('revocation', problems, detail, isUnknown ? 'unknown' : 'passed');
}

/** The lists that the issuer signed and that are about this certificate, newest first. */
function listsAbout(
  certificate: SignerCertificate,
  issuer: SignerCertificate | undefined,
  { lists, now }: RevocationQuestion,
): RevocationList[] {
  if (issuer === undefined) return [];
  return newestFirst(
    lists.filter((list) => list.thisUpdate <= now && isListOf(list, issuer) && covers(list, certificate)),
  );
}

/**
 * What lists in the name of the issuer say where its certificate is not in the package, so that nobody can tell who
 * signed them. They count against a certificate and never for it: else leaving its issuer out would make a revoked
 * signer good again. Whoever brought a false list was believed enough to have it taken in here.
 */
function revocationByName(
  certificate: SignerCertificate,
  { lists, now }: RevocationQuestion,
): Revocation | undefined {
  const inItsName = lists.filter(
    (list) => list.thisUpdate <= now && list.issuer.equals(certificate.issuer) && covers(list, certificate),
  );
  return revocationAmong(newestFirst(inItsName), certificate);
}

const newestFirst = (lists: readonly RevocationList[]): RevocationList[] =>
  lists.toSorted((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime());

function revocationAmong(
  [newest, ...older]: readonly RevocationList[],
  { serial }: SignerCertificate,
): Revocation | undefined {
  if (newest === undefined) return undefined;
  const said = revocationIn(newest, serial);
  if (said !== undefined) return said;
  return older
    .map((list) => revocationIn(list, serial))
    .find((revocation) => revocation !== undefined && revocation.reason !== 'certificateHold');
}

function staysGood({ since, reason }: Revocation, signedBefore: Date | undefined): boolean {
  return signedBefore !== undefined && signedBefore < since && gentleReasons.has(reason);
}

function tooOldBecause(list: RevocationList, { now, required }: RevocationQuestion): string | undefined {
  const days = required?.days ?? null;
  if (days !== null)
    return now.getTime() - list.thisUpdate.getTime() > days * dayMs
      ? `and ${days} days is what is allowed here`
      : undefined;
  const late = now.getTime() - list.nextUpdate.getTime();
  return late > 0 ? `and the next one was due ${span(late / 1000)} ago` : undefined;
}
