import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foreseeRun, standInFor, type Plan, type RunOutcome } from '../../../src/executor/index.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { installedFolder, packageStep, planOf, run, runStep } from '../../support/scripts-run.ts';

const transform = (value: string): string =>
  `<configuration xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform">
  <appSettings><add key="Level" value="${value}" xdt:Transform="SetAttributes" xdt:Locator="Match(key)"/></appSettings>
</configuration>`;
const config = `<configuration>
  <appSettings><add key="Level" value="x"/><add key="Title" value="old"/></appSettings>
</configuration>`;

const everything = {
  'PreDeploy.sh': 'echo pre',
  'Deploy.sh': 'echo deploy',
  'Deploy.py': 'print("deploy")',
  'PostDeploy.sh': 'echo post',
  'Web.config': config,
  'Web.Release.config': transform('release'),
  'Web.uat.config': transform('uat'),
  'Web.production.config': transform('production'),
  'Lost.Release.config': transform('lost'),
  'settings.json': '{"title": "#{Title}", "left": "#{Nobody.Knows}"}',
  'appsettings.json': '{"Db": {"Port": 1, "Name": "orders"}}',
  'sub/notes.txt': '#{Title}',
};

const settings = {
  'Octopus.Action.EnabledFeatures':
    'Octopus.Features.ConfigurationTransforms,Octopus.Features.JsonConfigurationVariables',
  'Octopus.Action.Package.AutomaticallyRunConfigurationTransformationFiles': 'True',
  'Octopus.Action.Package.AdditionalXmlConfigurationTransforms': 'Eu',
  'Octopus.Action.Package.JsonConfigurationVariablesTargets': 'appsettings.json\nnone/*.json',
};

const variables = [
  { name: 'Title', value: 'Orders #{Octopus.Release.Number}' },
  { name: 'Db:Port', value: '5432' },
];

/** The lines of all steps, as a plan and a run must agree on. */
const linesOf = (steps: readonly { conventions: RunOutcome['steps'][number]['conventions'] }[]): unknown =>
  steps.map(({ conventions }) => conventions);

/** Every file below a folder with its content: what must be the same after nothing happened. */
function everythingBelow(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path, 'base64')]),
  );
}

/** Foresees, looks that nothing was touched, runs, and compares. */
async function agrees(root: string, plan: Plan): Promise<RunOutcome> {
  const before = everythingBelow(root);
  const foreseen = await foreseeRun(plan);
  expect(everythingBelow(root)).toEqual(before);
  const outcome = await run(root, plan);
  expect(linesOf(foreseen)).toEqual(linesOf(outcome.steps));
  return outcome;
}

test('a plan of a step with every convention on has the lines of the run that follows, and touches nothing', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const target = installedFolder(root, 'srv', 'orders');
  mkdirSync(join(target, 'App_Data'));
  writeFileSync(join(target, 'old.txt'), 'old');
  writeFileSync(join(target, 'App_Data', 'kept.txt'), 'kept');
  const step = await packageStep(root, everything, {
    substituteInFiles: ['*.json', 'none/*.txt'],
    configVariables: true,
    installTo: { folder: target, purge: true, keep: ['App_Data'] },
    scripts: { preDeploy: [{ kind: 'bash', text: 'echo inline #{Title}' }], deploy: [], postDeploy: [] },
    step: { properties: settings },
  });
  const plan = planOf(root, [runStep('Before', 'echo hello'), step], { variables });
  const outcome = await agrees(root, plan);
  expect(outcome.state).toBe('succeeded');
});

test('a folder that is taken and an application that is installed already are foreseen', async () => {
  using folder = temporaryFolder();
  const taken = join(folder.path, 'data/apps/uat/Orders.Web/3.2.0');
  mkdirSync(taken, { recursive: true });
  const first = await packageStep(folder.path, { 'a.txt': '' });
  const outcome = await agrees(folder.path, planOf(folder.path, [first]));
  expect(outcome.steps[0]!.application!.extractedTo).toBe(`${taken}_1`);

  using other = temporaryFolder();
  const previous = { packageId: 'Orders.Web', version: '3.2.0', extractedTo: taken, installedTo: null };
  const skips = { 'Octopus.Action.Package.SkipIfAlreadyInstalled': 'True' };
  const again = await packageStep(
    other.path,
    { 'a.txt': '' },
    { previous: { ...previous, succeeded: true }, step: { properties: skips } },
  );
  const skipped = await agrees(other.path, planOf(other.path, [again]));
  expect(skipped.steps[0]!.conventions.slice(0, 2)).toMatchObject([
    { state: 'nothing-to-do', detail: `already installed: Orders.Web 3.2.0 in ${taken}` },
    { state: 'skipped', detail: 'already installed' },
  ]);
});

