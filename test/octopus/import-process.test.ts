import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importProcess, OctopusError, type ImportedProcess } from '../../src/octopus/index.ts';
import {
  featureOwning,
  isMachineFeature,
  readProcessFile,
  refusedProperty,
  type ProcessFile,
} from '../../src/process/index.ts';
import { namesIn } from '../../src/variables/index.ts';

const exports = join(import.meta.dirname, 'exports');

function imported(text: string, environments: Readonly<Record<string, string>> = {}): ImportedProcess {
  return importProcess({
    path: 'orders.ocl',
    text,
    name: 'Orders',
    environments: new Map(Object.entries(environments)),
    known: {
      refusedProperty: (name, value) => refusedProperty(name, value)?.message,
      isFeature: isMachineFeature,
      featureOwning,
    },
  });
}

function read(yaml: string | undefined): ProcessFile {
  const readScript = (): string => {
    throw new TypeError('an imported process names no files');
  };
  return readProcessFile({ path: 'orders.yaml', text: yaml!, readScript, namesIn });
}

/** A step of one action, as OCL. */
const step = (lines: string, action: string, name = 'One'): string =>
  `step "one" {\n    name = "${name}"\n${lines}\n    action {\n${action}\n    }\n}\n`;
const script = `action_type = "Octopus.Script"
properties = {
    Octopus.Action.Script.ScriptBody = "echo hello"
    Octopus.Action.Script.Syntax = "Bash"
}`;

describe.each(['ocl', 'json'])('an export as Octopus Deploy writes it, %s', (kind) => {
  const text = readFileSync(join(exports, `orders.${kind}`), 'utf8');
  const { yaml, notCarried } = imported(text, { 'Environments-1': 'qa' });

  test('becomes this process file', async () => {
    await expect(yaml).toMatchFileSnapshot(`exports/orders.${kind}.yaml`);
  });

  test('and this is not carried, each thing with the reason', async () => {
    const lines = notCarried.map((one) => `${one.step}: ${one.what}: ${one.why}\n`);
    await expect(lines.join('')).toMatchFileSnapshot(`exports/orders.${kind}.not-carried.txt`);
  });

  test('can be published as it is', () => {
    expect(read(yaml).revision.steps.length).toBeGreaterThan(1);
  });
});

test('steps keep their order, conditions, identity and texts', () => {
  const { revision } = read(imported(readFileSync(join(exports, 'orders.ocl'), 'utf8')).yaml);
  expect(revision.steps.map(({ id, name, when }) => [id, name, when])).toEqual([
    ['say-hello', 'Say hello', 'success'],
    ['approve', 'Approve release', 'success'],
    ['web', 'Orders Web', 'success'],
    ['iis', 'Old site', 'success'],
    ['drain', 'Drain', 'always'],
    ['tell', 'Tell the team', '#{if Octopus.Deployment.Error}True#{/if}'],
    ['disk', 'Disk', 'success'],
  ]);
  expect(revision.steps[0]!.action).toEqual({
    kind: 'run',
    script: {
      kind: 'bash',
      text: 'echo "deploying #{Octopus.Release.Number}"\nif true; then\n  echo "to #{Octopus.Environment.Name}"\nfi',
    },
  });
});

test('a script of CRLF lines is the same text, and so is one that YAML would take for something else', () => {
  const text = readFileSync(join(exports, 'orders.json'), 'utf8');
  const { action } = read(imported(text).yaml).revision.steps[0]!;
  expect(action).toMatchObject({ script: { text: 'echo migrating\r\necho done\r\n' } });
  for (const body of ['true', '#{Script}', '  leading: 1', '- x # y', '1.10', "'", ' \t']) {
    const one = { Name: 'One', ActionType: 'Octopus.Script' };
    const properties = {
      'Octopus.Action.Script.Syntax': 'Bash',
      'Octopus.Action.Script.ScriptBody': `${body}x`,
    };
    const json = JSON.stringify({ Steps: [{ Name: 'One', Actions: [{ ...one, Properties: properties }] }] });
    expect(read(imported(json).yaml).revision.steps[0]!.action).toMatchObject({
      script: { text: `${body}x` },
    });
  }
});

