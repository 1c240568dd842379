import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { ForeseenStep, HostCheck } from '../../../src/executor/index.ts';
import type { DeploymentView } from '../../../src/projections/index.ts';
import { makeVendor, type Company } from '../company.ts';
import { freshFolder, type } from '../typed.ts';

type Planned = { steps: ForeseenStep[]; missingInputs: string[] };

const root = freshFolder();
let acme: Company;
beforeAll(async () => {
  acme = await makeVendor(root);
});

test('a plan has the numbered lines of each step, also while an input is missing, and makes nothing', async () => {
  const { steps, missingInputs } = await acme.asks<Planned>('deploy 1.0.0 --env integration --plan');
  expect(missingInputs).toEqual(['Db']);
  expect(steps[1]!.conventions.map(({ number }) => number)).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7, 7.5, 8, 9, 10, 11, 12, 13, 14, 15,
  ]);
  expect(steps[1]).toMatchObject({ state: 'runs', noValue: [] });
  expect(readdirSync(join(acme.data, 'runs'))).toEqual([]);
  const { stdout } = await acme.types('deploy 1.0.0 --env integration --plan');
  expect(stdout).toMatch(/^ +5 +SubstituteInFiles +settings\.json$/m);
  expect(stdout).toMatch(/^ +14 +PostDeploy +inline: Bash$/m);
});

test('the deployment that follows has the lines of its plan', async () => {
  await acme.types('input set Db --env integration', { input: 'violet-Harbour' });
  const { steps } = await acme.asks<Planned>('deploy 1.0.0 --env integration --plan');
  const view = await acme.asks<DeploymentView>('deploy 1.0.0 --env integration --wait');
  expect(view.steps.map(({ conventions }) => conventions)).toEqual(
    steps.map(({ conventions }) => conventions),
  );
});

test("the demo's application is planned as it is deployed, by trying too", async () => {
  const app = join(root, 'demo-app');
  cpSync(join(import.meta.dirname, '../../../demo/app'), app, { recursive: true });
  // What its scripts start does not belong into this test.
  for (const script of ['Deploy.sh', 'PostDeploy.sh']) writeFileSync(join(app, script), 'true\n');
  const target = join(root, 'srv-orders');
  mkdirSync(target);
  const file = join(root, 'demo.nupkg');
  await type(['package', 'pack', app, '--id', 'Orders.Web', '--version', '1.0.0', '--out', file]);
  const values = join(root, 'demo-values.json');
  const given = { 'ConnectionStrings.Main': 'Server=db', 'Site.Port': '8080', 'Site.Folder': target };
  writeFileSync(values, JSON.stringify(given));
  const process = join(root, 'demo.yaml');
  writeFileSync(process, readFileSync(demoProcess, 'utf8').replace(/run: .*$/gm, 'run: { bash: "true" }'));
  const words = [
    '--data',
    join(root, 'none'),
    '--json',
    'try',
    'deploy',
    process,
    '--env',
    'production',
  ].concat(['--package', file, '--allow-unsigned', '--variables', values, '--apps', join(root, 'demo-apps')]);
  const plan = await type([...words, '--plan']);
  expect(plan.exitCode).toBe(0);
  expect(readdirSync(target)).toEqual([]);
  const tried = await type(words);
  expect(tried.exitCode).toBe(0);
  const lines = (answer: unknown) => (answer as Planned).steps.map(({ conventions }) => conventions);
  expect(lines(plan.json)).toEqual(lines(tried.json));
  expect((plan.json as Planned).steps[1]!.transforms).toEqual([
    { target: 'Web.config', by: ['Web.Release.config', 'Web.production.config'] },
  ]);
});

test('a plan and a check of a release tell what was looked at on this machine, and run what the author brings only when asked', async () => {
  const ran = join(root, 'ran');
  const process = join(root, 'checked.yaml');
  writeFileSync(
    process,
    `process: Checked
inputs:
  Folder: { type: text }
steps:
  - name: Web
    package: Orders.Web
    features: { install-to: { folder: "#{Folder}" } }
checks:
  - name: Licence
    run: { bash: "echo ran >> '${ran}'; echo 'no licence here'; exit 1" }
    hint: Ask for one
`,
  );
  const shop = acme.copy('checked');
  await shop.asks(['process', 'publish', process]);
  await shop.asks('release create Checked 1.0.0 --package Orders.Web@1.0.0');
  await shop.types('input set Folder', { input: join(process, 'shop') });
  const plan = await shop.asks<{ checks: HostCheck[] }>('deploy Checked/1.0.0 --env integration --plan');
  const states = plan.checks.map(({ id, state }) => `${id} ${state}`);
  expect(states).toContain(`folder:${join(process, 'shop')} lacking`);
  expect(states).toContain('check:Licence note');
  const check = await shop.types('release check Checked/1.0.0 --env integration');
  expect(check).toMatchObject({ exitCode: 0 });
  expect(check.stdout).toMatch(/^ +LACKING +Folder of step Web: .+ is a file$/m);
  expect(check.stdout).toContain(`-> Move ${process} away, or choose another folder.`);
  expect(existsSync(ran)).toBe(false);
  const asked = await shop.types('release check Checked/1.0.0 --env integration --checks --json');
  expect(asked).toMatchObject({ exitCode: 3, json: { ready: false }, error: { code: 'HOST_NOT_READY' } });
  expect(readFileSync(ran, 'utf8')).toBe('ran\n');
  const run = await shop.types('deploy Checked/1.0.0 --env integration --plan --checks');
  expect(run.exitCode).toBe(0);
  expect(run.stdout).toMatch(/^ +LACKING +Licence +no licence here$/m);
  expect(run.stdout).toContain('-> Ask for one');
  expect(await shop.types('deploy Checked/1.0.0 --env integration --checks')).toMatchObject({ exitCode: 2 });
});

const demoProcess = join(import.meta.dirname, '../../../demo/orders.yaml');
