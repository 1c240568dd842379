import { findEnvironment, requestDeployment, type PlacedDeployment } from '../../commands/index.ts';
import {
  preflight,
  previewPlan,
  recordBrokenRuns,
  refuseUnready,
  scriptsOfRelease,
  type PlanPreview,
} from '../../daemon/index.ts';
import type { Database } from '../../db/index.ts';
import type { CrossgapError } from '../../errors.ts';
import { isLocked } from '../../lock.ts';
import { findRelease, placeOf, releaseOf, type Instance } from '../../instance/index.ts';
import { readEnvironments, type DeploymentView, type ReleaseRow } from '../../projections/index.ts';
import { collect } from '../runs/collect.ts';
import { command, flag, misuse, needed, text, type Context, type Outcome } from '../command.ts';
import { newDeploymentId } from '../runs/deployment-id.ts';
import { deploymentLine } from '../told/describe-deployment.ts';
import { describeHost } from '../told/describe-host.ts';
import { describeForeseen } from '../told/describe-foreseen.ts';
import { CliError } from '../errors.ts';
import {
  guideContradictions,
  guideOptionNames,
  guideOptions,
  isGiven,
  refuseContradictions,
} from '../guided/guide-options.ts';
import { deployableRelease, obstacleOf, scriptsObstacle } from '../runs/obstacle.ts';
import { R } from '../given/release-names.ts';
import { deploymentOf, failureOf, settle } from '../runs/settle.ts';
import { artifactsOf, runLogOf } from '../told/run-log.ts';
import { facts, section, table } from '../table.ts';
import { unknownPlacesInWords } from '../told/unknown-places.ts';
import { whatToNote } from '../told/what-to-note.ts';
import { commandLine } from '../../words.ts';

/** Which files a caller wants of the deployed applications, and where. */
type Collecting = { readonly glob: string; readonly to: string } | undefined;

/** A guide shows the plan, the checks and the run itself, and asks what becomes of a step that fails. */
const contradictions = [
  ['guided', 'plan'],
  ['guided', 'checks'],
  ['guided', 'collect'],
  ['guided', 'collect-to'],
  ['guided', 'on-failure'],
  ...guideContradictions,
] as const;

export const deploy = command({
  path: 'deploy',
  about: 'Deploy a release to an environment; what runs there already is said, unless --again',
  example: 'crossgap deploy 1.0.0 --env uat --wait',
  args: { R },
  options: {
    env: needed('E', 'where to'),
    plan: flag('only show what would be done, and what was looked at on this machine'),
    checks: flag('run the checks that the process brings as well; with --plan'),
    wait: flag('show progress and end with the outcome'),
    again: flag('run it even where it runs already'),
    'on-failure': text('WHAT', 'when a step fails: ask, fail, ignore or retry (else it fails)'),
    collect: text(
      'GLOB',
      'copy matching files of the deployed applications, and artifacts, here, after a failure too; with --wait',
    ),
    'collect-to': text('DIR', 'where they are copied (else the current folder)'),
    guided: flag('led through by pages: what changes, what only you know, what this machine lacks, summary'),
    ...guideOptions('; with --guided'),
  },
  async run(context, { R: named }, options): Promise<Outcome> {
    const { env, plan, wait, again } = options;
    refuseContradictions('deploy', options, contradictions);
    if (options.guided) {
      const { deployGuided } = await import('../guided/deploy-guided.ts');
      return await deployGuided(context, { named, environment: env, again, flags: options });
    }
    const ofGuide = guideOptionNames.find((name) => isGiven(options[name]));
    if (ofGuide !== undefined)
      throw misuse(`Cannot deploy with --${ofGuide}: that is for the guide`, 'Add --guided.');
    const collecting = collectingOf(options);
    const onFailure = onFailureOf(options['on-failure']);
    const instance = await context.open();
    const release = findRelease(instance.db, named);
    findEnvironment(readEnvironments(instance.db), env);
    if (plan) return planned(instance, release, env, options.checks);
    if (options.checks)
      throw misuse('Cannot run checks alone: there is nothing to show them with', 'Add --plan.');
    await recordBrokenRuns(instance, context.signal);
    const id = newDeploymentId();
    const ask = (db: Database) =>
      requestDeployment(
        deployableRelease(instance, db, release, env),
        placeOf(db, release.process, release.link, env),
        { deployment: id, reason: again ? 'again' : 'deploy', of: null, onFailure },
      );
    // What is in the way is said before this host is looked at, and nothing is recorded until both are well.
    const { running } = ask(instance.db);
    if (running !== undefined) return runsAlready(instance, release, running, env, collecting);
    await refuseUnready(instance, release, env);
    for (const line of whatToNote(instance, release)) context.terminal.talk(`note: ${line}`);
    let meanwhile: PlacedDeployment | undefined;
    instance.record((db) => {
      const asked = ask(db);
      meanwhile = asked.running;
      return asked.decision;
    });
    if (meanwhile !== undefined) return runsAlready(instance, release, meanwhile, env, collecting);
    if (!wait) return askedFor(context, instance, deploymentOf(instance, id));
    return finished(context, instance, await settle(context, instance, id), collecting);
  },
});

