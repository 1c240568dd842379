import { commandLine, count } from '../words.ts';
import { GuideError } from './errors.ts';
import { releaseName, standingOf, type Known } from './known.ts';
import type { ScriptStanding, Standing } from './site.ts';

/** The scripts of a release that no person approved at this site yet. */
export function unapproved({ scripts }: Standing): ScriptStanding[] {
  return scripts.filter(({ approval }) => approval === null);
}

const namedMax = 5;

/** Nobody approved scripts that need it, or what was approved (`said`) are not those that the release has. */
export function notApproved(known: Known, said: string | null): GuideError {
  const standing = standingOf(known)!;
  const { process, number } = known.release!;
  const { environment, consent } = standing;
  const open = unapproved(standing).map(({ where }) => where);
  const more = open.length > namedMax ? `; and ${open.length - namedMax} more` : '';
  const why =
    said === null
      ? 'nobody approved them here'
      : `the set that was approved is ${said}, and today it is ${consent.set}`;
  return new GuideError(
    'SCRIPTS_NOT_APPROVED',
    `Cannot go on with ${releaseName(known)} in ${environment}: ${count(open.length, 'script')} not approved: ${open.slice(0, namedMax).join('; ')}${more}: ${why}`,
    {
      hint: `Read them, on the page of the release or with \`${commandLine('release', 'scripts', `${process}/${number}`, '--diff')}\`; then answer with approve-scripts: ${consent.set}.`,
      details: { environment, set: consent.set, said, scripts: open },
    },
  );
}
