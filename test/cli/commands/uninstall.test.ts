import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { makeInstance, type Company } from '../company.ts';
import { freshFolder } from '../typed.ts';

const root = freshFolder();
const srv = join(root, 'srv');
const said = join(root, 'said.txt');
let acme: Company;

const processOf = (uninstall: string): string => `process: Orders
inputs: { Db: { secret: true } }
steps:
  - name: Web
    package: Orders.Web
    features: { install-to: { folder: ${srv} } }
    scripts: { deploy: { bash: "set_octopusvariable Unit orders-7" } }
    properties: { Octopus.Action.Package.SkipIfAlreadyInstalled: "True" }
${uninstall}`;

const away = `uninstall:
  - name: Tell
    run:
      bash: |
        web="$(get_octopusvariable 'Octopus.Action[Web].Output.Package.InstallationDirectoryPath')"
        printf '%s %s' "$web" "$(get_octopusvariable 'Octopus.Action[Web].Output.Unit')" > ${said}
  - name: Remove
    run: { bash: 'rm "#{Octopus.Action[Web].Output.Package.InstallationDirectoryPath}/app.txt"; exit #{Exit.Code}' }
variables: { Exit.Code: [{ value: 1, environments: [broken] }, { value: 0 }] }
`;

beforeAll(async () => {
  acme = await makeInstance(root, 'acme');
  const app = join(root, 'app');
  mkdirSync(app);
  mkdirSync(srv);
  writeFileSync(join(app, 'app.txt'), 'orders');
  const file = join(root, 'Orders.Web.1.0.0.nupkg');
  await acme.asks(['package', 'pack', app, '--id', 'Orders.Web', '--version', '1.0.0', '--out', file]);
  await acme.asks(['package', 'sign', file, '--certificate', acme.pfx]);
  await acme.asks(['package', 'add', file]);
  for (const environment of ['uat', 'broken']) await acme.asks(['environment', 'add', environment]);
  await acme.asks('input set Db --secret', { input: 'violet-Harbour' });
  const definition = join(root, 'orders.yaml');
  writeFileSync(definition, processOf(''));
  await acme.asks(['process', 'publish', definition]);
  await acme.asks('release create Orders 1.0.0 --package Orders.Web@1.0.0');
  writeFileSync(definition, processOf(away));
  await acme.asks(['process', 'publish', definition]);
  await acme.asks('release create Orders 1.1.0 --package Orders.Web@1.0.0');
});

test('a process without steps for it is not uninstalled: exit 3, and nothing is recorded', async () => {
  await acme.asks('deploy 1.0.0 --env broken --wait');
  const refused = await acme.types('uninstall Orders --env broken --wait');
  expect(refused.exitCode).toBe(3);
  expect(refused.stderr).toContain('its process has no steps for that [NO_UNINSTALL]');
  const never = await acme.types('uninstall Orders --env uat');
  expect(never.stderr).toContain('nothing of that name was deployed there');
});

test('what is uninstalled is gone from every view, its folders are named, and it can come back', async () => {
  await acme.asks('deploy 1.1.0 --env uat --wait');
  const gone = await acme.types('uninstall Orders --env uat --wait --json');
  expect(gone.exitCode).toBe(0);
  const { json } = gone as {
    json: { uninstalls: boolean; state: string; folders: string[]; steps: { name: string }[] };
  };
  expect(json).toMatchObject({ uninstalls: true, state: 'succeeded' });
  expect(json.steps.map(({ name }) => name)).toEqual(['Tell', 'Remove']);
  expect(json.folders).toContain(srv);
  // The scripts knew where it was, and what the steps that put it there had said.
  expect(readFileSync(said, 'utf8')).toBe(`${srv} orders-7`);
  expect(existsSync(join(srv, 'app.txt'))).toBe(false);

  const { environments } = await acme.asks<{
    environments: { name: string; runs: unknown[]; attempts: unknown[] }[];
  }>('status');
  const uat = environments.find(({ name }) => name === 'uat');
  expect(uat?.runs).toEqual([]);
  expect(uat?.attempts).toMatchObject([{ process: 'Orders', release: '1.1.0', state: 'uninstalled' }]);

  const again = await acme.types('uninstall Orders --env uat');
  expect(again.exitCode).toBe(3);
  expect(again.stderr).toContain('it was uninstalled before [NOTHING_TO_UNINSTALL]');

  // The version is there no more, though its folder is: nothing is skipped as installed already.
  const back = await acme.asks<{ release: string; state: string }>('rollback Orders --env uat --wait');
  expect(back).toMatchObject({ release: '1.1.0', state: 'succeeded' });
  expect(readFileSync(join(srv, 'app.txt'), 'utf8')).toBe('orders');
});

test('one that failed leaves the release installed, and is retried as what it was', async () => {
  await acme.asks('deploy 1.1.0 --env broken --wait');
  const failed = await acme.types('uninstall Orders --env broken --wait --json');
  expect(failed.exitCode).toBe(6);
  const { id } = failed.json as { id: string };
  const { environments } = await acme.asks<{ environments: { name: string; runs: unknown[] }[] }>('status');
  expect(environments.find(({ name }) => name === 'broken')?.runs).toMatchObject([{ release: '1.1.0' }]);
  const retried = await acme.types(['deployment', 'retry', id, '--wait', '--json']);
  expect(retried.exitCode).toBe(6);
  expect(retried.json).toMatchObject({ uninstalls: true, state: 'failed' });
});
