import { CommandError, findEnvironment } from '../../commands/index.ts';
import { approve, scriptsOfRelease } from '../../daemon/index.ts';
import { findRelease, releaseOf, type Instance } from '../../instance/index.ts';
import { readEnvironments, type ReleaseRow } from '../../projections/index.ts';
import { amount, commandLine, count, moment } from '../../words.ts';
import { command, flag, misuse, text, type Outcome } from '../command.ts';
import { deployableRelease } from '../runs/obstacle.ts';
import { R } from '../given/release-names.ts';
import { lookAtScripts, otherReleaseIn, type LookedAtScript } from '../runs/script-changes.ts';
import { facts } from '../table.ts';

const env = text('E', 'as it goes there (else every step, wherever it is for)');

const scripts = command({
  path: 'release scripts',
  about:
    'Every script that a release may run, with its text, also those in packages, and which were approved here',
  example: 'crossgap release scripts 1.0.0 --env production --diff',
  args: { R },
  options: {
    env,
    diff: flag('of a script that changed only what changed, since it was approved or against what runs here'),
  },
  async run(context, { R: named }, { env: environment = null, diff }): Promise<Outcome> {
    const instance = await context.open();
    const release = wholeRelease(instance, named, environment);
    const called = releaseOf(instance.db, release);
    // What runs already stands beside them where that is in one environment, also where nobody said which.
    const places = environment === null ? otherReleaseIn(instance, release) : [environment];
    if (diff && places.length > 1) throw severalPlaces(called, places);
    const beside = places.length === 1 ? places[0]! : null;
    const looked = await lookAtScripts(instance, release, environment, beside);
    const open = looked.scripts.filter(({ approval }) => approval === null);
    const place = environment === null ? '' : ` in ${environment}`;
    return {
      document: {
        release: called,
        digest: release.digest,
        environment,
        set: looked.set,
        asked: looked.areAsked,
        scripts: looked.scripts.map(scriptDocument),
      },
      text: [
        `${called}${place}: ${count(looked.scripts.length, 'script')}, ${open.length === 0 ? 'all approved here' : `${open.length} not approved here`}`,
        ...facts([
          ['set', looked.set],
          [
            'before they run',
            looked.areAsked ? 'a person approves them' : "their author's signature is enough",
          ],
        ]),
        ...looked.scripts.flatMap((script) => describeScript(script, diff, places.length > 1)),
        ...(open.length === 0
          ? []
          : ['', `Approve them: ${commandLine(...approvalOf(called, environment), '--set', looked.set)}`]),
      ],
    };
  },
});

const approveThem = command({
  path: 'release approve-scripts',
  about: 'Let the scripts of a release run here; the same text at the same place is not asked about again',
  example: 'crossgap release approve-scripts 1.0.0 --env production --set DIGEST --by "S. Officer"',
  args: { R },
  options: {
    env,
    set: text('DIGEST', 'only if they are the set that was read, as `release scripts` named it'),
    by: text('NAME', 'who approves, where that is not who this account is'),
    note: text('TEXT', 'why, or the number of a ticket'),
  },
  async run(context, { R: named }, { env: environment = null, set = null, ...said }): Promise<Outcome> {
    const [by, note] = [signed('--by', said.by, 200), signed('--note', said.note, 4000)];
    const instance = await context.open();
    const release = wholeRelease(instance, named, environment);
    const of = await scriptsOfRelease(instance, release, environment);
    const before = of.scripts.filter(of.isApproved).length;
    const entries = instance.record((db) => approve(db, of, { set, by, note }));
    const fresh = entries.length === 0 ? 0 : of.scripts.length - before;
    const called = releaseOf(instance.db, release);
    return {
      document: {
        release: called,
        digest: release.digest,
        environment,
        set: of.set,
        approved: fresh,
        changed: entries.length > 0,
      },
      text: [
        entries.length > 0
          ? `${called}: ${count(fresh, 'script')} approved`
          : `${called}: nothing to approve; its ${count(of.scripts.length, 'script')} may run here already`,
        ...facts([
          ['set', of.set],
          ['by', by ?? instance.actor],
          ['note', note],
        ]),
      ],
    };
  },
});

export const scriptCommands = [scripts, approveThem];

function signed(option: string, said: string | undefined, lengthMax: number): string | null {
  const text = said?.trim() ?? '';
  if (text.length > lengthMax)
    throw misuse(
      `Cannot approve: ${option} has ${text.length} characters`,
      `Say it in ${lengthMax} at most.`,
    );
  return text === '' ? null : text;
}

function severalPlaces(release: string, places: readonly string[]): Error {
  return misuse(
    `Cannot say what changed in the scripts of ${release}: other releases run in ${places.join(', ')}`,
    `Say which to compare with, for example: \`${commandLine('release', 'scripts', release, '--env', places[0]!, '--diff')}\`.`,
  );
}

function approvalOf(release: string, environment: string | null): string[] {
  return ['release', 'approve-scripts', release, ...(environment === null ? [] : ['--env', environment])];
}

/** A release of which everything is here, so that no script of it is missed. */
function wholeRelease(instance: Instance, named: string, environment: string | null): ReleaseRow {
  const release = findRelease(instance.db, named);
  if (environment !== null) findEnvironment(readEnvironments(instance.db), environment);
  const { lacking, refusedParts } = deployableRelease(instance, instance.db, release, environment ?? '');
  const missing = [...lacking, ...refusedParts];
  if (missing.length === 0) return release;
  throw new CommandError(
    'RELEASE_INCOMPLETE',
    `Cannot read the scripts of ${releaseOf(instance.db, release)}: not here: ${missing.join(', ')}`,
    {
      hint:
        release.link === ''
          ? 'Add them again: `crossgap package add FILE`.'
          : 'Let the daemon run until all of it has come.',
      details: { lacking: missing },
    },
  );
}

function scriptDocument({ digest, approval, before, ...script }: LookedAtScript): Record<string, unknown> {
  return {
    ...script,
    sha256: digest,
    approved: approval && {
      by: approval.by,
      at: new Date(approval.at).toISOString(),
      release: approval.release,
      note: approval.note,
    },
    before,
  };
}

function describeScript(script: LookedAtScript, showsChanges: boolean, isOpen: boolean): string[] {
  const { where, language, from, sizeBytes, digest, text: whole, remark, approval, before } = script;
  const changes = showsChanges ? (before?.lines ?? null) : null;
  return [
    '',
    `${where} (${language}, ${amount(sizeBytes)} bytes, from ${from})`,
    `  sha256 ${digest}`,
    `  ${approvalInWords(approval, before, isOpen)}`,
    ...(remark === null ? [] : [`  ${remark}`]),
    ...(changes ?? whole.replace(/\n$/, '').split('\n')).map((line) => `  | ${line}`),
  ];
}

/** `isOpen` where it is not known yet with what to compare it. */
function approvalInWords(
  approval: LookedAtScript['approval'],
  before: LookedAtScript['before'],
  isOpen: boolean,
): string {
  if (approval !== null) {
    const note = approval.note === null ? '' : `: ${approval.note}`;
    return `approved by ${approval.by}, ${moment(approval.at)}, for ${approval.release}${note}`;
  }
  if (before === null)
    return isOpen
      ? 'not approved; what stood here before is told with --env'
      : 'not approved; nothing stood here before';
  const [how, gone] = [before.lines?.length === 0 ? 'the same as' : 'not', before.lines === null];
  return `not approved; ${how} ${before.what}${gone ? ', of which the text is not here any more' : ''}`;
}
