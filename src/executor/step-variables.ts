import { expand, VariableSet } from '../variables/index.ts';
import { CrossgapError } from '../errors.ts';
import type { PackageAction, Plan, PlannedStep, PreviousInstallation, StepState } from './plan.ts';

/** A value that a step left for later ones, and for its own later conventions. */
export type OutputVariable = {
  readonly step: string;
  readonly name: string;
  readonly value: string;
  /** A person typed it: `#{...}` in it is not evaluated. */
  readonly isLiteral?: true;
};

export type StepFacts = {
  readonly plan: Plan;
  readonly step: PlannedStep;
  /** From 1. */
  readonly position: number;
  readonly secrets: Readonly<Record<string, string>>;
  /** Of the steps before this one. */
  readonly outputs: readonly OutputVariable[];
  readonly states: ReadonlyMap<string, StepState>;
  /** The first error of the run so far. */
  readonly error: string | undefined;
};

/**
 * The variables of one step, from the weakest to the strongest: the plan's values, inputs (never evaluated), what
 * describes the run, outputs of earlier steps, then the action's own settings under the names Octopus gives them.
 */
export function stepVariables(facts: StepFacts): VariableSet {
  const { plan, step } = facts;
  const variables = new VariableSet();
  for (const { name, value } of plan.variables) variables.set(name, value);
  for (const input of plan.inputs) {
    const value = input.secret ? facts.secrets[input.name] : input.value;
    if (value !== undefined) variables.setLiteral(input.name, value);
  }
  const described: Record<string, string> = {
    ...placeFacts(plan),
    'Octopus.Deployment.Id': plan.deployment,
    'Octopus.Step.Name': step.name,
    'Octopus.Step.Id': step.id,
    'Octopus.Step.Number': String(facts.position),
    'Octopus.Action.Name': step.name,
    'Octopus.Action.Id': step.id,
    'Octopus.Action.Number': String(facts.position),
    ...(facts.error !== undefined && { 'Octopus.Deployment.Error': facts.error }),
  };
  for (const [name, value] of Object.entries(described)) variables.setLiteral(name, value);
  for (const [name, state] of facts.states)
    variables.setLiteral(`Octopus.Step[${name}].Status.Code`, statusCode(state));
  for (const output of facts.outputs) setOutputVariable(variables, plan.machine, output);
  const settings =
    step.action.kind === 'package' ? packageSettings(step.action, step.properties) : step.properties;
  for (const [name, value] of Object.entries(settings)) variables.set(name, value);
  if (step.action.kind === 'package') {
    const { id, version } = step.action.package;
    for (const name of ['Octopus.Action.Package.PackageId', 'Octopus.Action.Package.NuGetPackageId']) {
      variables.setLiteral(name, id);
    }
    for (const name of [
      'Octopus.Action.Package.PackageVersion',
      'Octopus.Action.Package.NuGetPackageVersion',
    ]) {
      variables.setLiteral(name, version);
    }
    tellPrevious(variables, 'PreviousInstallation', step.action.previous);
    tellPrevious(variables, 'PreviousSuccessfulInstallation', step.action.previousSuccessful);
  }
  return variables;
}

/** What scripts know of the version before; empty where there was none. */
function tellPrevious(
  variables: VariableSet,
  which: string,
  previous: PreviousInstallation | undefined,
): void {
  const facts = {
    PackageVersion: previous?.version,
    PackageFilePath: previous?.file,
    OriginalInstalledPath: previous?.extractedTo,
    CustomInstallationDirectory: previous?.installedTo,
  };
  for (const [name, value] of Object.entries(facts))
    variables.setLiteral(`Octopus.Tentacle.${which}.${name}`, value ?? '');
}

/** What is known of a run before it begins, the same for all its steps. */
const placeFacts = (plan: Plan): Record<string, string> => ({
  'Octopus.Environment.Name': plan.environment,
  'Octopus.Release.Number': plan.release,
  'Octopus.Project.Name': plan.process,
  'Octopus.Machine.Name': plan.machine,
  'Octopus.Tentacle.Agent.ApplicationDirectoryPath': plan.appsFolder,
});

