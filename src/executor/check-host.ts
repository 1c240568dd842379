import { delimiter } from 'node:path';
import { flag, list, type VariableSet } from '../variables/index.ts';
import { ExecutorError } from './errors.ts';
import type { Ask, Host, Sight } from './features/feature.ts';
import { featuresNotSupported, featuresOf } from './features/features.ts';
import { iisLacking } from './features/iis/configuration-file.ts';
import { featureSettings } from './features/settings.ts';
import { pipeMaker } from './output-pipes.ts';
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
  const lacksPipes = process.platform !== 'win32' && findProgram([pipeMaker], path) === undefined;
  const host = hostOf(environment);
  return plan.steps.flatMap((step, index): HostProblem[] => {
    if (step.skippedBecause !== undefined) return [];
    const kinds = [...new Set(scriptKindsOf(step))];
    const needs = kinds.filter(isLacking).map((kind) => scriptLanguages[kind]);
    const pipes =
      kinds.length > 0 && needs.length === 0 && lacksPipes
        ? [{ name: 'pipes for what its script says', programs: [pipeMaker] }]
        : [];
    const interpreters = [...needs, ...pipes].map(({ name, programs }): HostProblem => {
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

/** A feature that a step asks for, and what keeps it from working here. */
export type FeatureFinding = {
  readonly step: PlannedStep;
  /** In a sentence: `step Web asks for nginx, …`. */
  readonly called: string;
  readonly lacking: readonly string[];
  /** How what it works on stands on this machine. */
  readonly look: ((ask: Ask) => Promise<readonly Sight[]>) | undefined;
};

/** What features the steps of a plan ask for, and what this host lacks for each, as far as their settings are known before the run. */
export function featureFindings(
  plan: Plan,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): FeatureFinding[] {
  const host = hostOf(environment);
  return plan.steps.flatMap((step, index) =>
    step.skippedBecause === undefined ? featuresOfStep(plan, step, index + 1, host) : [],
  );
}

function hostOf(environment: Readonly<Record<string, string | undefined>>): Host {
  return { platform: process.platform, environment, find: programFinder(environment) };
}

/** Finds the first of some programs that is on the PATH of scripts, or where servers are put. */
export function programFinder(environment: Readonly<Record<string, string | undefined>>): Host['find'] {
  const path = scriptEnvironment(environment)['PATH'] ?? '';
  return (programs) => findProgram(programs, [path, ...serverFolders].join(delimiter));
}

/** What stands in the way of a step's features, as far as their settings are known before the run. */
function featureProblems(plan: Plan, step: PlannedStep, position: number, host: Host): HostProblem[] {
  if (step.action.kind !== 'package') return [];
  const enabled = list(variablesOf(plan, step, position), 'Octopus.Action.EnabledFeatures');
  const unknown = featuresNotSupported(enabled).map((feature): HostProblem => {
    const message = `step ${step.name} asks for ${feature}, which this version can't do yet`;
    return { code: 'FEATURE_NOT_SUPPORTED', stepId: step.id, message };
  });
  const problems = featuresOfStep(plan, step, position, host).flatMap(({ called, lacking }) =>
    lacking.map((why): HostProblem => {
      const message = `step ${step.name} asks for ${called}, and ${why}`;
      return { code: 'HOST_LACKS_FEATURE', stepId: step.id, message };
    }),
  );
  return [...unknown, ...problems];
}

function featuresOfStep(plan: Plan, step: PlannedStep, position: number, host: Host): FeatureFinding[] {
  if (step.action.kind !== 'package') return [];
  const variables = variablesOf(plan, step, position);
  const settings = featureSettings(variables, 'partly');
  const enabled = list(variables, 'Octopus.Action.EnabledFeatures');
  const { id } = step.action.package;
  const found = featuresOf(enabled).map(({ called, lacking, look }) => ({
    step,
    called,
    lacking: lacking(settings, host),
    look: look && ((ask: Ask) => look(settings, id, ask)),
  }));
  const hasHome = flag(variables, 'Octopus.Action.Package.UpdateIisWebsite', false);
  const home = { step, called: 'an IIS home directory', look: undefined };
  return hasHome ? [...found, { ...home, lacking: iisLacking(settings, host) }] : found;
}

function variablesOf(plan: Plan, step: PlannedStep, position: number): VariableSet {
  const facts = { plan, step, position, secrets: {}, outputs: [], states: new Map(), error: undefined };
  return stepVariables(facts);
}
