import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunOutcome } from '../../../src/executor/index.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { logOf, packageStep, planOf, run, traceOf } from '../../support/scripts-run.ts';

const features = 'Octopus.Action.EnabledFeatures';
const prefix = 'Octopus.Action.Package';
const transforms = {
  [features]: 'Octopus.Features.ConfigurationTransforms',
  [`${prefix}.AutomaticallyRunConfigurationTransformationFiles`]: 'True',
};
const structured = (...targets: string[]) => ({
  [features]: 'Octopus.Features.JsonConfigurationVariables',
  [`${prefix}.JsonConfigurationVariablesTargets`]: targets.join('\n'),
});
const xdt = 'xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"';
const setting = (value: string) =>
  `<configuration ${xdt}><appSettings><add key="Mode" value="${value}" xdt:Transform="SetAttributes" xdt:Locator="Match(key)"/></appSettings></configuration>`;
const config =
  '<configuration>\r\n\t<appSettings><add key="Mode" value="dev" /></appSettings>\r\n</configuration>';

type Variables = Readonly<Record<string, string>>;

/** Runs one package step and tells the outcome and how to read what it left. */
async function deploy(
  root: string,
  files: Readonly<Record<string, string | Buffer>>,
  properties: Variables,
  variables: Variables = {},
  more: { readonly configVariables?: boolean } = {},
) {
  const step = await packageStep(root, files as Record<string, string>, {
    ...more,
    step: { properties },
  });
  const given = Object.entries(variables).map(([name, value]) => ({ name, value }));
  const outcome = await run(root, planOf(root, [step], { variables: given }));
  const extracted = join(root, 'data/apps/uat/Orders.Web/3.2.0');
  return { outcome, extracted, read: (file: string) => readFileSync(join(extracted, file), 'utf8') };
}

function lineOf(outcome: RunOutcome, number: number) {
  return outcome.steps[0]!.conventions.find((line) => line.number === number)!;
}

test('J3.2 transforms, configuration variables and structured variables follow one another; the trace says what each did to which file', async () => {
  using folder = temporaryFolder();
  const files = {
    'Web.config': config.replace('/></', '/><add key="Title" value="dev" /></'),
    'Web.Release.config': setting('release'),
    'Web.uat.config': setting('uat').replace('</appSettings>', '<add key="Title" value="x"/></appSettings>'),
    'Web.Eu.config': setting('eu'),
    'appsettings.json': '{\r\n  "Db": { "Port": 1, /* set below */ "Host": "dev" },\r\n}\r\n',
    'conf/app.yaml': 'db:\n  host: dev # by name\n',
    'conf/app.properties': '# kept\ndb.host = dev\n',
    'conf/app.xml': '<a><db host="dev"/></a>',
    'conf/app.txt': 'untouched',
  };
  const properties = {
    ...structured('appsettings.json', 'conf/*.{yaml,properties,xml}'),
    ...transforms,
    [features]: 'Octopus.Features.ConfigurationTransforms,Octopus.Features.JsonConfigurationVariables',
    [`${prefix}.AdditionalXmlConfigurationTransforms`]: 'Eu\nNobody.config => Web.config',
  };
  const variables = {
    Title: 'Orders #{Octopus.Release.Number}',
    'Db:Port': '5432',
    'db:host': 'db01',
    'db.host': 'db02',
    '//db/@host': 'db03',
  };
  const { outcome, read } = await deploy(folder.path, files, properties, variables, {
    configVariables: true,
  });

  expect(outcome.error).toBeUndefined();
  expect(traceOf(outcome).slice(6, 9)).toEqual(['6 done', '7 done', '7.5 done']);
  expect(lineOf(outcome, 6)).toMatchObject({
    files: ['Web.config'],
    detail: 'Web.config: Web.Eu.config, Web.Release.config, Web.uat.config',
  });
  expect(lineOf(outcome, 7)).toMatchObject({ files: ['Web.config'], detail: 'Web.config: Title' });
  expect(lineOf(outcome, 7.5)).toMatchObject({
    files: ['appsettings.json', 'conf/app.properties', 'conf/app.xml', 'conf/app.yaml'],
    detail:
      'appsettings.json (JSON): Db:Port, Db:Host; conf/app.properties (properties): db.host; ' +
      'conf/app.xml (XML): //db/@host; conf/app.yaml (YAML): db:host',
  });
  expect(read('Web.config')).toBe(
    config.replace('"dev"', '"uat"').replace('/></', '/><add key="Title" value="Orders 3.2.0" /></'),
  );
  // Transforms are no configuration: what looks like a setting in them stays.
  expect(read('Web.uat.config')).toBe(files['Web.uat.config']);
  expect(read('appsettings.json')).toBe(
    '{\r\n  "Db": { "Port": 5432, /* set below */ "Host": "db01" },\r\n}\r\n',
  );
  expect(read('conf/app.yaml')).toBe('db:\n  host: db01 # by name\n');
  expect(read('conf/app.properties')).toBe('# kept\ndb.host = db02\n');
  expect(read('conf/app.xml')).toBe('<a><db host="db03"/></a>');
  expect(logOf(folder.path)).toContain('The transform Nobody.config => Web.config was not applied');
});

