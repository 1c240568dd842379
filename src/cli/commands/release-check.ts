import { CommandError, findEnvironment } from '../../commands/index.ts';
import { preflight, scriptsOfRelease, type ReleaseScripts } from '../../daemon/index.ts';
import type { ReleaseInput } from '../../events/index.ts';
import { findRelease, releaseOf } from '../../instance/index.ts';
import {
  missingInputs,
  readEnvironments,
  readGivenValues,
  readInputs,
  sourceOf,
  type InputSource,
} from '../../projections/index.ts';
import { command, flag, needed, type Outcome } from '../command.ts';
import { describeHost, lackingIn } from '../told/describe-host.ts';
import { CliError } from '../errors.ts';
import { deployableRelease, obstacleOf, scriptsObstacle } from '../runs/obstacle.ts';
import { R } from '../given/release-names.ts';
import { indented, section, table } from '../table.ts';
import { unknownPlacesInWords, unknownPlacesOf } from '../told/unknown-places.ts';
import { commandLine, count } from '../../words.ts';

const sources: Readonly<Record<InputSource['from'], string>> = {
  set: 'set here',
  given: 'given by the author',
  default: 'default',
  nowhere: 'not set',
};

export const checkRelease = command({
  path: 'release check',
  about: 'Everything a release still needs in an environment, all at once',
  example: 'crossgap release check 1.0.0 --env uat',
  args: { R },
  options: {
    env: needed('E', 'where it is to go'),
    checks: flag('run the checks that the process brings too, and end with exit 3 where anything is lacking'),
  },
  async run(context, { R: named }, { env, checks: runsScripts }): Promise<Outcome> {
    const instance = await context.open();
    const { db } = instance;
    const release = findRelease(db, named);
    findEnvironment(readEnvironments(db), env);
    const called = releaseOf(db, release);
    const known = { inputs: readInputs(db), given: readGivenValues(db, release.link, false) };
    const missing = missingInputs(release.document, env, known).map((input) => toSet(input, env));
    const inputs = release.document.inputs.map((input) => ({
      name: input.name,
      type: input.type,
      secret: input.secret,
      required: input.required,
      from: sourceOf(input, env, known).from,
    }));
    const wanted = deployableRelease(instance, db, release, env);
    const besides = { ...wanted, missingInputs: [] };
    const obstacle = obstacleOf(db, besides, env);
    // Without its parts nothing is known of what it would do here.
    const isWhole = wanted.lacking.length === 0 && wanted.refusedParts.length === 0;
    const checks = isWhole ? await preflight(instance, release, env, {}, { runsScripts }) : [];
    // Who only asks what is to be set is told of the machine as well, and judged by it where the checks were asked for.
    const lackingHere = runsScripts ? lackingIn(checks) : [];
    const scripts = isWhole ? await scriptsOfRelease(instance, release, env) : undefined;
    const toApprove = scripts?.scripts.filter((script) => !scripts.isApproved(script)) ?? [];
    const unapproved = scripts && scriptsObstacle(scripts);
    const unknown = unknownPlacesOf(instance, release);
    const lacks = missing.map(({ name }) => name);
    const failure =
      lacks.length > 0
        ? inputsMissing(called, env, lacks)
        : (obstacle ??
          unapproved ??
          (lackingHere.length > 0 ? hostNotReady(called, env, lackingHere) : undefined));
    return {
      document: {
        release: called,
        digest: release.digest,
        environment: env,
        ready: failure === undefined,
        missing,
        inputs,
        checks,
        scripts: scripts && {
          set: scripts.set,
          asked: scripts.areAsked,
          total: scripts.scripts.length,
          notApproved: toApprove.map(({ where }) => where),
        },
        inTheWay: obstacle?.message ?? null,
        unknownPlaces: unknown,
      },
      text: [
        lacks.length === 0
          ? `${called} has every input it needs in ${env}`
          : `${called} needs ${count(lacks.length, 'more input')} in ${env}:`,
        ...missing.flatMap(describeMissing),
        ...section(
          'Inputs',
          table(inputs.map(({ name, from, secret }) => [name, sources[from], secret ? 'secret' : ''])),
        ),
        ...section('In the way besides', obstacle === undefined ? [] : [obstacle.message]),
        ...section('This machine', describeHost(checks)),
        ...section('Scripts', scripts === undefined ? [] : describeScripts(scripts, toApprove.length)),
        ...section('Note', unknown.length === 0 ? [] : [unknownPlacesInWords(instance, unknown)]),
      ],
      ...(failure !== undefined && { failure }),
    };
  },
});

function toSet({ name, label, help, type, secret }: ReleaseInput, environment: string) {
  const flags = secret ? ['--secret'] : [];
  return {
    name,
    label,
    help,
    type,
    secret,
    command: commandLine('input', 'set', name, '--env', environment, ...flags),
  };
}

function describeMissing(one: ReturnType<typeof toSet>): string[] {
  const kind = `${one.type}${one.secret ? ', secret' : ''}`;
  return [
    '',
    ...indented([
      `${one.name} (${kind})${one.label === null ? '' : `: ${one.label}`}`,
      ...(one.help === null ? [] : [one.help]),
      one.command,
    ]),
  ];
}

function inputsMissing(release: string, environment: string, missing: readonly string[]): CommandError {
  return new CommandError(
    'INPUT_MISSING',
    `Cannot deploy ${release} to ${environment}: not set: ${missing.join(', ')}`,
    {
      hint: 'Set each with the command shown; the value comes from standard input or is asked for.',
      details: { missing },
    },
  );
}

function describeScripts({ scripts, set, areAsked }: ReleaseScripts, open: number): string[] {
  if (scripts.length === 0) return [];
  const approved = open === 0 ? 'all approved here' : `${open} not approved here`;
  return [
    `${count(scripts.length, 'script')}, ${approved}${areAsked || open === 0 ? '' : "; their author's signature is enough"}`,
    `set ${set}`,
  ];
}

function hostNotReady(release: string, environment: string, lacking: readonly string[]): CliError {
  return new CliError(
    'HOST_NOT_READY',
    `Cannot deploy ${release} to ${environment} as this machine is: lacking: ${lacking.join(', ')}`,
    { hint: 'Do what is said below each, then look again.', details: { lacking } },
  );
}
