import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { ForeseenStep } from '../../../src/executor/index.ts';
import { makeInstance } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, type, type Answer } from '../typed.ts';

type Linted = {
  ok: boolean;
  environments: { name: string; shown: string; steps: ForeseenStep[] }[];
  problems: { severity: string; kind: string; step: string; message: string; environments: string[] }[];
  unknownNames: { name: string }[];
};

const root = freshFolder(memory);
const nowhere = ['--data', join(root, 'no-instance')];
let count = 0;

const process = `
process: Orders
inputs:
  Site.Folder: { type: path }
  Db: { secret: true }
variables:
  Title: 'Orders'
  Only.Here: [{ value: yes, environments: [integration] }]
steps:
  - name: Web
    package: Orders.Web
    features:
      substitute-in-files: ['*.json']
      config-transforms: true
      install-to: { folder: '#{Site.Folder}', purge: true }
    except-environments: [sandbox]
  - name: Database
    package: Orders.Db
`;

async function packed(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(root, `content-${(count += 1)}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const file = join(root, `Orders.Web.${count}.nupkg`);
  const words = ['package', 'pack', folder, '--id', 'Orders.Web', '--version', '1.0.0', '--out', file];
  expect((await type(words)).exitCode).toBe(0);
  return file;
}

const processFile = join(root, 'orders.yaml');
const lints = (file: string, ...more: string[]): Promise<Answer> =>
  type([...nowhere, '--json', 'package', 'lint', file, '--process', processFile, ...more]);

const xdt = '<configuration xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"/>';
const good = {
  'settings.json': '{"title": "#{Title}", "db": "#{Db}"}',
  'Web.config': '<configuration><appSettings/></configuration>',
  'Web.Release.config': xdt,
  'Web.integration.config': xdt,
  'Deploy.sh': 'true',
};

beforeAll(() => writeFileSync(processFile, process));

test('J3.2 what will fire is told for every environment the process names, and any other, before there is a release', async () => {
  const answer = await lints(await packed(good), '--env', 'qa');
  expect(answer.stderr).toBe('');
  expect(answer.exitCode).toBe(0);
  const { environments, ok, problems } = answer.json as Linted;
  expect(ok).toBe(true);
  expect(problems).toEqual([]);
  expect(environments.map(({ shown }) => shown)).toEqual(['qa', 'integration', 'sandbox', '(any other)']);
  const [qa, integration, sandbox] = environments;
  expect(qa!.steps[0]!.transforms).toEqual([{ target: 'Web.config', by: ['Web.Release.config'] }]);
  expect(integration!.steps[0]!.transforms).toEqual([
    { target: 'Web.config', by: ['Web.Release.config', 'Web.integration.config'] },
  ]);
  expect(sandbox!.steps[0]).toMatchObject({ state: 'skipped', skippedBecause: 'it is not for sandbox' });
  const fired = qa!.steps[0]!.conventions.filter(({ state }) => state === 'done').map(({ number }) => number);
  expect(fired).toEqual([0, 5, 8, 10]);
  expect(qa!.steps[1]).toMatchObject({ state: 'skipped', skippedBecause: 'it deploys another package' });
});

test('a person reads it by environment', async () => {
  const { stdout, exitCode } = await type([
    ...nowhere,
    'package',
    'lint',
    await packed(good),
    '--process',
    processFile,
  ]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^Orders\.Web 1\.0\.0 with process Orders: nothing is wrong$/m);
  expect(stdout).toMatch(/^ +5 +SubstituteInFiles +settings\.json$/m);
  expect(stdout).toContain('Web.config is transformed by Web.Release.config, then Web.integration.config');
});

test('J3.2 a placeholder without a value is missing: it ends with 5 and names the environments', async () => {
  const answer = await lints(await packed({ ...good, 'more.json': '#{Only.Here} #{Nobody.Knows}' }));
  expect(answer.exitCode).toBe(5);
  expect(answer.error).toMatchObject({ code: 'PACKAGE_INCOMPLETE' });
  expect((answer.json as Linted).problems).toEqual([
    {
      severity: 'error',
      kind: 'no-value',
      step: 'Web',
      message: 'no value for #{Nobody.Knows} in more.json',
      environments: ['integration'],
    },
    {
      severity: 'error',
      kind: 'no-value',
      step: 'Web',
      message: 'no value for #{Only.Here}, #{Nobody.Knows} in more.json',
      environments: ['(any other)'],
    },
  ]);
});

test('J3.2 a script that no engine of the target can run is missing, by its kind', async () => {
  const { 'Deploy.sh': _, ...rest } = good;
  const powershell = await packed({ ...rest, 'PostDeploy.ps1': 'exit 0' });
  const lacking = await lints(powershell, '--engine', 'bash,python');
  expect(lacking.exitCode).toBe(5);
  expect((lacking.json as Linted).problems).toMatchObject([
    { kind: 'no-engine', message: 'PostDeploy.ps1 needs powershell, which the target does not have' },
  ]);
  expect((await lints(powershell, '--engine', 'powershell')).exitCode).toBe(0);
  const csharp = await lints(await packed({ ...rest, 'Deploy.csx': '' }));
  expect(csharp.exitCode).toBe(5);
  expect((csharp.json as Linted).problems).toMatchObject([{ severity: 'error', kind: 'no-engine' }]);
});

test('a transform without a target, a glob without a file and a file named like a feature are warnings', async () => {
  const { 'settings.json': _, ...rest } = good;
  const answer = await lints(
    await packed({ ...rest, 'Lost.Release.config': xdt, 'Octopus.Features.Nginx_AfterDeploy.sh': '' }),
  );
  expect(answer.exitCode).toBe(0);
  const { problems } = answer.json as Linted;
  expect(problems.map(({ severity, kind }) => [severity, kind])).toEqual([
    ['warning', 'no-file'],
    ['warning', 'transform-unused'],
    ['warning', 'named-like-feature'],
  ]);
  expect(problems[1]!.message).toContain('Lost.Release.config');
});

test('what would fail is an error, with the reason that the run would give', async () => {
  const answer = await lints(await packed({ ...good, 'Web.config': '<configuration>' }));
  expect(answer.exitCode).toBe(5);
  expect((answer.json as Linted).problems[0]).toMatchObject({ severity: 'error', kind: 'would-fail' });
});

test('a published process and the environments of this side are taken where there are any', async () => {
  const company = await makeInstance(root, 'acme');
  await company.asks('environment add qa');
  await company.asks(['process', 'publish', processFile]);
  const { environments } = await company.asks<Linted>([
    'package',
    'lint',
    await packed(good),
    '--process',
    'Orders',
  ]);
  expect(environments.map(({ shown }) => shown)).toEqual(['qa', 'integration', 'sandbox', '(any other)']);
  expect(readdirSync(join(company.data, 'runs'))).toEqual([]);
});

test('a package that the process does not deploy, and an engine there is none of, are misuse', async () => {
  const other = join(root, 'other.yaml');
  writeFileSync(other, 'process: Other\nsteps: [{ name: Tell, run: { bash: true } }]\n');
  const file = await packed(good);
  const answer = await type([...nowhere, '--json', 'package', 'lint', file, '--process', other]);
  expect(answer).toMatchObject({ exitCode: 2, error: { code: 'USAGE_INVALID' } });
  expect((await lints(file, '--engine', 'perl')).exitCode).toBe(2);
});