test('a warning of a transform fails the deployment, with its place and the switch that lets it go on', async () => {
  using folder = temporaryFolder();
  const files = { 'Web.config': config, 'Web.Release.config': setting('x').replace('Mode', 'Nobody') };
  const { outcome, read } = await deploy(folder.path, files, transforms);
  expect(outcome).toMatchObject({
    state: 'failed',
    errorCode: 'TRANSFORM_FAILED',
    failedAt: { convention: 6 },
  });
  expect(outcome.error).toMatch(
    /^Cannot transform Web\.config by Web\.Release\.config: Web\.Release\.config, line 1, column \d+: /,
  );
  expect(logOf(folder.path)).toContain('TreatConfigTransformationWarningsAsErrors is False');
  expect(read('Web.config')).toBe(config);
});

test.each([
  ['warnings are warnings', 'TreatConfigTransformationWarningsAsErrors', 'False', 'warning'],
  ['errors are ignored', 'IgnoreConfigTransformationErrors', 'True', 'info'],
])('where %s, the deployment goes on and the log tells it', async (_what, name, value, level) => {
  using folder = temporaryFolder();
  const files = { 'Web.config': config, 'Web.Release.config': setting('x').replace('Mode', 'Nobody') };
  const { outcome } = await deploy(folder.path, files, { ...transforms, [`${prefix}.${name}`]: value });
  expect(outcome.state).toBe('succeeded');
  const said = logOf(folder.path)
    .split('\n')
    .find((line) => line.includes('No element in the source'));
  expect(said).toContain(level);
});

test('a transform that is no XML fails the deployment with file, line and column; ignored, the file stays as it was', async () => {
  const files = { 'Web.config': config, 'Web.Release.config': '<a>\n<b>\n</a>' };
  using strict = temporaryFolder();
  const failed = await deploy(strict.path, files, transforms);
  expect(failed.outcome.error).toMatch(/Web\.Release\.config.*line 3, column/);
  expect(failed.read('Web.config')).toBe(config);
  using tolerant = temporaryFolder();
  const ignored = `${prefix}.IgnoreConfigTransformationErrors`;
  const gone = await deploy(tolerant.path, files, { ...transforms, [ignored]: 'True' });
  expect(gone.outcome.state).toBe('succeeded');
  expect(gone.read('Web.config')).toBe(config);
  expect(logOf(tolerant.path)).toMatch(/Web\.Release\.config.*line 3, column/);
});

