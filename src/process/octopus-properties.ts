/**
 * Octopus action properties that must not pass unheard: those of features which this version doesn't have, and those
 * for which the process file has a key of its own. All others are kept as they are.
 */
type Refusal = { readonly message: string; readonly hint: string; readonly evenIfOff: boolean };

const notYet = (feature: string): Refusal => ({
  message: `this version can't do ${feature} yet`,
  hint: 'Take the property out; do it in a script until then.',
  evenIfOff: false,
});
const hasKey = (key: string): Refusal => ({
  message: `the process file has a key of its own for this: ${key}`,
  hint: `Write ${key} instead of the property.`,
  // A property wins over the key: an empty one would switch the key off unseen.
  evenIfOff: true,
});

const refusals: readonly (readonly [RegExp, Refusal])[] = [
  [/^Octopus\.Action\.EnabledFeatures$/i, hasKey('features:')],
  [/^Octopus\.Action\.SubstituteInFiles\.(?:Enabled|TargetFiles)$/i, hasKey('features: substitute-in-files')],
  [/^Octopus\.Action\.SubstituteInFiles\.OutputEncoding$/i, notYet('another output encoding')],
  [
    /^Octopus\.Action\.Package\.AutomaticallyUpdateAppSettingsAndConnectionStrings$/i,
    hasKey('features: config-variables'),
  ],
  [
    /^Octopus\.Action\.Package\.(?:AutomaticallyRunConfigurationTransformationFiles|AdditionalXmlConfigurationTransforms)$/i,
    hasKey('features: config-transforms'),
  ],
  [/^Octopus\.Action\.Package\.JsonConfigurationVariables/i, hasKey('features: structured-variables')],
  [/^Octopus\.Action\.Package\.CustomInstallationDirectory/i, hasKey('features: install-to')],
  [/^Octopus\.Action\.CustomScripts\./i, hasKey('scripts:')],
  [/^Octopus\.Action\.Script\./i, hasKey('run:')],
  [/^Octopus\.Action\.Manual\./i, hasKey('manual:')],
  [/^Octopus\.Action\.Vhd\./i, notYet('virtual hard disks')],
  [
    /^Octopus\.Action\.(?:RedGate|SqlServer|Tomcat|WildFly|Java|Azure|Aws|Kubernetes|Terraform|Helm)/i,
    notYet('it'),
  ],
  [/^Octopus\.Action\.RunOnServer$/i, notYet('steps that run elsewhere')],
];

/** Why this property can't stand in a process file, undefined where it can: a missing feature may be said to be off. */
export function refusedProperty(name: string, value: string): Refusal | undefined {
  const refusal = refusals.find(([pattern]) => pattern.test(name))?.[1];
  const isOff = /^\s*(?:false)?\s*$/i.test(value);
  return refusal !== undefined && (refusal.evenIfOff || !isOff) ? refusal : undefined;
}
