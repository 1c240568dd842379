import { createHash } from 'node:crypto';
import { approvedScriptsMax, ScriptsApproved } from '../events/index.ts';
import { commandLine } from '../words.ts';
import { atHome, type Decision } from './decision.ts';
import { CommandError } from './errors.ts';

/** A script of a release as approving it sees it. */
export type ScriptInRelease = {
  readonly place: string;
  /** The place in words. */
  readonly where: string;
  readonly digest: string;
};

/** The scripts of a release in one environment, and which of them a person approved here. */
export type ScriptsInRelease = {
  /** The name by which commands know the release. */
  readonly called: string;
  readonly link: string;
  readonly process: string;
  readonly number: string;
  readonly digest: string;
  readonly environment: string | null;
  readonly scripts: readonly ScriptInRelease[];
  readonly isApproved: (script: ScriptInRelease) => boolean;
};

/** Which scripts they are, in one digest: what was looked at and what is approved are compared by it. */
export function scriptSet(scripts: readonly ScriptInRelease[]): string {
  const pairs = scripts.map(({ place, digest }) => [place, digest]).toSorted(byText);
  return createHash('sha256').update(JSON.stringify(pairs)).digest('hex');
}

const byText = (one: readonly string[], other: readonly string[]): number =>
  one.join('\n') < other.join('\n') ? -1 : 1;

/**
 * A person lets these scripts run here. Nothing where all of them may already.
 *
 * @throws CommandError SCRIPTS_NOT_APPROVED where they are not the set that was looked at
 */
export function approveScripts(
  of: ScriptsInRelease,
  {
    set,
    by,
    note,
  }: {
    /** The digest of the set that was looked at; null where nobody said which. */
    readonly set: string | null;
    readonly by: string | null;
    readonly note: string | null;
  },
): Decision {
  const open = of.scripts.filter((script) => !of.isApproved(script));
  if (open.length === 0) return [];
  const today = scriptSet(of.scripts);
  if (set !== null && set !== today) {
    throw notApproved(of, open, `the set that was approved is ${set}, and today it is ${today}`);
  }
  const { link, process, number: release, digest } = of;
  const pieces = Array.from({ length: Math.ceil(open.length / approvedScriptsMax) }, (_, at) =>
    open.slice(at * approvedScriptsMax, (at + 1) * approvedScriptsMax),
  );
  return pieces.map((piece) =>
    atHome(
      ScriptsApproved.make({
        link: link === '' ? null : link,
        process,
        release,
        digest,
        scripts: piece.map((script) => ({ place: script.place, digest: script.digest })),
        by,
        note,
      }),
    ),
  );
}

/** Throws `SCRIPTS_NOT_APPROVED` where a person has to approve some of them first. */
export function refuseUnapproved(of: ScriptsInRelease): void {
  const open = of.scripts.filter((script) => !of.isApproved(script));
  if (open.length > 0) throw notApproved(of, open, 'a person has to approve them here first');
}

const namedMax = 5;

function notApproved(
  { called, environment, scripts }: ScriptsInRelease,
  open: readonly ScriptInRelease[],
  why: string,
): CommandError {
  const named = open.slice(0, namedMax).map(({ where }) => where);
  const more = open.length > namedMax ? ` and ${open.length - namedMax} more` : '';
  const set = scriptSet(scripts);
  const env = environment === null ? [] : ['--env', environment];
  return new CommandError(
    'SCRIPTS_NOT_APPROVED',
    `Cannot run scripts of ${called}: not approved here: ${named.join('; ')}${more}: ${why}`,
    {
      hint: `Read them with \`${commandLine('release', 'scripts', called, ...env, '--diff')}\`, then \`${commandLine('release', 'approve-scripts', called, ...env, '--set', set)}\`.`,
      details: {
        release: called,
        environment,
        set,
        scripts: open.map(({ place, where, digest }) => ({ place, where, digest })),
      },
    },
  );
}