/** What a deployment came to that was waited for, with what was collected from it. */
export function finished(
  context: Context,
  instance: Instance,
  view: DeploymentView,
  collecting?: Collecting,
): Outcome {
  const { terminal } = context;
  for (const line of unresolvedIn(view)) terminal.talk(`note: ${line}`);
  const { collected, hindered } = collectedFrom(instance, view, collecting);
  if (collected?.length === 0) {
    terminal.talk(`note: no file of the deployed applications matches ${collecting?.glob}`);
  }
  const failure = failureOf(instance, view);
  const log = runLogOf(instance, view.id);
  // How the deployment went counts for more than what became of its files.
  if (failure !== undefined && hindered !== undefined) terminal.talk(`note: ${hindered.message}`);
  const said = failure ?? hindered;
  return {
    document: { ...view, log: log ?? null, ...(collected !== undefined && { collected }) },
    text: [
      // What its scripts wrote was told while it ran, and why it failed is told below.
      deploymentLine(view, terminal),
      ...(log === undefined ? [] : facts([['log', log]])),
      ...section('Collected', collected ?? []),
    ],
    ...(said !== undefined && { failure: said }),
  };
}

/** What stayed as `#{Name}` in files: easily overlooked, and rarely meant. */
function unresolvedIn({ steps }: DeploymentView): string[] {
  return steps.flatMap(({ name, conventions }) =>
    conventions.flatMap(({ name: convention, detail }) =>
      convention === 'SubstituteInFiles' && detail?.includes('no value for') === true
        ? [`step ${name}: ${detail}`]
        : [],
    ),
  );
}

function collectedFrom(
  instance: Instance,
  view: DeploymentView,
  collecting: Collecting,
): { collected?: string[]; hindered?: CliError } {
  if (collecting === undefined) return {};
  try {
    return { collected: collect(view, collecting.glob, collecting.to, artifactsOf(instance, view.id)) };
  } catch (error) {
    if (error instanceof CliError) return { hindered: error };
    throw error;
  }
}

/** How a deployment stands that was asked for and not waited for. */
export function askedFor(
  { terminal }: Context,
  instance: Instance,
  view: DeploymentView,
  more: readonly string[] = [],
): Outcome {
  const hasDaemon = isLocked(instance.folder.daemonLock);
  return {
    document: { ...view, daemonRuns: hasDaemon },
    text: [
      deploymentLine(view, terminal),
      hasDaemon
        ? `The daemon does it; see \`${commandLine('deployment', 'show', view.id, '--wait')}\``
        : 'No daemon runs here: start `crossgap run`, or do it now with `crossgap run --once`',
      ...more,
    ],
  };
}

const waysToFail = ['ask', 'fail', 'ignore', 'retry'] as const;

