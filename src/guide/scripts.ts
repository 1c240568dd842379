import { commandLine, count } from '../words.ts';
import { GuideError } from './errors.ts';
import { goneBackTo, standingOf, wayOf, type Known } from './known.ts';
import type { ScriptStanding, ScriptsStanding } from './site.ts';

/** The scripts of a release that no person approved at this site yet. */
export function unapproved({ scripts }: ScriptsStanding): ScriptStanding[] {
  return scripts.filter(({ approval }) => approval === null);
}

const none: ScriptsStanding = { scripts: [], consent: { set: '', isAsked: false } };

/**
 * The scripts that are read before it begins: those of the release, and on the way back those of the one that is gone
 * back to, where a person has to approve them.
 */
export function scriptsToRead(known: Known): ScriptsStanding {
  const standing = standingOf(known);
  return (isWayBack(known) ? standing?.previous?.asked : standing) ?? none;
}

/** Whether the release of before is gone back to. */
export const isWayBack = (known: Known): boolean => wayOf(known) === 'roll-back';

/** Whether what is gone back to has scripts that a person has to approve first; what ran here was not asked about then. */
export const isUnreadWayBack = (known: Known): boolean =>
  isWayBack(known) && unapproved(scriptsToRead(known)).length > 0;

/** The number of the release whose scripts are read. */
export const numberToRead = (known: Known): string =>
  isWayBack(known) ? goneBackTo(known) : known.release!.number;

const namedMax = 5;

/** Why it may not begin with the scripts that were approved beforehand, by their digest, or with none; undefined where it may. */
export function refusedScripts(known: Known, approvedSet: string | null): GuideError | undefined {
  const asked = scriptsToRead(known);
  const { set, isAsked } = asked.consent;
  const isRefused = approvedSet === null ? isAsked : approvedSet !== set;
  return isRefused && unapproved(asked).length > 0 ? notApproved(known, approvedSet) : undefined;
}

/** Nobody approved scripts that need it, or what was approved (`said`) are not those that the release has. */
function notApproved(known: Known, said: string | null): GuideError {
  const { environment } = standingOf(known)!;
  const { process } = known.release!;
  const number = numberToRead(known);
  const asked = scriptsToRead(known);
  const { consent } = asked;
  const open = unapproved(asked).map(({ where }) => where);
  // Before a first installation this site has no environment that could be named.
  const where = isWayBack(known) ? ['--env', environment] : [];
  const more = open.length > namedMax ? `; and ${open.length - namedMax} more` : '';
  const why =
    said === null
      ? 'nobody approved them here'
      : `the set that was approved is ${said}, and today it is ${consent.set}`;
  return new GuideError(
    'SCRIPTS_NOT_APPROVED',
    `Cannot ${isWayBack(known) ? 'go back to' : 'go on with'} ${process} ${number} in ${environment}: ${count(open.length, 'script')} not approved: ${open.slice(0, namedMax).join('; ')}${more}: ${why}`,
    {
      hint: `Read them, on the page of the release or with \`${commandLine('release', 'scripts', `${process}/${number}`, ...where, '--diff')}\`; then answer with approve-scripts: ${consent.set}.`,
      details: { environment, set: consent.set, said, scripts: open },
    },
  );
}