test('a script that asks to skip the rest is not run, and what it would ask is not known', async () => {
  using folder = temporaryFolder();
  const files = { 'PreDeploy.sh': 'set_octopusvariable Octopus.Action.SkipRemainingConventions True' };
  const step = await packageStep(folder.path, { ...files, 'a.txt': '' });
  const plan = planOf(folder.path, [step], {
    variables: [{ name: 'Octopus.Action.SkipRemainingConventions', value: 'True' }],
  });
  const [foreseen] = await foreseeRun(plan);
  expect(foreseen!.conventions.at(-1)).toMatchObject({ state: 'skipped' });
  const [without] = await foreseeRun({ ...plan, variables: [] });
  expect(without!.conventions.at(-1)).toMatchObject({ state: 'feature-off' });
});

test('which transform meets which file is told, and which one nothing applies', async () => {
  using folder = temporaryFolder();
  const step = await packageStep(folder.path, everything, { step: { properties: settings } });
  const [foreseen] = await foreseeRun(planOf(folder.path, [step], { variables }));
  expect(foreseen).toMatchObject({
    state: 'runs',
    transforms: [{ target: 'Web.config', by: ['Web.Release.config', 'Web.uat.config'] }],
    transformsUnused: ['Lost.Release.config', 'Web.production.config'],
    noFile: [
      { feature: 'structured-variables', pattern: 'none/*.json' },
      { feature: 'config-transforms', pattern: 'Eu' },
    ],
  });
  expect(foreseen!.scripts.find(({ script }) => script === 'Deploy.sh')!.rather).toEqual(['Deploy.py']);
});

test('placeholders without a value are told, those that a script gives one to apart', async () => {
  using folder = temporaryFolder();
  const files = {
    'PreDeploy.sh': 'set_octopusvariable Colour blue',
    'settings.json': '#{Nobody.Knows} #{Colour} #{Octopus.Action[Before].Output.Answer}',
  };
  const step = await packageStep(folder.path, files, { substituteInFiles: ['settings.json'] });
  const [, foreseen] = await foreseeRun(planOf(folder.path, [runStep('Before', 'true'), step]));
  expect(foreseen!.noValue).toEqual([
    {
      where: 'settings.json',
      tokens: ['#{Nobody.Knows}', '#{Colour}', '#{Octopus.Action[Before].Output.Answer}'],
      later: ['#{Colour}', '#{Octopus.Action[Before].Output.Answer}'],
    },
  ]);
});

test('a value that only the run knows stands for itself, also in the folder to install to', async () => {
  using folder = temporaryFolder();
  const step = await packageStep(
    folder.path,
    { 'a.txt': '#{Secret}' },
    {
      substituteInFiles: ['a.txt'],
      installTo: { folder: '#{Site.Folder}', purge: true, keep: [] },
    },
  );
  const plan = planOf(folder.path, [step], { inputs: [{ name: 'Secret', secret: true, version: 1 }] });
  const [foreseen] = await foreseeRun(plan, { standIns: { 'Site.Folder': standInFor('Site.Folder') } });
  expect(foreseen).toMatchObject({ state: 'runs', noValue: [] });
  const copy = foreseen!.conventions.find(({ number }) => number === 8);
  expect(copy!.detail).toBe('0 files purged, 1 file to ‹Site.Folder›');
});

describe('what will fail is foreseen', () => {
  test('a package that is not the one of the release fails before anything, as it does in the run', async () => {
    using folder = temporaryFolder();
    const step = await packageStep(folder.path, { 'a.txt': '' });
    if (step.action.kind !== 'package') throw new TypeError();
    const action = { ...step.action, package: { ...step.action.package, contentDigest: '0'.repeat(64) } };
    const plan = planOf(folder.path, [{ ...step, action }, runStep('After', 'echo never')]);
    const foreseen = await foreseeRun(plan);
    expect(foreseen.map(({ state }) => state)).toEqual(['failed', 'not-run']);
    expect(foreseen[0]).toMatchObject({ errorCode: 'PACKAGE_NOT_TRUSTED' });
    const outcome = await run(folder.path, plan);
    expect(linesOf(foreseen)).toEqual(linesOf(outcome.steps));
  });

  test('a file that can not be read fails at its convention, and the scripts for failures are named', async () => {
    using folder = temporaryFolder();
    const files = { 'Web.config': '<configuration><a></configuration>', 'DeployFailed.sh': 'echo sorry' };
    const step = await packageStep(folder.path, files, { configVariables: true });
    const outcome = await agrees(folder.path, planOf(folder.path, [step]));
    expect(outcome).toMatchObject({ state: 'failed', failedAt: { convention: 7 } });
  });

  test('a folder that nothing may be installed to', async () => {
    using folder = temporaryFolder();
    const installTo = { folder: join(folder.path, 'data'), purge: true, keep: [] };
    const step = await packageStep(folder.path, { 'a.txt': '' }, { installTo });
    const outcome = await agrees(folder.path, planOf(folder.path, [step]));
    expect(outcome).toMatchObject({ state: 'failed', failedAt: { convention: 8 } });
  });
});