/** What becomes of a run when a step fails, as somebody said it. */
export function onFailureOf(said: string | undefined): (typeof waysToFail)[number] {
  const way = waysToFail.find((one) => one === (said ?? 'fail'));
  if (way !== undefined) return way;
  throw misuse(
    `Cannot deploy with --on-failure ${said}: there is no such way`,
    `Say one of ${waysToFail.join(', ')}.`,
  );
}

function collectingOf(options: {
  readonly wait: boolean;
  readonly plan: boolean;
  readonly collect: string | undefined;
  readonly 'collect-to': string | undefined;
}): Collecting {
  const { wait, collect: glob, 'collect-to': to } = options;
  if (glob === undefined && to !== undefined) {
    throw misuse('Cannot collect: --collect-to says where, and nothing says what', 'Add --collect GLOB.');
  }
  if (glob === undefined) return undefined;
  if (!wait) throw misuse('Cannot collect files without waiting for them', 'Add --wait.');
  return { glob, to: to ?? '.' };
}

function runsAlready(
  instance: Instance,
  release: ReleaseRow,
  running: PlacedDeployment,
  environment: string,
  collecting: Collecting,
): Outcome {
  const view = deploymentOf(instance, running.deployment);
  const collected =
    collecting && collect(view, collecting.glob, collecting.to, artifactsOf(instance, view.id));
  return {
    document: { ...view, already: true, ...(collected !== undefined && { collected }) },
    text: [
      `${releaseOf(instance.db, release)} runs in ${environment} already: deployment ${running.deployment}`,
      'Deploy it once more with --again',
      ...section('Collected', collected ?? []),
    ],
  };
}

async function planned(
  instance: Instance,
  release: ReleaseRow,
  environment: string,
  runsScripts: boolean,
): Promise<Outcome> {
  const { db } = instance;
  const wanted = deployableRelease(instance, db, release, environment);
  const hindered = obstacleOf(db, wanted, environment);
  // Without its parts there is nothing to plan with.
  if (hindered !== undefined && (wanted.lacking.length > 0 || wanted.refusedParts.length > 0)) throw hindered;
  const obstacle = hindered ?? scriptsObstacle(await scriptsOfRelease(instance, release, environment));
  const preview = await previewPlan(instance, release, environment);
  const checks = await preflight(instance, release, environment, {}, { runsScripts });
  const heading = `Plan for ${releaseOf(db, release)} in ${environment}; nothing is done`;
  return {
    document: {
      release: releaseOf(db, release),
      digest: release.digest,
      environment,
      ...preview,
      missingInputs: wanted.missingInputs,
      checks,
      inTheWay: obstacle?.message ?? null,
    },
    text: [
      heading,
      ...describePlan(instance, preview, wanted.missingInputs, obstacle),
      ...section('This machine', describeHost(checks)),
    ],
  };
}

function describePlan(
  instance: Instance,
  preview: PlanPreview,
  missing: readonly string[],
  obstacle: CrossgapError | undefined,
): string[] {
  const steps = preview.steps.map((step, at) => [
    `${at + 1}.`,
    step.name,
    step.skippedBecause === undefined ? (step.package ?? step.action) : `skipped: ${step.skippedBecause}`,
    step.scripts.join(', '),
  ]);
  const values = preview.variables.map(({ name, value, from }) => [
    name,
    value === null ? '(secret)' : (value.split('\n')[0] ?? '').slice(0, 80),
    from,
  ]);
  return [
    ...section('Steps', table(steps)),
    ...section('What each would do', describeForeseen(preview.steps)),
    ...section('Values', table([...values, ...missing.map((name) => [name, 'NOT SET', 'input'])])),
    ...section('Note', [
      ...(preview.newerRevision === null
        ? []
        : [`process revision ${preview.newerRevision} exists; this release keeps its own`]),
      ...(preview.unknownPlaces.length === 0 ? [] : [unknownPlacesInWords(instance, preview.unknownPlaces)]),
    ]),
    ...section('In the way', [...(obstacle === undefined ? [] : [obstacle.message]), ...preview.hostLacks]),
  ];
}