describe('what would be deployed otherwise is left out and named', () => {
  const why = (text: string): string | undefined =>
    imported(text).notCarried.find(({ what }) => what === 'the step')?.why;
  test.each([
    ['is_disabled = true', 'it is disabled'],
    ['channels = ["beta"]', 'it is only for the channel beta, and there are no channels'],
    ['tenant_tags = ["Region/EU"]', 'it is only for tenants tagged Region/EU, and there are no tenants'],
  ])('%s', (line, because) => {
    const result = imported(step('', `${line}\n${script}`));
    expect(result).toMatchObject({ yaml: undefined, steps: 0 });
    expect(why(step('', `${line}\n${script}`))).toBe(because);
  });

  test('a script in a package, in a language that is not run here, or in none', () => {
    const from = (properties: string): string | undefined =>
      why(step('', `action_type = "Octopus.Script"\nproperties = {\n${properties}\n}`));
    expect(from('Octopus.Action.Script.ScriptSource = "Package"')).toContain('its script lies in a package');
    expect(from('Octopus.Action.Script.Syntax = "CSharp"\nOctopus.Action.Script.ScriptBody = "x"')).toBe(
      'CSharp scripts are not run here',
    );
    expect(from('Octopus.Action.Script.Syntax = "Bash"')).toBe('its script is empty');
  });

  test('a condition that nobody knows, and a package that only a variable names', () => {
    expect(why(step('condition = "Sometimes"', script))).toBe('its condition Sometimes is not known');
    expect(why(step('condition = "Variable"', script))).toBe('its condition Variable is not known');
    const named = 'action_type = "Octopus.TentaclePackage"\npackages {\n package_id = "#{Which}"\n}';
    expect(why(step('', named))).toBe('#{Which} is no fixed id of a package');
  });
});

test('an action has a condition of its own, and two conditions are one too many', () => {
  const own = imported(step('', `condition = "Failure"\n${script}`));
  expect(read(own.yaml).revision.steps[0]!.when).toBe('failure');
  const both = imported(step('condition = "Always"', `condition = "Failure"\n${script}`));
  expect(both).toMatchObject({ yaml: undefined, notCarried: [{ what: 'the step' }] });
});

test('a step that begins with one that is left out does not begin with the one before that', () => {
  const steps = [
    step('', script, 'First'),
    step('', `is_disabled = true\n${script}`, 'Out'),
    step('start_trigger = "StartWithPrevious"', script, 'Third'),
    step('start_trigger = "StartWithPrevious"', script, 'Fourth'),
  ].map((text, n) => text.replace('"one"', `"s${n}"`));
  const { yaml } = imported(steps.join('\n'));
  expect(read(yaml).revision.steps.map(({ name }) => name)).toEqual(['First', 'Third', 'Fourth']);
  expect(yaml!.match(/start: with-previous/g)).toHaveLength(1);
  expect(yaml!.indexOf('start: with-previous')).toBeGreaterThan(yaml!.indexOf('Fourth'));
});

test('a property of a feature that is off has no effect in Octopus and is not carried', () => {
  const { yaml, notCarried } = imported(
    step(
      '',
      `action_type = "Octopus.TentaclePackage"
properties = {
    Octopus.Action.EnabledFeatures = ""
    Octopus.Action.SubstituteInFiles.TargetFiles = "a.json"
    Octopus.Action.CustomScripts.Deploy.sh = "echo off"
    Octopus.Action.IISWebSite.WebSiteName = "Off"
    Octopus.Action.Package.PackageId = "Orders.Web"
    My.Setting = "kept"
}`,
    ),
  );
  expect(notCarried).toEqual([]);
  expect(read(yaml).revision.steps[0]).toMatchObject({
    action: { substituteInFiles: [], scripts: { deploy: [] } },
    properties: [{ name: 'My.Setting', value: 'kept' }],
  });
});

test('two steps of one name are told apart', () => {
  const { yaml, notCarried } = imported(`${step('', script)}${step('', script).replace('"one"', '"two"')}`);
  expect(read(yaml).revision.steps.map(({ name }) => name)).toEqual(['One', 'One 2']);
  expect(notCarried).toEqual([{ step: 'One', what: 'its name', why: 'it is called One 2' }]);
});

describe('what is no export is refused', () => {
  test.each([
    ['', 'it has no steps'],
    ['process_template "x" {\n}\n', 'process_template is not a step'],
    ['{', 'it is not JSON'],
    ['{"Steps": []}', 'it has no steps'],
    ['{"Steps": [{"Name": 1}]}', 'it has no steps'],
  ])('%j', (text, because) => {
    expect(() => imported(text)).toThrow(OctopusError);
    expect(() => imported(text)).toThrow(because);
  });
});
