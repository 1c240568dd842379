import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { foreseeRun, type Fact } from '../../../src/executor/index.ts';
import type { Feature } from '../../../src/executor/features/feature.ts';
import { features } from '../../../src/executor/features/features.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { logOf, packageStep, planOf, run, saidOf, traceOf } from '../../support/scripts-run.ts';

const stages = [
  ['BeforePreDeploy', 1],
  ['AfterPreDeploy', 3],
  ['BeforeDeploy', 9],
  ['AfterDeploy', 11],
  ['BeforePostDeploy', 13],
  ['AfterPostDeploy', 15],
] as const;

/** Enables a feature whose settings ask for nothing, so that it is on and leaves the machine alone. */
function idle(root: string): Record<string, string> {
  const file = join(root, 'applicationHost.config');
  writeFileSync(file, '<configuration/>');
  return {
    'Octopus.Action.EnabledFeatures': 'Octopus.Features.IISWebSite,Octopus.Features.CustomScripts',
    'Crossgap.Action.IIS.ConfigurationFile': file,
  };
}

test('J3.4 a file of the package that is named like a feature’s script is named in the trace and never run', async () => {
  using folder = temporaryFolder();
  const properties = idle(folder.path);
  const names = stages.map(([stage]) => `Octopus.Features.IISWebSite_${stage}.sh`);
  const files = {
    ...Object.fromEntries(names.map((name) => [name, 'echo "must not run"'])),
    'octopus.features.iiswebsite_deployfailed.PS1': 'exit 1',
    'Octopus.Features.CustomScripts_BeforeDeploy.py': 'exit(1)',
    'PostDeploy.sh': 'exit 3',
  };
  const step = await packageStep(folder.path, files, { step: { properties } });
  const outcome = await run(folder.path, planOf(folder.path, [step]));
  const lines = outcome.steps[0]!.conventions;
  const detailOf = (number: number | 'F') => lines.find((line) => line.number === number)?.detail ?? '';
  for (const [stage, number] of stages.slice(0, 5))
    expect(detailOf(number)).toContain(`Octopus.Features.IISWebSite_${stage}.sh of the package is not run`);
  expect(detailOf(9)).toContain('Octopus.Features.CustomScripts_BeforeDeploy.py of the package is not run');
  expect(detailOf('F')).toContain('octopus.features.iiswebsite_deployfailed.PS1 of the package is not run');
  expect(saidOf(folder.path)).toEqual([]);
  expect(logOf(folder.path)).toContain("a package can't take the place of a feature");
  expect(existsSync(join(folder.path, 'data/apps/uat/Orders.Web/3.2.0', names[0]!))).toBe(true);
});

test('J3.4 nor is it run where the feature is off or there is none of that name', async () => {
  using folder = temporaryFolder();
  const names = ['Octopus.Features.Nginx_BeforeDeploy.sh', 'Acme.Features.Own_BeforeDeploy.ps1'];
  const files = Object.fromEntries(names.map((name) => [name, 'exit 1']));
  const outcome = await run(folder.path, planOf(folder.path, [await packageStep(folder.path, files)]));
  expect(outcome.state).toBe('succeeded');
  expect(outcome.steps[0]!.conventions.find(({ number }) => number === 9)).toMatchObject({
    state: 'feature-off',
    detail:
      'Acme.Features.Own_BeforeDeploy.ps1 of the package is not run; ' +
      'Octopus.Features.Nginx_BeforeDeploy.sh of the package is not run',
  });
});

test('a feature that is on and has nothing to do at a stage says so', async () => {
  using folder = temporaryFolder();
  const step = await packageStep(folder.path, { 'a.txt': 'a' }, { step: { properties: idle(folder.path) } });
  const outcome = await run(folder.path, planOf(folder.path, [step]));
  expect(outcome.state).toBe('succeeded');
  expect(traceOf(outcome)).toContain('11 nothing-to-do');
});

test('a plan says what a feature would do and touches nothing', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'applicationHost.config');
  const properties = {
    ...idle(folder.path),
    'Octopus.Action.IISWebSite.CreateOrUpdateWebSite': 'True',
  };
  const step = await packageStep(folder.path, { 'a.txt': 'a' }, { step: { properties } });
  const [foreseen] = await foreseeRun(planOf(folder.path, [step]));
  const line = foreseen!.conventions.find(({ number }) => number === 13);
  expect(line).toMatchObject({
    state: 'done',
    detail: 'an IIS site: it is made, or brought to what is asked for',
  });
  expect(readFileSync(file, 'utf8')).toBe('<configuration/>');
});

test('a run that is repeated from its record has the lines of that run', async () => {
  using folder = temporaryFolder();
  const site = 'Octopus.Action.IISWebSite';
  const properties = {
    ...idle(folder.path),
    [`${site}.VirtualDirectory.CreateOrUpdate`]: 'True',
    [`${site}.VirtualDirectory.WebSiteName`]: 'Orders',
    [`${site}.VirtualDirectory.VirtualPath`]: '/files',
  };
  const sites = '<site name="Orders"><application path="/"/></site>';
  writeFileSync(
    join(folder.path, 'applicationHost.config'),
    `<configuration><system.applicationHost><sites>${sites}</sites></system.applicationHost></configuration>`,
  );
  const step = await packageStep(folder.path, { 'a.txt': 'a' }, { step: { properties } });
  const plan = planOf(folder.path, [step]);
  const facts: Fact[] = [];
  const outcome = await run(folder.path, plan, {
    report: (event) => void (event.kind === 'log' || facts.push(event)),
  });
  expect(outcome.steps[0]!.conventions.find(({ number }) => number === 13)).toMatchObject({
    state: 'done',
    detail: expect.stringContaining('virtual directory Orders/files made at'),
  });
  const [repeated] = await foreseeRun(plan, { facts });
  expect(repeated!.conventions).toEqual(outcome.steps[0]!.conventions);
});

test('a feature that nobody has is refused by its name before anything is started', async () => {
  using folder = temporaryFolder();
  const properties = { 'Octopus.Action.EnabledFeatures': 'Octopus.Features.Vhd' };
  const step = await packageStep(folder.path, { 'a.txt': 'a' }, { step: { properties } });
  await expect(run(folder.path, planOf(folder.path, [step]))).rejects.toMatchObject({
    code: 'FEATURE_NOT_SUPPORTED',
    message: expect.stringContaining('Octopus.Features.Vhd'),
  });
});

const documented = readFileSync(new URL('../../../docs/features.md', import.meta.url), 'utf8');

test.each(features.map((feature): [string, Feature] => [feature.name, feature]))(
  'every setting of %s has its row in docs/features.md, with the same meaning',
  (name, { settings }) => {
    const rest = documented.slice(documented.indexOf(`\`${name}\``));
    const section = rest.slice(0, rest.indexOf('\n## ') < 0 ? undefined : rest.indexOf('\n## '));
    const rows = [...section.matchAll(/^\| (.*?) \| (.*) \| `([^`]+)` \|$/gm)];
    const written = Object.fromEntries(rows.map(([, , meaning, property]) => [property, meaning]));
    expect(written).toEqual(settings);
  },
);
