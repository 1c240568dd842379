import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DeploymentView } from '../../../src/projections/index.ts';
import { freshFolder, type } from '../typed.ts';

const root = freshFolder();
const nowhere = ['--data', join(root, 'none')];

/** A project of one package step with scripts, transforms, values and a folder, and a script that tells of it. */
const ocl = `step "web" {
    name = "Web"

    action {
        action_type = "Octopus.TentaclePackage"
        properties = {
            Octopus.Action.CustomScripts.Deploy.sh = "echo \\"deployed by the process\\""
            Octopus.Action.EnabledFeatures = "Octopus.Features.CustomScripts,Octopus.Features.SubstituteInFiles,Octopus.Features.ConfigurationTransforms,Octopus.Features.ConfigurationVariables,Octopus.Features.JsonConfigurationVariables,Octopus.Features.CustomDirectory"
            Octopus.Action.Package.AutomaticallyRunConfigurationTransformationFiles = "True"
            Octopus.Action.Package.AutomaticallyUpdateAppSettingsAndConnectionStrings = "True"
            Octopus.Action.Package.CustomInstallationDirectory = "#{Site.Folder}"
            Octopus.Action.Package.JsonConfigurationVariablesTargets = "appsettings.json"
            Octopus.Action.Package.PackageId = "Orders.Web"
            Octopus.Action.SubstituteInFiles.TargetFiles = "settings.json"
            OctopusShouldFailDeploymentOnSubstitutionFails = "True"
        }
    }
}

step "tell" {
    action {
        action_type = "Octopus.Script"
        properties = {
            Octopus.Action.Script.ScriptBody = <<-EOT
                    echo "told of #{Octopus.Action[Web].Output.Package.InstallationDirectoryPath}"
                EOT
            Octopus.Action.Script.Syntax = "Bash"
        }
    }
}
`;

const files = {
  'Web.config':
    '<configuration><appSettings><add key="Level" value="x"/><add key="Title" value="old"/></appSettings></configuration>',
  'Web.uat.config':
    '<configuration xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"><appSettings><add key="Level" value="low" xdt:Transform="SetAttributes" xdt:Locator="Match(key)"/></appSettings></configuration>',
  'settings.json': '{"title": "#{Title}"}',
  'appsettings.json': '{"Db": {"Port": 1}}',
  'PreDeploy.sh': 'echo "packaged"',
};

test('what an imported process carries is deployed: files, transforms, values, folder, scripts, in order', async () => {
  const exported = join(root, 'deployment_process.ocl');
  writeFileSync(exported, ocl);
  const process = join(root, 'orders.yaml');
  const words = ['process', 'import-octopus', exported, '--name', 'Orders', '--out', process];
  const answer = await type([...nowhere, '--json', ...words]);
  expect(answer).toMatchObject({ exitCode: 0, stderr: '', json: { steps: 2, notCarried: [] } });

  const app = join(root, 'app');
  mkdirSync(app);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(app, name), text);
  const file = join(root, 'Orders.Web.1.0.0.nupkg');
  await type(['package', 'pack', app, '--id', 'Orders.Web', '--version', '1.0.0', '--out', file]);
  const target = join(root, 'srv-orders');
  mkdirSync(target);
  const values = join(root, 'values.json');
  writeFileSync(values, JSON.stringify({ Title: 'Orders', 'Site.Folder': target, 'Db:Port': '5432' }));
  const tried = await type(
    [...nowhere, '--json', 'try', 'deploy', process, '--package', file, '--env', 'uat'].concat([
      '--variables',
      values,
      '--allow-unsigned',
      '--apps',
      join(root, 'apps'),
    ]),
  );
  expect(tried.exitCode).toBe(0);
  const view = tried.json as DeploymentView;
  const done = view.steps[0]!.conventions.filter(({ state }) => state === 'done').map(({ number }) => number);
  expect(done).toEqual([0, 2, 5, 6, 7, 7.5, 8, 10]);
  const config = readFileSync(join(target, 'Web.config'), 'utf8');
  expect(config).toContain('<add key="Level" value="low"');
  expect(config).toContain('<add key="Title" value="Orders"');
  expect(readFileSync(join(target, 'settings.json'), 'utf8')).toBe('{"title": "Orders"}');
  expect(readFileSync(join(target, 'appsettings.json'), 'utf8')).toBe('{"Db": {"Port": 5432}}');
  const said = [...tried.stderr.matchAll(/\| (packaged|deployed by the process|told of .*)/g)].map(
    ([, line]) => line,
  );
  expect(said).toEqual(['packaged', 'deployed by the process', `told of ${target}`]);
});

test('without a file to write to the process file is the result, and what is left out is said beside it', async () => {
  const exported = join(import.meta.dirname, '../../octopus/exports/orders.json');
  const words = ['process', 'import-octopus', exported, '--environment', 'Environments-1=qa'];
  const { stdout, stderr, exitCode } = await type([...nowhere, ...words]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('process: orders\n');
  expect(stdout).toContain('- qa\n');
  expect(stderr).toContain('not carried: step Web: Api.Key: it is sensitive');
});

test('an export of which nothing can be carried is refused, and one that is none is misuse', async () => {
  const file = join(root, 'azure.ocl');
  writeFileSync(file, 'step "x" {\n    action {\n        action_type = "Octopus.AzureWebApp"\n    }\n}\n');
  const imports = (...more: string[]) =>
    type([...nowhere, '--json', 'process', 'import-octopus', file, ...more]);
  expect(await imports()).toMatchObject({ exitCode: 3, error: { code: 'NOTHING_CARRIED' } });
  writeFileSync(file, 'step "x" {');
  expect(await imports()).toMatchObject({ exitCode: 2, error: { code: 'OCTOPUS_PROCESS_INVALID' } });
  expect((await imports('--environment', 'qa')).exitCode).toBe(2);
});