test.each([
  ['settings.json', '{ "Port": }', 'the JSON at line 1, column 11'],
  ['settings.yaml', 'a:\n  - b\n c: d\n', 'the YAML at line 3, column'],
  ['settings.xml', '<a>\n<b></a>', 'the XML at line 2, column'],
  ['settings.properties', 'a=\\u12', 'the properties at line 1, column 3'],
])(
  '%s that can’t be read fails the deployment with its place, and stays as it was',
  async (file, text, place) => {
    using folder = temporaryFolder();
    const { outcome, read } = await deploy(folder.path, { [file]: text }, structured(file), { a: 'x' });
    expect(outcome.state).toBe('failed');
    expect(outcome.error).toContain(`Cannot set structured variables in ${file}: cannot read ${place}`);
    expect(outcome.failedAt).toMatchObject({ convention: 7.5 });
    expect(read(file)).toBe(text);
  },
);

test('a target that is not there, or a folder, is a warning; a step that asks for it fails instead', async () => {
  const files = { 'conf.json/a.txt': 'x', 'a.json': '{"A": {"b": 1}}' };
  const targets = structured('conf.json', 'nobody/*.json', 'a.json');
  using folder = temporaryFolder();
  const { outcome } = await deploy(folder.path, files, targets, { A: 'no json' });
  expect(outcome.state).toBe('succeeded');
  const log = logOf(folder.path);
  expect(log).toContain('conf.json is a folder');
  expect(log).toContain('No file matches nobody/*.json');
  expect(log).toContain("a.json: A: the variable's value is not JSON");
  expect(lineOf(outcome, 7.5)).toMatchObject({ state: 'nothing-to-do' });

  using strict = temporaryFolder();
  const name = 'Crossgap.Action.Package.TreatConfigurationWarningsAsErrors';
  const failed = await deploy(strict.path, files, { ...targets, [name]: 'True' });
  expect(failed.outcome).toMatchObject({ state: 'failed', errorCode: 'CONFIGURATION_INCOMPLETE' });
  expect(failed.outcome.error).toContain('conf.json is a folder');
});

test('additional folders are worked on too; one that isn’t there, or belongs to crossgap, is told', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const beside = join(root, 'beside');
  mkdirSync(beside);
  writeFileSync(join(beside, 'a.json'), '{"A": 1}');
  writeFileSync(join(beside, 'My.config'), config);
  writeFileSync(join(beside, 'My.Release.config'), setting('release'));
  const properties = {
    ...structured('*.json'),
    ...transforms,
    [features]: 'Octopus.Features.ConfigurationTransforms,Octopus.Features.JsonConfigurationVariables',
    'Octopus.Action.AdditionalPaths': `${beside}, ${join(root, 'nobody')}`,
  };
  const { outcome } = await deploy(root, { 'a.json': '{"A": 1}' }, properties, { A: '2' });
  expect(outcome.error).toBeUndefined();
  expect(readFileSync(join(beside, 'a.json'), 'utf8')).toBe('{"A": 2}');
  expect(readFileSync(join(beside, 'My.config'), 'utf8')).toBe(config.replace('dev', 'release'));
  expect(lineOf(outcome, 7.5).files).toEqual(['a.json', join(beside, 'a.json')]);
  expect(logOf(root)).toContain(
    'nobody of Octopus.Action.AdditionalPaths is left out: there is no such folder',
  );
});

test('nothing but the files themselves is left, and a value never stands in trace or log', async () => {
  using folder = temporaryFolder();
  const { outcome, extracted } = await deploy(
    folder.path,
    { 'a.json': '{"Db": {"x": 1}, "Key": "dev"}' },
    structured('a.json'),
    { Db: 'S3cretish{', Key: 'Anoth3rValue' },
  );
  expect(outcome.state).toBe('succeeded');
  expect(readdirSync(extracted)).toEqual(['a.json']);
  const told = `${JSON.stringify(outcome)}\n${logOf(folder.path)}`;
  expect(told).not.toContain('S3cretish');
  expect(told).not.toContain('Anoth3rValue');
});