/**
 * The plan's own variables as far as they can be evaluated before the run: what depends on a secret, a step or an output
 * stays as it is written, and so does what can't be evaluated at all.
 */
export function knownValues(plan: Plan): { readonly name: string; readonly value: string }[] {
  const variables = new VariableSet();
  for (const { name, value } of plan.variables) variables.set(name, value);
  for (const input of plan.inputs) if (!input.secret) variables.setLiteral(input.name, input.value);
  for (const [name, value] of Object.entries(placeFacts(plan))) variables.setLiteral(name, value);
  return plan.variables.map(({ name, value }) => {
    try {
      return { name, value: variables.get(name) ?? value };
    } catch (error) {
      if (error instanceof CrossgapError) return { name, value };
      throw error;
    }
  });
}

/** Sets an output variable under its two long names, which later steps use; the step that set it has the short one too. */
export function setOutputVariable(variables: VariableSet, machine: string, output: OutputVariable): void {
  const { step, name, value, isLiteral = false } = output;
  // What a script says about its environment has one name for all steps.
  if (name.startsWith('Octopus.Environment.State[')) setScriptValue(variables, name, value);
  for (const full of [
    `Octopus.Action[${step}].Output.${name}`,
    `Octopus.Action[${step}].Output[${machine}].${name}`,
  ]) {
    if (isLiteral) variables.setLiteral(full, value);
    else setScriptValue(variables, full, value);
  }
}

/**
 * Whether an output variable can have this name, short and long; `A[#{B}]` is none, since nothing could place it or
 * find it again.
 */
export function canBeOutput(step: string, machine: string, name: string): boolean {
  const asked = new VariableSet();
  try {
    asked.setLiteral(name, '');
    setOutputVariable(asked, machine, { step, name, value: '' });
    return true;
  } catch (error) {
    if (error instanceof CrossgapError) return false;
    throw error;
  }
}

/**
 * A value that a script made, under a name that `canBeOutput`. As in Octopus `#{...}` in it is evaluated where it is
 * used; where that can't be done it is text, since a script's data must not be able to break later steps.
 */
export function setScriptValue(variables: VariableSet, name: string, value: string): void {
  if (!value.includes('#{')) return variables.setLiteral(name, value);
  variables.set(name, value);
  try {
    expand(value, variables);
  } catch (error) {
    if (!(error instanceof CrossgapError)) throw error;
    variables.setLiteral(name, value);
  }
}

/** What the plan says about a package step, as the properties that Octopus has for it; given properties win. */
function packageSettings(
  action: PackageAction,
  properties: Readonly<Record<string, string>>,
): Record<string, string> {
  const { substituteInFiles, configVariables, installTo, scripts } = action;
  const settings: Record<string, string> = {};
  const features = (properties['Octopus.Action.EnabledFeatures'] ?? '').split(',').map((name) => name.trim());
  if (substituteInFiles.length > 0) {
    features.push('Octopus.Features.SubstituteInFiles');
    settings['Octopus.Action.SubstituteInFiles.TargetFiles'] = substituteInFiles.join('\n');
  }
  if (configVariables) {
    features.push('Octopus.Features.ConfigurationVariables');
    settings['Octopus.Action.Package.AutomaticallyUpdateAppSettingsAndConnectionStrings'] = 'True';
  }
  if (installTo !== undefined) {
    const name = 'Octopus.Action.Package.CustomInstallationDirectory';
    features.push('Octopus.Features.CustomDirectory');
    settings[name] = installTo.folder;
    settings[`${name}ShouldBePurgedBeforeDeployment`] = installTo.purge ? 'True' : 'False';
    settings[`${name}PurgeExclusions`] = installTo.keep.join('\n');
  }
  if (Object.values(scripts).some((stage) => stage.length > 0))
    features.push('Octopus.Features.CustomScripts');
  const enabled = [...new Set(features.filter((name) => name !== ''))].join(',');
  return { ...settings, ...properties, 'Octopus.Action.EnabledFeatures': enabled };
}

function statusCode(state: StepState): string {
  if (state === 'succeeded') return 'Succeeded';
  return state === 'failed' || state === 'interrupted' ? 'Failed' : 'Skipped';
}
