import { delimiter } from 'node:path';
import { flag, list } from '../variables/index.ts';
import { ExecutorError } from './errors.ts';
import type { Host } from './features/feature.ts';
import { featuresNotSupported, featuresOf } from './features/features.ts';
import { iisLacking } from './features/iis/configuration-file.ts';
import { featureSettings } from './features/settings.ts';
import type { Plan, PlannedStep, ScriptKind } from './plan.ts';
import { findProgram } from './run-script.ts';
import { scriptLanguages } from './script-kinds.ts';
import { scriptEnvironment } from './script-environment.ts';
import { stepVariables } from './step-variables.ts';

/** Why a plan can't run on this host, by step; empty where nothing is in the way. */
export type HostProblem = {
  readonly code: 'HOST_LACKS_INTERPRETER' | 'HOST_LACKS_FEATURE' | 'FEATURE_NOT_SUPPORTED';
  readonly stepId: string;
  readonly message: string;
};

/**
 * Looks for what a plan needs and this host or version lacks, before its first step: interpreters of the scripts that
 * the process gives, and what features ask of a machine. Packaged scripts are known only once a package is open.
 */
export function hostProblems(
  plan: Plan,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): HostProblem[] {
  const path = scriptEnvironment(environment)['PATH'] ?? '';
  const lacking = new Map<ScriptKind, boolean>();
  const isLacking = (kind: ScriptKind): boolean => {
    const known = lacking.get(kind) ?? findProgram(scriptLanguages[kind].programs, path) === undefined;
    lacking.set(kind, known);
    return known;
  };
  const host: Host = {
    platform: process.platform,
    environment,
    find: (programs) => findProgram(programs, [path, ...serverFolders].join(delimiter)),
  };
  return plan.steps.flatMap((step, index): HostProblem[] => {
    if (step.skippedBecause !== undefined) return [];
    const kinds = [...new Set(scriptKindsOf(step))].filter(isLacking);
    const interpreters = kinds.map((kind): HostProblem => {
      const { name, programs } = scriptLanguages[kind];
      const message = `step ${step.name} needs ${name}, and ${programs.join(' or ')} is not on this machine`;
      return { code: 'HOST_LACKS_INTERPRETER', stepId: step.id, message };
    });
    return [...interpreters, ...featureProblems(plan, step, index + 1, host)];
  });
}

/** Where servers are put that only the path of root leads to. */
const serverFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Throws `HOST_LACKS_INTERPRETER`, `HOST_LACKS_FEATURE` or `FEATURE_NOT_SUPPORTED` where `hostProblems` finds anything, with all of it. */
export function checkHost(
  plan: Plan,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): void {
  const problems = hostProblems(plan, environment);
  const [first] = problems;
  if (first === undefined) return;
  const reasons = problems.map((problem) => problem.message).join('; ');
  throw new ExecutorError(first.code, `Cannot run ${plan.process} ${plan.release} here: ${reasons}`, {
    hint: 'Install what is missing, or change the process; nothing has been started.',
    details: { problems },
  });
}

/** Which of these script engines this host lacks, and the programs that would do. */
export function missingEngines(
  kinds: readonly ScriptKind[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { readonly name: string; readonly programs: readonly string[] }[] {
  const path = scriptEnvironment(environment)['PATH'] ?? '';
  return kinds
    .map((kind) => scriptLanguages[kind])
    .filter(({ programs }) => findProgram(programs, path) === undefined)
    .map(({ name, programs }) => ({ name, programs }));
}

function scriptKindsOf(step: PlannedStep): ScriptKind[] {
  if (step.action.kind === 'run') return [step.action.script.kind];
  if (step.action.kind === 'manual') return [];
  const { preDeploy, deploy, postDeploy } = step.action.scripts;
  const stated = [...preDeploy, ...deploy, ...postDeploy].map((script) => script.kind);
  const properties = Object.values(scriptLanguages)
    .filter(({ extension }) =>
      ['PreDeploy', 'Deploy', 'PostDeploy'].some((stage) =>
        step.properties[`Octopus.Action.CustomScripts.${stage}.${extension}`]?.trim(),
      ),
    )
    .map((language) => language.kind);
  return [...stated, ...properties];
}

/** What stands in the way of a step's features, as far as their settings are known before the run. */
function featureProblems(plan: Plan, step: PlannedStep, position: number, host: Host): HostProblem[] {
  if (step.action.kind !== 'package') return [];
  const facts = { plan, step, position, secrets: {}, outputs: [], states: new Map(), error: undefined };
  const variables = stepVariables(facts);
  const settings = featureSettings(variables, 'partly');
  const enabled = list(variables, 'Octopus.Action.EnabledFeatures');
  const unknown = featuresNotSupported(enabled).map((feature): HostProblem => {
    const message = `step ${step.name} asks for ${feature}, which this version can't do yet`;
    return { code: 'FEATURE_NOT_SUPPORTED', stepId: step.id, message };
  });
  const lacking = featuresOf(enabled).flatMap(({ called, lacking: lacks }) =>
    lacks(settings, host).map((why): HostProblem => {
      const message = `step ${step.name} asks for ${called}, and ${why}`;
      return { code: 'HOST_LACKS_FEATURE', stepId: step.id, message };
    }),
  );
  const home = flag(variables, 'Octopus.Action.Package.UpdateIisWebsite', false)
    ? iisLacking(settings, host).map((why): HostProblem => {
        const message = `step ${step.name} asks for an IIS home directory, and ${why}`;
        return { code: 'HOST_LACKS_FEATURE', stepId: step.id, message };
      })
    : [];
  return [...unknown, ...lacking, ...home];
}
