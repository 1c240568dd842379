/**
 * Whether a certificate was taken back, from lists that are at hand. Nothing is ever fetched: what the lists do not
 * say is not known, and how old they are is said.
 *
 * A list counts where the issuer of the certificate, a member of the very chain that is judged, signed it and may make
 * lists. Against a certificate more counts: a list that the key of its issuer signed, whatever the certificate of that
 * issuer in the package allows, and where the issuer was left out, one in its name. Of several the newest decides; what an
 * older one revoked stays revoked, because entries leave a list when their certificate expires; only a hold can be lifted.
 *
 * How old a list is counts at the time the package is judged at, which for a package of a release is that of its signed
 * entry. The clock of this machine only adds words: a list it takes for overdue, or for one of a time that is still to
 * come, is warned of and counts all the same.
 *
 * A certificate that was revoked is refused, with one exception, that of RFC 3161 §4.1: where the issuer gives a reason
 * that does not touch the key (affiliation changed, superseded, cessation of operation), what a trusted time stamp
 * shows to be older than the revocation stays good. "Unspecified", which the RFC lets pass as well where it is
 * written down, does not: it is what issuers write who say nothing. NuGet's client makes no exception at all.
 */
import { ago, moment, span } from '../../words.ts';
import { problem, warning, type Problem, type ProblemCode } from '../problems.ts';
import { found, type Found } from './checks.ts';
import {
  covers,
  isListOf,
  isSignedBy,
  revocationIn,
  type Revocation,
  type RevocationList,
} from './revocation-list.ts';
import { isSelfIssued, type SignerCertificate } from './signer-certificate.ts';
import type { TrustRequirements } from './trust.ts';

/** Reasons after which what was signed before stays good. */
const gentleReasons = new Set(['affiliationChanged', 'superseded', 'cessationOfOperation']);

const dayMs = 86_400_000;
/** So far clocks differ without anybody minding. */
const clockSlackMs = 3_600_000;

export type RevocationQuestion = {
  readonly lists: readonly RevocationList[];
  /** When the package is judged: lists must be new enough then. */
  readonly at: Date;
  /** This machine's clock. */
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
    const issuer = chain[at + 1];
    const lists = listsAbout(certificate, issuer, question);
    const newest = lists.find((list) => issuer !== undefined && isListOf(list, issuer));
    const revocation = revocationAmong(lists, certificate);
    if (revocation !== undefined) {
      const { since, reason } = revocation;
      const when = `${name} was revoked as of ${moment(since.getTime())} (${reason})`;
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
      const odd = tooOld === undefined ? againstTheClock(newest, question) : undefined;
      if (odd !== undefined) problems.push(warning(question.codes.unknown, `${age}, ${odd}`));
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

/**
 * The lists that may count against this certificate, newest first: those that the key of its issuer signed. Where that
 * issuer is not in the package nobody can tell who signed one, and those in its name count: else leaving it out would make
 * a revoked signer good again. Whoever brought a false list was believed enough to have it taken in here.
 */
function listsAbout(
  certificate: SignerCertificate,
  issuer: SignerCertificate | undefined,
  { lists }: RevocationQuestion,
): RevocationList[] {
  const isMeant = (list: RevocationList): boolean =>
    list.issuer.equals(certificate.issuer) && covers(list, certificate);
  return lists
    .filter((list) => isMeant(list) && (issuer === undefined || isSignedBy(list, issuer)))
    .toSorted((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime());
}

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

function tooOldBecause(list: RevocationList, { at, now, required }: RevocationQuestion): string | undefined {
  const late = lateBy(list, at, required);
  if (late <= 0) return undefined;
  const then = Math.abs(now.getTime() - at.getTime()) > dayMs ? ` at ${moment(at.getTime())}` : '';
  const days = required?.days ?? null;
  if (days === null && then === '') return `and the next one was due ${span(late / 1000)} ago`;
  if (days === null) return `and the next one was overdue for ${span(late / 1000)}${then}`;
  return then === ''
    ? `and ${days} days is what is allowed here`
    : `and was older than the ${days} days that are allowed here${then}`;
}

/** What this machine's clock has to say where the list was new enough when the package is judged. */
function againstTheClock(list: RevocationList, { now, required }: RevocationQuestion): string | undefined {
  const clock = `this machine's clock, which says ${moment(now.getTime())}`;
  if (list.thisUpdate.getTime() - now.getTime() > clockSlackMs)
    return `a time that is still to come by ${clock}: set it right`;
  const late = lateBy(list, now, required);
  return late > 0 ? `and too old by ${span(late / 1000)} by ${clock}` : undefined;
}

/** By how much a list is too old at a time, in milliseconds; 0 or less where it is not. */
function lateBy(list: RevocationList, at: Date, required: RevocationQuestion['required']): number {
  const days = required?.days ?? null;
  const until = days === null ? list.nextUpdate.getTime() : list.thisUpdate.getTime() + days * dayMs;
  return at.getTime() - until;
}
