import type { KnownToProcess, Say } from './known-to-process.ts';

const featurePrefix = 'Octopus.Features.';
const packagePrefix = 'Octopus.Action.Package.';

/**
 * The keys `features:` and `scripts:` of a package step; what they say is taken out of the properties. A property of a
 * feature that is not enabled has no effect in Octopus and is dropped.
 */
export function featureKeys(
  properties: Map<string, string>,
  known: KnownToProcess,
  say: Say,
): Record<string, unknown> {
  const enabled = listIn(properties.get('Octopus.Action.EnabledFeatures'), ',');
  properties.delete('Octopus.Action.EnabledFeatures');
  const isOn = (feature: string): boolean => enabled.includes(featurePrefix + feature);
  const take = (name: string): string => {
    const value = properties.get(name) ?? '';
    properties.delete(name);
    return value;
  };
  const isTrue = (name: string): boolean => /^true$/i.test(take(packagePrefix + name).trim());

  const substituted = listIn(take('Octopus.Action.SubstituteInFiles.TargetFiles'), /\r?\n/);
  take('Octopus.Action.SubstituteInFiles.Enabled');
  const automatic = isTrue('AutomaticallyRunConfigurationTransformationFiles');
  const rules = listIn(take(`${packagePrefix}AdditionalXmlConfigurationTransforms`), /[,\r\n]+/);
  const variables = isTrue('AutomaticallyUpdateAppSettingsAndConnectionStrings');
  const structured = listIn(take(`${packagePrefix}JsonConfigurationVariablesTargets`), /\r?\n/);
  take(`${packagePrefix}JsonConfigurationVariablesEnabled`);
  const folder = take(`${packagePrefix}CustomInstallationDirectory`).trim();
  const purge = isTrue('CustomInstallationDirectoryShouldBePurgedBeforeDeployment');
  const keep = listIn(take(`${packagePrefix}CustomInstallationDirectoryPurgeExclusions`), /\r?\n/);

  const features: Record<string, unknown> = {};
  if (isOn('SubstituteInFiles') && substituted.length > 0) features['substitute-in-files'] = substituted;
  if (isOn('ConfigurationTransforms') && (automatic || rules.length > 0)) {
    features['config-transforms'] =
      rules.length === 0 ? true : automatic ? { automatic: true, rules } : rules;
  }
  if (isOn('ConfigurationVariables') && variables) features['config-variables'] = true;
  if (isOn('JsonConfigurationVariables') && structured.length > 0) {
    features['structured-variables'] = structured;
  }
  if (folder !== '') {
    if (/^(?:\/|[A-Za-z]:[\\/]|\\\\|#\{)/.test(folder)) {
      features['install-to'] = { folder, ...(purge && { purge }), ...(keep.length > 0 && { keep }) };
    } else say(`copying to ${folder}`, 'the folder is not absolute, which fails in Octopus too');
  }
  const scripts = scriptsOf(properties, isOn('CustomScripts'), say);
  carryOthers(enabled, properties, known, say);
  return {
    ...(Object.keys(features).length > 0 && { features }),
    ...(Object.keys(scripts).length > 0 && { scripts }),
  };
}

const stages = { PreDeploy: 'pre-deploy', Deploy: 'deploy', PostDeploy: 'post-deploy' } as const;
const languages: Readonly<Record<string, string>> = { ps1: 'powershell', sh: 'bash', py: 'python' };

function scriptsOf(
  properties: Map<string, string>,
  isOn: boolean,
  say: Say,
): Record<string, Record<string, string>> {
  const scripts: Record<string, Record<string, string>> = {};
  for (const [name, body] of properties) {
    const found = /^Octopus\.Action\.CustomScripts\.(PreDeploy|Deploy|PostDeploy|DeployFailed)\.(\w+)$/.exec(
      name,
    );
    if (found === null) continue;
    properties.delete(name);
    if (!isOn || body.trim() === '') continue;
    const [, stage, extension] = found;
    const key = stages[stage as keyof typeof stages] as string | undefined;
    const language = languages[extension!];
    if (key === undefined)
      say(name, 'Octopus does not run it either; the package may bring a DeployFailed script');
    else if (language === undefined) say(name, `${extension} scripts are not run here`);
    else scripts[key] = { ...scripts[key], [language]: body };
  }
  const inOrder = Object.values(stages).filter((stage) => scripts[stage] !== undefined);
  return Object.fromEntries(inOrder.map((stage) => [stage, scripts[stage]!]));
}

const written = new Set(
  [
    'SubstituteInFiles',
    'ConfigurationTransforms',
    'ConfigurationVariables',
    'JsonConfigurationVariables',
  ].concat(['CustomDirectory', 'CustomScripts']),
);

/** Features without a key: by name, with their properties, where the process file takes those, else told. */
function carryOthers(
  enabled: readonly string[],
  properties: Map<string, string>,
  known: KnownToProcess,
  say: Say,
): void {
  const others = enabled.filter((feature) => !written.has(feature.replace(featurePrefix, '')));
  const taken = others.filter((feature) => known.isFeature(feature));
  for (const feature of others.filter((one) => !taken.includes(one))) {
    say(feature, 'this version has no such feature');
  }
  if (taken.length > 0) properties.set('Octopus.Action.EnabledFeatures', taken.join(','));
  for (const name of properties.keys()) {
    const owner = known.featureOwning(name);
    if (owner !== undefined && !taken.includes(owner)) properties.delete(name);
  }
}

function listIn(value: string | undefined, divider: string | RegExp): string[] {
  return (value ?? '')
    .split(divider)
    .map((one) => one.trim())
    .filter((one) => one !== '');
}
