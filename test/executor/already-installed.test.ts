import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PackageAction, PreviousInstallation, RunOutcome } from '../../src/executor/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { logOf, packageStep, planOf, run, saidOf } from '../support/scripts-run.ts';

const skip = { properties: { 'Octopus.Action.Package.SkipIfAlreadyInstalled': 'True' } };

/** An installation that lies below `root`, of the version that tests deploy. */
function installedBefore(root: string, more: Partial<PreviousInstallation> = {}): PreviousInstallation {
  const extractedTo = join(root, 'before');
  mkdirSync(extractedTo);
  return {
    packageId: 'orders.web',
    version: '3.2',
    extractedTo,
    installedTo: null,
    succeeded: true,
    ...more,
  };
}

async function deployed(
  root: string,
  more: Partial<PackageAction>,
  step: object = skip,
): Promise<RunOutcome> {
  return run(
    root,
    planOf(root, [await packageStep(root, { 'Deploy.sh': 'echo deployed' }, { step, ...more })]),
  );
}

test('J3.7 what is installed already is told and not installed again, where the step wants it so', async () => {
  using folder = temporaryFolder();
  const previous = installedBefore(folder.path);
  const outcome = await deployed(folder.path, { previous });
  expect(outcome.state).toBe('succeeded');
  const [step] = outcome.steps;
  expect(step?.conventions[0]).toMatchObject({
    number: 0,
    state: 'nothing-to-do',
    detail: `already installed: Orders.Web 3.2.0 in ${previous.extractedTo}`,
  });
  const others = step?.conventions.slice(1) ?? [];
  expect(others).toHaveLength(16);
  for (const line of others) expect(line).toMatchObject({ state: 'skipped', detail: 'already installed' });
  expect(step?.outputs['Package.InstallationDirectoryPath']).toBe(previous.extractedTo);
  expect(step?.application).toBeUndefined();
});

test.each<[string, Partial<PreviousInstallation>, object, string | undefined]>([
  ['it failed', { succeeded: false }, skip, 'was installed before and failed'],
  ['its folder is gone', { extractedTo: '/nowhere/orders' }, skip, '/nowhere/orders is gone'],
  ['the folder it was copied to is gone', { installedTo: '/nowhere/srv' }, skip, '/nowhere/srv is gone'],
  ['it was another version', { version: '3.1.0' }, skip, undefined],
  ['it was another package', { packageId: 'Orders.Api' }, skip, undefined],
  ['it had another content', { contentDigest: 'ab'.repeat(32) }, skip, 'with another content'],
  ['the step does not ask', {}, {}, undefined],
])('J3.7 a package is installed again where %s', async (_, more, step, said) => {
  using folder = temporaryFolder();
  const outcome = await deployed(folder.path, { previous: installedBefore(folder.path, more) }, step);
  expect(outcome.steps[0]?.conventions[0]?.state).toBe('done');
  expect(saidOf(folder.path)).toContain('deployed');
  if (said !== undefined) expect(logOf(folder.path)).toContain(said);
});

test('what a step put on the machine is told with its folders', async () => {
  using folder = temporaryFolder();
  const outcome = await deployed(folder.path, {});
  expect(outcome.steps[0]?.application).toMatchObject({
    packageId: 'Orders.Web',
    version: '3.2.0',
    extractedTo: join(folder.path, 'data', 'apps', 'uat', 'Orders.Web', '3.2.0'),
    installedTo: null,
  });
});

test('scripts know the installation before, and the last one that succeeded; without any they are empty', async () => {
  using folder = temporaryFolder();
  const script = (which: string): string =>
    ['PackageVersion', 'PackageFilePath', 'OriginalInstalledPath', 'CustomInstallationDirectory']
      .map((name) => `echo "${name}=$(get_octopusvariable Octopus.Tentacle.${which}.${name})"`)
      .join('\n');
  const previous = installedBefore(folder.path, {
    version: '3.1.0',
    installedTo: '/srv/orders',
    succeeded: false,
  });
  const text = `${script('PreviousInstallation')}\n${script('PreviousSuccessfulInstallation')}\n`;
  const step = await packageStep(
    folder.path,
    { 'Deploy.sh': text },
    { previous: { ...previous, file: '/blobs/x' } },
  );
  await run(folder.path, planOf(folder.path, [step]));
  expect(saidOf(folder.path)).toEqual([
    'PackageVersion=3.1.0',
    'PackageFilePath=/blobs/x',
    `OriginalInstalledPath=${previous.extractedTo}`,
    'CustomInstallationDirectory=/srv/orders',
    'PackageVersion=',
    'PackageFilePath=',
    'OriginalInstalledPath=',
    'CustomInstallationDirectory=',
  ]);
});
