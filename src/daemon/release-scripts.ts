import {
  approveScripts,
  refuseUnapproved,
  scriptSet,
  type Decision,
  type ScriptInRelease,
  type ScriptsInRelease,
} from '../commands/index.ts';
import type { Database } from '../db/index.ts';
import { inlineScript, plannedScripts, type Plan, type PlannedScript } from '../executor/index.ts';
import { releaseOf, type Instance } from '../instance/index.ts';
import { stepApplies } from '../process/index.ts';
import {
  readApprovedScripts,
  readEnvironments,
  type ApprovedScript,
  type DeploymentRow,
  type ReleaseRow,
} from '../projections/index.ts';
import { freezePlan, revisionOf } from './freeze-plan.ts';

/** Every script of a release in an environment, and what a person approved of them here. */
export type ReleaseScripts = ScriptsInRelease & {
  readonly scripts: readonly PlannedScript[];
  /** Which scripts they are, in one digest. */
  readonly set: string;
  /** Whether none of them runs here before a person approved it. */
  readonly areAsked: boolean;
  /** What was approved at the place of a script: this very text first, else the last one; undefined for none. */
  readonly approvalAt: (script: ScriptInRelease) => ApprovedScript | undefined;
};

/**
 * Every script that a release may run in an environment, in all of them where that is null: the tests of its inputs, its
 * checks, its steps with what their packages bring, and the steps that take it away. Errors: those of `plannedScripts`.
 */
export async function scriptsOfRelease(
  instance: Instance,
  release: ReleaseRow,
  environment: string | null,
): Promise<ReleaseScripts> {
  const { db, settings } = instance;
  const { link, process, number, digest } = release;
  const scripts = await everyScript(instance, release, environment);
  const approved = readApprovedScripts(db, link, process);
  const isThis = (one: ApprovedScript, script: ScriptInRelease): boolean =>
    one.place === script.place && one.digest === script.digest;
  return {
    called: releaseOf(db, release),
    link,
    process,
    number,
    digest,
    environment,
    scripts,
    set: scriptSet(scripts),
    areAsked: settings.consent.scripts === 'ask',
    isApproved: (script) => approved.some((one) => isThis(one, script)),
    approvalAt: (script) =>
      approved.find((one) => isThis(one, script)) ?? approved.find(({ place }) => place === script.place),
  };
}

async function everyScript(
  instance: Instance,
  release: ReleaseRow,
  environment: string | null,
): Promise<PlannedScript[]> {
  const { inputs, checks = [], uninstall } = await revisionOf(instance, release);
  const tags = readEnvironments(instance.db).find(({ name }) => name === environment)?.tags ?? [];
  const isHere = (check: (typeof checks)[number]): boolean =>
    environment === null ||
    stepApplies({ ...check, exceptEnvironments: [] }, { environment, tags }) === undefined;
  const planned = async (reason: 'deploy' | 'uninstall'): Promise<PlannedScript[]> => {
    const run = { deployment: 'scripts', environment: environment ?? '', reason };
    const plan = await freezePlan(instance, release, run);
    return plannedScripts(
      environment === null ? everywhere(plan) : plan,
      reason === 'deploy' ? 'step' : reason,
    );
  };
  const all = [
    ...inputs.flatMap(({ name, test }) =>
      test === undefined
        ? []
        : [inlineScript({ place: `input/${name}`, where: `test of input ${name}` }, 'run', test)],
    ),
    ...checks
      .filter(isHere)
      .map(({ name, script }) =>
        inlineScript({ place: `check/${name}`, where: `check ${name}` }, 'run', script),
      ),
    ...(await planned('deploy')),
    ...(uninstall === undefined ? [] : await planned('uninstall')),
  ];
  // Variables are those of both plans.
  return [...new Map(all.map((script) => [`${script.place}\n${script.digest}`, script])).values()];
}

/** With every step, wherever it is for. */
function everywhere(plan: Plan): Plan {
  return { ...plan, steps: plan.steps.map(({ skippedBecause: _why, ...step }) => step) };
}

/** What it comes to that a person approves the scripts of a release as things stand in `db`. @throws CommandError SCRIPTS_NOT_APPROVED */
export function approve(
  db: Database,
  of: ReleaseScripts,
  intent: Parameters<typeof approveScripts>[1],
): Decision {
  const approved = readApprovedScripts(db, of.link, of.process);
  const isApproved = ({ place, digest }: ScriptInRelease): boolean =>
    approved.some((one) => one.place === place && one.digest === digest);
  return approveScripts({ ...of, isApproved }, intent);
}

/**
 * Throws `SCRIPTS_NOT_APPROVED` where a person has to approve scripts of a run before it begins: all of the release for
 * one that brings it, those that take it away for one that does that. Nothing is asked where the maker's signature is
 * enough.
 */
export async function refuseUnapprovedScripts(
  instance: Instance,
  release: ReleaseRow,
  environment: string,
  reason: DeploymentRow['reason'],
): Promise<void> {
  if (instance.settings.consent.scripts !== 'ask') return;
  const of = await scriptsOfRelease(instance, release, environment);
  const isRun = ({ place }: ScriptInRelease): boolean =>
    reason !== 'uninstall' || /^(?:uninstall|variable)\//.test(place);
  refuseUnapproved({ ...of, isApproved: (script) => !isRun(script) || of.isApproved(script) });
}
