import { configFileProperties } from './config-file-features.ts';
import type { Findings } from './findings.ts';
import { isMachineFeature, machineProperties } from './machine-features.ts';
import { refusedProperty } from './octopus-properties.ts';
import { actionOf, type ReadScript } from './read-action.ts';
import { checkText, isTrue } from './read-values.ts';
import { isCondition, type Step } from './revision.ts';
import type { StepEntry } from './schema.ts';
import type { YamlPath } from './yaml-source.ts';

const msPerUnit: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
const timeLimitMaxMs = 7 * 24 * 3_600_000;

/**
 * The steps of the file below `list`; what is wrong with one is added to the findings, and its place is filled as well as
 * may be. Those of `uninstall` deploy no package: it would be put there again.
 */
export function readSteps(
  entries: readonly StepEntry[],
  list: 'steps' | 'uninstall',
  readScript: ReadScript,
  findings: Findings,
): Step[] {
  const names = new Map<string, number>();
  const ids = new Map<string, number>();
  return entries.map((entry, n) => {
    const path = [list, n];
    checkText([...path, 'name'], 'the name of a step', findings);
    const sameName = names.get(entry.name.toLowerCase());
    if (sameName !== undefined) {
      findings.add(
        [...path, 'name'],
        `step ${sameName + 1} is called ${entry.name} too`,
        'Give each step a name of its own; outputs are known by it.',
      );
    }
    names.set(entry.name.toLowerCase(), n);
    const id = entry.id ?? idFrom(entry.name);
    const sameId = ids.get(id.toLowerCase());
    if (id === '' || (sameId !== undefined && sameName === undefined)) {
      findings.add(
        [...path, entry.id === undefined ? 'name' : 'id'],
        sameId === undefined ? 'no id can be made from this name' : `step ${sameId + 1} has the id ${id} too`,
        'Give the step an `id:` of its own.',
      );
    }
    ids.set(id.toLowerCase(), n);
    if (list === 'uninstall' && entry.package !== undefined) {
      findings.add(
        [...path, 'package'],
        'a step to uninstall by deploys no package',
        'Write `run:` or `manual:`; scripts find what was installed at #{Octopus.Action[STEP].Output.Package.InstallationDirectoryPath}.',
        'key',
      );
    }
    return readStep(entry, id, path, readScript, findings);
  });
}

function readStep(
  entry: StepEntry,
  id: string,
  path: YamlPath,
  readScript: ReadScript,
  findings: Findings,
): Step {
  if (entry.environments !== undefined && entry['except-environments'] !== undefined) {
    findings.add(
      [...path, 'except-environments'],
      'a step has environments or except-environments, not both',
      'Keep one of the two.',
      'key',
    );
  }
  return {
    id,
    name: entry.name,
    when: whenOf(entry, path, findings),
    ...startOf(entry, path, findings),
    environments: entry.environments ?? [],
    tags: entry.tags ?? [],
    exceptEnvironments: entry['except-environments'] ?? [],
    required: entry.required !== undefined && isTrue(entry.required),
    timeLimitMs: timeLimitOf(entry, path, findings),
    retriesMax: Number(entry.retries ?? 0),
    action: actionOf(entry, path, readScript, findings),
    properties: [...propertiesOf(entry, path, findings), ...featuresOf(entry, path, findings)],
  };
}

/** `Stop the Service!` as `stop-the-service`: letters and digits of any script, one dash for all between. */
function idFrom(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{Ll}\p{Lo}\p{Nd}]+/gu, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 100)
    .replace(/-$/, '');
}

function whenOf(entry: StepEntry, path: YamlPath, findings: Findings): Step['when'] {
  const when = entry.when ?? 'success';
  if (!isCondition(when)) {
    findings.add(
      [...path, 'when'],
      `when: is success, failure, always or an expression with #{...}, not ${when}`,
      'Write success, failure, always, or an expression such as "#{Migrate}".',
    );
    return 'success';
  }
  return when;
}

function startOf(entry: StepEntry, path: YamlPath, findings: Findings): Pick<Step, 'start'> {
  if (entry.start !== 'with-previous') return {};
  if (path.at(-1) === 0) {
    findings.add([...path, 'start'], 'there is no step before this one to start with', 'Take it out.', 'key');
  }
  return { start: 'with-previous' };
}

function timeLimitOf(entry: StepEntry, path: YamlPath, findings: Findings): number | null {
  const limit = entry['time-limit'];
  if (limit === undefined) return null;
  let ms = 0;
  for (const [, count, unit] of limit.matchAll(/(\d+)([smh])/g)) ms += Number(count) * msPerUnit[unit!]!;
  if (ms > 0 && ms <= timeLimitMaxMs) return ms;
  findings.add([...path, 'time-limit'], 'a time limit is more than nothing and at most 168h', 'Write 10m.');
  return null;
}

/** Features are told as wrong where they stand in a step without a package; here they count for one that has it. */
function featuresOf(entry: StepEntry, path: YamlPath, findings: Findings): Step['properties'] {
  if (entry.package === undefined) return [];
  const enabled = namesIn(entry.properties?.[enabledFeatures] ?? '');
  const machine = machineProperties(entry, enabled, path, findings);
  return configFileProperties(entry.features, machine, path, findings);
}

const enabledFeatures = 'Octopus.Action.EnabledFeatures';

const namesIn = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

function propertiesOf(entry: StepEntry, path: YamlPath, findings: Findings): Step['properties'] {
  const at = [...path, 'properties'];
  return findings.source.keysAt(at).flatMap((name) => {
    const value = entry.properties?.[name];
    if (value === undefined) return [];
    // What it names joins what the keys below `features:` enable.
    if (name === enabledFeatures && value !== '' && namesIn(value).every(isMachineFeature)) return [];
    const refusal = refusedProperty(name, value);
    if (refusal) findings.add([...at, name], `${name}: ${refusal.message}`, refusal.hint, 'key');
    if (name === '') findings.add([...at, name], 'the name of a property is empty', 'Name it.', 'key');
    return [{ name, value }];
  });
}
