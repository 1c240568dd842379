import { flag, list, VariableSet } from '../variables/index.ts';
import { featuresNotSupported } from './conventions/run-features.ts';
import { ExecutorError } from './errors.ts';
import type { Plan, PlannedStep, ScriptKind } from './plan.ts';
import { findProgram } from './run-script.ts';
import { scriptLanguages } from './script-kinds.ts';
import { scriptEnvironment } from './script-environment.ts';

/** Why a plan can't run on this host, by step; empty where nothing is in the way. */
export type HostProblem = {
  readonly code: 'HOST_LACKS_INTERPRETER' | 'FEATURE_NOT_SUPPORTED';
  readonly stepId: string;
  readonly message: string;
};

/**
 * Looks for what a plan needs and this host or version lacks, before its first step: interpreters of the scripts that
 * the process gives, and Octopus features without code here. Packaged scripts are known only once a package is open.
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
  return plan.steps
    .filter((step) => step.skippedBecause === undefined)
    .flatMap((step): HostProblem[] => {
      const kinds = [...new Set(scriptKindsOf(step))].filter(isLacking);
      const interpreters = kinds.map((kind): HostProblem => {
        const { name, programs } = scriptLanguages[kind];
        const message = `step ${step.name} needs ${name}, and ${programs.join(' or ')} is not on this machine`;
        return { code: 'HOST_LACKS_INTERPRETER', stepId: step.id, message };
      });
      const features = featuresAskedFor(step).map((feature): HostProblem => {
        const message = `step ${step.name} asks for ${feature}, which this version can't do yet`;
        return { code: 'FEATURE_NOT_SUPPORTED', stepId: step.id, message };
      });
      return [...interpreters, ...features];
    });
}

/** Throws `HOST_LACKS_INTERPRETER` or `FEATURE_NOT_SUPPORTED` where `hostProblems` finds anything, with all of it. */
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

function featuresAskedFor(step: PlannedStep): string[] {
  if (step.action.kind === 'run') return [];
  const properties = new VariableSet(Object.entries(step.properties));
  const iis = flag(properties, 'Octopus.Action.Package.UpdateIisWebsite', false)
    ? ['an IIS home directory']
    : [];
  return [...featuresNotSupported(list(properties, 'Octopus.Action.EnabledFeatures')), ...iis];
}
