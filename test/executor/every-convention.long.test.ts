import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { readJournal, type Plan } from '../../src/executor/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { counted, follow, start } from '../support/scripts-killed.ts';
import { everyFile, installedFolder, packageStep, planOf } from '../support/scripts-run.ts';

const transform = `<configuration xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"><appSettings>
  <add key="Mode" value="uat" xdt:Transform="SetAttributes" xdt:Locator="Match(key)"/></appSettings></configuration>`;

/** One package on which every convention that can run here has something to do. */
async function everything(root: string): Promise<Plan> {
  const effect = (name: string): string => `echo '${name}' >> ${root}/effects`;
  const target = installedFolder(root, 'srv', 'orders');
  for (const name of ['old-1', 'kept']) writeFileSync(join(target, name), name);
  const iis = join(root, 'applicationHost.config');
  writeFileSync(
    iis,
    '<configuration><system.applicationHost><sites><site name="Orders"><application path="/"><virtualDirectory path="/" physicalPath="C:\\old"/></application></site></sites></system.applicationHost></configuration>',
  );
  const web = await packageStep(
    root,
    {
      'PreDeploy.sh': effect('packaged pre'),
      'Deploy.sh': effect('packaged deploy'),
      'PostDeploy.sh': effect('packaged post'),
      'DeployFailed.sh': effect('failed'),
      'Web.config':
        '<configuration><appSettings><add key="Mode" value="dev"/><add key="Title" value="dev"/></appSettings></configuration>',
      'Web.uat.config': transform,
      'settings.json': '{ "Db": { "Port": 1 } }\n',
      'page.html': '<p>#{Title} in #{Octopus.Environment.Name}</p>',
    },
    {
      step: {
        properties: {
          'Crossgap.Action.IIS.ConfigurationFile': iis,
          'Octopus.Action.Package.UpdateIisWebsite': 'True',
          'Octopus.Action.Package.UpdateIisWebsiteName': 'Orders',
          'Octopus.Action.EnabledFeatures':
            'Octopus.Features.ConfigurationTransforms,Octopus.Features.JsonConfigurationVariables',
          'Octopus.Action.Package.AutomaticallyRunConfigurationTransformationFiles': 'True',
          'Octopus.Action.Package.JsonConfigurationVariablesEnabled': 'True',
          'Octopus.Action.Package.JsonConfigurationVariablesTargets': 'settings.json',
        },
      },
      substituteInFiles: ['*.html'],
      configVariables: true,
      installTo: { folder: target, purge: true, keep: ['kept'] },
      scripts: {
        preDeploy: [{ kind: 'bash', text: effect('inline pre') }],
        deploy: [{ kind: 'bash', text: effect('inline deploy') }],
        postDeploy: [{ kind: 'bash', text: effect('inline post') }],
      },
    },
  );
  const variables = [
    { name: 'Title', value: 'Orders' },
    { name: 'Db:Port', value: '5432' },
  ];
  return planOf(root, [web], { variables });
}

/** Every file that a run leaves beside its own records, with what is in it. */
function leftBehind(root: string): Record<string, string> {
  const files = everyFile(root)
    .map(([path, bytes]) => [relative(root, path), bytes.toString().replaceAll(root, 'ROOT')] as const)
    .filter(([path]) => !path.startsWith('run/') && !path.endsWith('.nupkg') && path !== 'effects');
  return Object.fromEntries(files.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const endedConventions = async (root: string): Promise<string[]> =>
  (await follow(root)).flatMap((fact) => (fact.kind === 'convention-ended' ? [String(fact.key)] : []));

test('J1.F8 killed before and after each convention was written down, a run goes on to the same files', async () => {
  using whole = temporaryFolder();
  await start(whole.path, await everything(whole.path));
  const conventions = await endedConventions(whole.path);
  expect(readJournal(join(whole.path, 'run'))).toMatchObject({ state: 'succeeded' });
  expect(conventions.length).toBeGreaterThanOrEqual(16);
  const expected = leftBehind(whole.path);
  expect(expected['srv/orders/Web.config']).toContain('value="uat"');
  expect(expected['srv/orders/Web.config']).toContain('value="Orders"');
  expect(expected['srv/orders/settings.json']).toContain('5432');
  expect(expected['srv/orders/page.html']).toBe('<p>Orders in uat</p>');
  expect(expected['applicationHost.config']).toContain('ROOT/srv/orders');
  const effects = counted(whole.path);

  for (const [index, key] of conventions.entries()) {
    for (const point of ['before-journal', 'after-journal']) {
      using folder = temporaryFolder();
      const root = folder.path;
      await start(root, await everything(root), `executor.convention.${point}:${index + 1}`);
      await follow(root);
      const where = `killed at convention ${key}, ${point}`;
      expect(readJournal(join(root, 'run')).state, where).toBe('interrupted');
      await start(root, undefined);
      await follow(root);
      const outcome = readJournal(join(root, 'run'));
      expect(outcome.error, where).toBeUndefined();
      expect(outcome.state, where).toBe('succeeded');
      expect(leftBehind(root), where).toEqual(expected);
      // What was written down as done is not done again; only the one convention in doubt may be.
      for (const [name, times] of Object.entries(counted(root))) {
        expect(times, `${where}: ${name}`).toBeLessThanOrEqual(
          effects[name]! + (point === 'before-journal' ? 1 : 0),
        );
        expect(times, `${where}: ${name}`).toBeGreaterThanOrEqual(effects[name]!);
      }
      expect(Object.keys(counted(root)).toSorted()).toEqual(Object.keys(effects).toSorted());
      expect(existsSync(join(root, 'srv/orders/old-1')), where).toBe(false);
      expect(readFileSync(join(root, 'srv/orders/kept'), 'utf8')).toBe('kept');
    }
  }
});
