import {
  checkHost,
  foreseeRun,
  hostProblems,
  knownValues,
  missingEngines,
  type ForeseenStep,
  type PlannedStep,
} from '../executor/index.ts';
import type { Instance } from '../instance/index.ts';
import { namesUnknownHere } from '../process/index.ts';
import {
  nameKey,
  readEnvironments,
  readGivenValues,
  readRevisions,
  type DeploymentRow,
  type ReleaseRow,
} from '../projections/index.ts';
import { freezePlan, revisionOf } from './freeze-plan.ts';
import { refuseUnapprovedScripts } from './release-scripts.ts';
import { standInOf } from './stand-ins.ts';

type ActionPreview = {
  readonly action: string;
  readonly scripts: readonly string[];
  readonly package?: string;
};

/** What a deployment would do, before anything is asked for. Values of secrets are null. */
export type PlanPreview = {
  /** Each step with the lines that its trace would have; its scripts are those of the process, by stage and kind. */
  readonly steps: readonly (Omit<ForeseenStep, 'scripts'> & ActionPreview)[];
  readonly variables: readonly {
    readonly name: string;
    readonly value: string | null;
    readonly from: string;
  }[];
  /** The newest revision of the process, where the release is bound to an older one of this side. */
  readonly newerRevision: number | null;
  /** What this host lacks for it, in words. */
  readonly hostLacks: readonly string[];
  /** Environments and tags the process mentions and this side doesn't have. */
  readonly unknownPlaces: readonly string[];
};

/** Shows the plan that a deployment of this release to this environment would freeze now. */
export async function previewPlan(
  instance: Instance,
  release: ReleaseRow,
  environment: string,
): Promise<PlanPreview> {
  const plan = await freezePlan(instance, release, { deployment: 'preview', environment });
  const known = new Set(plan.inputs.map(({ name }) => nameKey(name)));
  const missing = release.document.inputs.filter(({ name }) => !known.has(nameKey(name)));
  const standIns = Object.fromEntries(missing.map((input) => [input.name, standInOf(input)]));
  const foreseen = await foreseeRun(plan, { standIns });
  const given = new Set(readGivenValues(instance.db, release.link, false).map(({ name }) => nameKey(name)));
  const origin = (name: string, version: number): string =>
    version > 0 ? 'input' : given.has(nameKey(name)) ? 'author' : 'default';
  return {
    steps: plan.steps.map((step, index) => ({ ...foreseen[index]!, ...previewAction(step) })),
    variables: [
      ...knownValues(plan).map((one) => ({ ...one, from: 'process' })),
      ...plan.inputs.map((input) => ({
        name: input.name,
        value: input.secret ? null : input.value,
        from: origin(input.name, input.version),
      })),
    ],
    newerRevision: newerRevision(instance, release),
    hostLacks: [...hostProblems(plan).map(({ message }) => message), ...packagedLacks(foreseen)],
    unknownPlaces: await unknownPlaces(instance, release),
  };
}

/** Engines that scripts in packages need and this host lacks; those of the process are told by their steps. */
function packagedLacks(steps: readonly ForeseenStep[]): string[] {
  return steps.flatMap(({ name, scripts }) =>
    scripts.flatMap(({ script, from, language }) => {
      const [engine] = from === 'package' && language !== null ? missingEngines([language]) : [];
      const programs = engine?.programs.join(' or ');
      return engine === undefined
        ? []
        : [
            `step ${name} brings ${script}, which needs ${engine.name}, and ${programs} is not on this machine`,
          ];
    }),
  );
}

function previewAction({ action }: PlannedStep): ActionPreview {
  if (action.kind === 'run') return { action: 'run', scripts: [action.script.kind] };
  if (action.kind === 'manual') return { action: 'a person confirms', scripts: [] };
  const scripts = Object.entries(action.scripts).flatMap(([stage, list]) =>
    list.map(({ kind }) => `${stage}: ${kind}`),
  );
  return { action: 'package', scripts, package: `${action.package.id} ${action.package.version}` };
}

/** The number of a newer revision than the one a release of this side is bound to, null where there is none. */
export function newerRevision({ db }: Instance, { link, process, document }: ReleaseRow): number | null {
  if (link !== '') return null;
  const newest = readRevisions(db).findLast((row) => row.process === process)?.revision ?? 0;
  return newest > document.revision.number ? newest : null;
}

/** Environments and tags a release mentions and this side doesn't have: a misspelt name never drops a step quietly. */
export async function unknownPlaces(instance: Instance, release: ReleaseRow): Promise<string[]> {
  const environments = readEnvironments(instance.db);
  const unknown = namesUnknownHere(
    await revisionOf(instance, release),
    environments.map(({ name }) => name),
    environments.flatMap(({ tags }) => tags),
  );
  return [...unknown.environments, ...unknown.tags.map((tag) => `tag ${tag}`)];
}

/**
 * Throws where a run of the release can't begin here: this host lacks a script engine that it needs in this environment,
 * to come or to go, or a person has to approve scripts first.
 */
export async function refuseUnready(
  instance: Instance,
  release: ReleaseRow,
  environment: string,
  reason: DeploymentRow['reason'] = 'deploy',
): Promise<void> {
  checkHost(await freezePlan(instance, release, { deployment: 'preview', environment, reason }));
  await refuseUnapprovedScripts(instance, release, environment, reason);
}
