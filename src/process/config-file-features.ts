/**
 * Features of a package step that a revision holds as the properties which Octopus has for them, so that revisions keep
 * one form: transforms of XML files, and structured variables. Features of the machine are those of `machine-features.ts`.
 */
import type { Findings } from './findings.ts';
import { machineKeyOf } from './machine-features.ts';
import { isTrue } from './read-values.ts';
import type { Step } from './revision.ts';
import type { StepEntry } from './schema.ts';
import type { YamlPath } from './yaml-source.ts';

type Features = NonNullable<StepEntry['features']>;

const enabled = 'Octopus.Action.EnabledFeatures';
const automatic = 'Octopus.Action.Package.AutomaticallyRunConfigurationTransformationFiles';
const additional = 'Octopus.Action.Package.AdditionalXmlConfigurationTransforms';
const targets = 'Octopus.Action.Package.JsonConfigurationVariablesTargets';

/**
 * What the keys below `features:` mean as properties, those of the machine's features with them; what is wrong is added
 * to the findings.
 */
export function configFileProperties(
  features: Features | undefined,
  machine: { readonly names: readonly string[]; readonly properties: Step['properties'] },
  path: YamlPath,
  findings: Findings,
): Step['properties'] {
  const at = [...path, 'features'];
  const properties: { name: string; value: string }[] = [];
  const names: string[] = [];
  const { isAutomatic, rules, rulesAt } = transformsOf(features?.['config-transforms'], at);
  if (isAutomatic || rules.length > 0) {
    names.push('Octopus.Features.ConfigurationTransforms');
    if (isAutomatic) properties.push({ name: automatic, value: 'True' });
    if (rules.length > 0) properties.push({ name: additional, value: rules.join('\n') });
  }
  for (const [n, rule] of rules.entries()) checkRule(rule, [...rulesAt, n], findings);
  const patterns = features?.['structured-variables'] ?? [];
  if (patterns.length > 0) {
    names.push('Octopus.Features.JsonConfigurationVariables');
    properties.push({ name: targets, value: patterns.join('\n') });
  }
  for (const [n, pattern] of patterns.entries()) {
    const here = [...at, 'structured-variables', n];
    if (pattern.trim() === '') findings.add(here, 'this is empty', 'Name a file.');
    else if (/[\r\n]/.test(pattern))
      findings.add(here, 'this has a line break', 'Name one file or glob an item.');
  }
  names.push(...machine.names);
  properties.push(...machine.properties);
  return names.length === 0 ? properties : [{ name: enabled, value: names.join(',') }, ...properties];
}

const keys: Readonly<Record<string, string>> = {
  [enabled]: 'features',
  [automatic]: 'config-transforms: automatic',
  [additional]: 'config-transforms',
  [targets]: 'structured-variables',
};

/** The key below `features:` that became this property, undefined for one that a person writes as it is. */
export function featureKeyOf(property: string): string | undefined {
  return keys[property] ?? machineKeyOf(property);
}

function transformsOf(
  entry: Features['config-transforms'],
  at: YamlPath,
): { readonly isAutomatic: boolean; readonly rules: readonly string[]; readonly rulesAt: YamlPath } {
  const rulesAt = [...at, 'config-transforms'];
  if (entry === undefined) return { isAutomatic: false, rules: [], rulesAt };
  if (typeof entry === 'string') return { isAutomatic: isTrue(entry), rules: [], rulesAt };
  if (Array.isArray(entry)) return { isAutomatic: false, rules: entry, rulesAt };
  const isAutomatic = entry.automatic !== undefined && isTrue(entry.automatic);
  return { isAutomatic, rules: entry.rules ?? [], rulesAt: [...rulesAt, 'rules'] };
}

function checkRule(rule: string, at: YamlPath, findings: Findings): void {
  const sides = rule.split('=>').map((side) => side.trim());
  if (sides.some((side) => side === '')) {
    const isEmpty = sides.length === 1;
    findings.add(
      at,
      isEmpty ? 'this is empty' : 'one side of the arrow is empty',
      'Write Release, or Web.Eu.config => Web.config.',
    );
  } else if (!rule.includes('#{') && /[,\r\n]/.test(rule)) {
    findings.add(at, 'a comma or line break ends a rule', 'Make an item of each rule.');
  }
}
