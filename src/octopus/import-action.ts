import { featureKeys } from './import-features.ts';
import type { KnownToProcess, Say } from './known-to-process.ts';
import type { OctopusAction, PropertyValue } from './octopus-process.ts';

/** What a step does, as keys of a process file, and the properties that are left to be carried as they are. */
export type ImportedAction = {
  readonly does: Readonly<Record<string, unknown>>;
  readonly properties: Map<string, string>;
};

/** Actions that deploy a package by the conventions; what they do besides is a feature. */
const packageActions = new Set([
  'Octopus.TentaclePackage',
  'Octopus.IIS',
  'Octopus.WindowsService',
  'Octopus.Nginx',
]);

/** Properties by which Octopus' server finds and hands out what the action needs; they change nothing on a machine. */
const bookkeeping = new Set(
  [
    'Octopus.Action.Package.PackageId',
    'Octopus.Action.Package.FeedId',
    'Octopus.Action.Package.NuGetPackageId',
    'Octopus.Action.Package.NuGetFeedId',
    'Octopus.Action.Package.DownloadOnTentacle',
    'Octopus.Action.Package.AutomaticallyRunConfigurationTransformationFiles',
    'Octopus.Action.Package.AutomaticallyUpdateAppSettingsAndConnectionStrings',
    'Octopus.Action.ConditionVariableExpression',
    'Octopus.Action.Manual.Instructions',
    'Octopus.Action.RunOnServer',
    'OctopusUseBundledTooling',
  ].map((name) => name.toLowerCase()),
);

/**
 * What an action does as keys of a process file; undefined, and told, where this product has no such action. A
 * property that the process file refuses is told and left out.
 */
export function importAction(
  action: OctopusAction,
  known: KnownToProcess,
  say: Say,
): ImportedAction | undefined {
  const plain = plainProperties(action.properties, say);
  for (const name of action.more) say(name, 'it says where and how the server of Octopus runs the step');
  const does = doesOf(action, plain, known, say);
  if (does === undefined) return undefined;
  const properties = new Map<string, string>();
  for (const [name, value] of plain) {
    if (bookkeeping.has(name.toLowerCase())) continue;
    // What is left of it was found good before.
    if (name === 'Octopus.Action.EnabledFeatures') {
      properties.set(name, value);
      continue;
    }
    const refused = known.refusedProperty(name, value);
    if (refused === undefined) properties.set(name, value);
    else if (!/^\s*(?:false)?\s*$/i.test(value)) say(name, refused);
  }
  return { does, properties };
}

function doesOf(
  action: OctopusAction,
  properties: Map<string, string>,
  known: KnownToProcess,
  say: Say,
): Record<string, unknown> | undefined {
  // Only a step with a package has features.
  if (!packageActions.has(action.type)) properties.delete('Octopus.Action.EnabledFeatures');
  if (action.type === 'Octopus.Script') return runOf(action, properties, say);
  if (action.type === 'Octopus.Manual') {
    const instructions = properties.get('Octopus.Action.Manual.Instructions') ?? '';
    for (const name of [...properties.keys()].filter((one) => one.startsWith('Octopus.Action.Manual.'))) {
      const value = properties.get(name)!;
      properties.delete(name);
      if (name.endsWith('.Instructions') || /^(?:false)?$/i.test(value)) continue;
      say(name, 'any named person may confirm, and nothing else waits for it');
    }
    return { manual: { instructions: instructions.trim() === '' ? 'Go on?' : instructions } };
  }
  if (packageActions.has(action.type)) {
    const id = packageIdOf(action, properties);
    if (id === undefined || !/^\w[\w.-]{0,99}$/.test(id)) {
      say('the step', id === undefined ? 'it names no package' : `${id} is no fixed id of a package`);
      return undefined;
    }
    for (const { name } of action.packages.filter((one) => one.name !== '')) {
      say(`the package ${name}`, 'a step deploys one package');
    }
    return { package: id, ...featureKeys(properties, known, say) };
  }
  say('the step', `${action.type === '' ? 'an action without a type' : action.type} has no counterpart here`);
  return undefined;
}

const kinds: Readonly<Record<string, string>> = { powershell: 'powershell', bash: 'bash', python: 'python' };

/** A step that is one script. */
function runOf(
  action: OctopusAction,
  properties: Map<string, string>,
  say: Say,
): Record<string, unknown> | undefined {
  const take = (name: string): string => {
    const value = properties.get(`Octopus.Action.Script.${name}`) ?? '';
    properties.delete(`Octopus.Action.Script.${name}`);
    return value;
  };
  const [source, syntax, body] = [take('ScriptSource'), take('Syntax'), take('ScriptBody')];
  for (const name of ['ScriptFileName', 'ScriptParameters']) take(name);
  const isElsewhere = source !== '' && source !== 'Inline';
  const kind = kinds[(syntax === '' ? 'PowerShell' : syntax).toLowerCase()];
  if (isElsewhere || kind === undefined || body.trim() === '') {
    const why = isElsewhere
      ? `its script lies in a ${source === 'Package' ? 'package' : source}; put it beside the process file as \`run: { bash: { file: … } }\``
      : kind === undefined
        ? `${syntax} scripts are not run here`
        : 'its script is empty';
    say('the step', why);
    return undefined;
  }
  for (const { name, id } of action.packages) {
    say(`the package ${name === '' ? id : name}`, 'a step that is a script has no packages');
  }
  if (/^true$/i.test(properties.get('Octopus.Action.RunOnServer') ?? '')) {
    say('running on the server or a worker', 'the script runs where the release is deployed');
  }
  return { run: { [kind]: body } };
}

function packageIdOf(action: OctopusAction, properties: ReadonlyMap<string, string>): string | undefined {
  const found = [
    action.packages.find(({ name }) => name === '')?.id,
    properties.get('Octopus.Action.Package.PackageId'),
    properties.get('Octopus.Action.Package.NuGetPackageId'),
  ];
  return found.find((id) => id !== undefined && id.trim() !== '')?.trim();
}

function plainProperties(given: ReadonlyMap<string, PropertyValue>, say: Say): Map<string, string> {
  const plain = new Map<string, string>();
  for (const [name, value] of given) {
    if (typeof value === 'string') plain.set(name, value);
    else say(name, 'it is sensitive, and its value is not in the export; ask for it as an input');
  }
  return plain;
}