describe('conditions', () => {
  const after = (when: string) => runStep('After', 'true', { when });

  test('steps are skipped as they would be, and one of an output runs only where that is so', async () => {
    using folder = temporaryFolder();
    const steps = [
      runStep('Before', 'set_octopusvariable Go yes'),
      runStep('Never', 'true', { when: 'failure' }),
      runStep('Not here', 'true', { skippedBecause: 'it is not for uat' }),
      runStep('Off', 'true', { when: '#{Off}' }),
      after('#{Octopus.Action[Before].Output.Go}'),
    ];
    const foreseen = await foreseeRun(
      planOf(folder.path, steps, { variables: [{ name: 'Off', value: 'False' }] }),
    );
    expect(foreseen.map(({ state }) => state)).toEqual(['runs', 'skipped', 'skipped', 'skipped', 'runs']);
    expect(foreseen.at(-1)!.onlyWhere).toBe('#{Octopus.Action[Before].Output.Go}');
  });

  test('steps that begin together do not see the outputs of one another', async () => {
    using folder = temporaryFolder();
    const web = await packageStep(folder.path, { 'a.txt': '' });
    const told = runStep('Beside', 'echo #{Octopus.Action[Web].Output.Package.ExtractedFileCount}');
    const steps = [web, { ...told, start: 'with-previous' as const }];
    const [, beside] = await foreseeRun(planOf(folder.path, steps));
    expect(beside!.noValue[0]!.later).toEqual(['#{Octopus.Action[Web].Output.Package.ExtractedFileCount}']);
    const [, behind] = await foreseeRun(planOf(folder.path, [web, told]));
    expect(behind!.noValue).toEqual([]);
  });

  test('a step that a person confirms waits, and what its instructions lack is told', async () => {
    using folder = temporaryFolder();
    const action = { kind: 'manual', instructions: 'Ask #{Nobody.Knows}' } as const;
    const [foreseen] = await foreseeRun(planOf(folder.path, [{ ...after('success'), action }]));
    expect(foreseen).toMatchObject({
      state: 'waits',
      noValue: [{ where: 'the instructions', tokens: ['#{Nobody.Knows}'], later: [] }],
    });
  });
});

test('plan and run agree on generated packages and settings', async () => {
  const names = ['Web', 'app.v2', 'Data'];
  const file = fc.constantFrom(
    ...names.flatMap((name) => [
      `${name}.config`,
      `${name}.Release.config`,
      `${name}.uat.config`,
      `${name}.json`,
    ]),
    'sub/Web.config',
    'sub/Web.Release.config',
    'sub/deep/x.json',
    'Deploy.sh',
    'deploy.py',
    'Octopus.Features.Nginx_AfterDeploy.sh',
  );
  const contentOf = (name: string): string => {
    if (/\.(?:Release|uat)\.config$/.test(name)) return transform(name);
    if (name.endsWith('.config')) return config;
    if (name.endsWith('.py')) return 'pass';
    return name.endsWith('.json') ? '{"Title": "#{Title} #{Missing}", "Db": {"Port": 1}}' : 'true';
  };
  const flagText = fc.constantFrom('True', 'False');
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(file, { minLength: 1, maxLength: 8, selector: (name) => name.toLowerCase() }),
      fc.record({
        substitute: fc.subarray(['*.json', '**/*.json', 'none.txt', 'Web.config', '**/*.{json,config}']),
        rules: fc.subarray([
          'uat',
          'sub/Web.Release.config => Web.config',
          '*.Release.config => *.config',
          'Eu',
        ]),
        automatic: flagText,
        runScripts: flagText,
        keepScripts: flagText,
        configVariables: fc.boolean(),
        structured: fc.subarray(['*.json', 'sub', '**/*.config']),
        purge: fc.option(fc.boolean(), { nil: undefined }),
      }),
      async (files, given) => {
        using folder = temporaryFolder();
        const root = folder.path;
        const target = installedFolder(root, 'srv', 'orders');
        writeFileSync(join(target, 'Deploy.sh'), 'exit 1');
        writeFileSync(join(target, 'old.json'), '{}');
        const step = await packageStep(
          root,
          Object.fromEntries(files.map((name) => [name, contentOf(name)])),
          {
            substituteInFiles: given.substitute,
            configVariables: given.configVariables,
            ...(given.purge !== undefined && {
              installTo: { folder: target, purge: given.purge, keep: ['*.json'] },
            }),
            step: {
              properties: {
                ...settings,
                'Octopus.Action.Package.AutomaticallyRunConfigurationTransformationFiles': given.automatic,
                'Octopus.Action.Package.AdditionalXmlConfigurationTransforms': given.rules.join('\n'),
                'Octopus.Action.Package.JsonConfigurationVariablesTargets': given.structured.join('\n'),
                'Octopus.Action.Package.RunScripts': given.runScripts,
                OctopusDeleteScriptsOnCleanup: given.keepScripts,
              },
            },
          },
        );
        await agrees(root, planOf(root, [step], { variables }));
      },
    ),
    { numRuns: 20 },
  );
});
