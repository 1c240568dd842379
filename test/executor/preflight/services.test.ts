import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Ask } from '../../../src/executor/features/feature.ts';
import { featureSettings } from '../../../src/executor/features/settings.ts';
import { lookAhead as lookAtSystemd } from '../../../src/executor/features/systemd/look-ahead.ts';
import { lookAhead as lookAtWindows } from '../../../src/executor/features/windows-service/windows-service.ts';
import { lookAtHost } from '../../../src/executor/index.ts';
import { VariableSet } from '../../../src/variables/index.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { packageStep, planOf } from '../../support/scripts-run.ts';

const systemd = 'Crossgap.Action.Systemd';
const windows = 'Octopus.Action.WindowsService';
const settingsOf = (given: Readonly<Record<string, string>>) =>
  featureSettings(new VariableSet(Object.entries(given)), 'partly');

/** A machine that answers by the last word of what it is asked; what it does not know fails. */
function machine(known: Readonly<Record<string, string>>): { ask: Ask; asked: string[] } {
  const asked: string[] = [];
  const ask: Ask = async (program, words) => {
    asked.push([program, ...words].join(' '));
    const stdout = known[words.at(-1)!];
    return stdout === undefined
      ? { exitCode: 1, stdout: '', stderr: 'not known\n' }
      : { exitCode: 0, stdout, stderr: '' };
  };
  return { ask, asked };
}

const shop = (load: string, active: string, from = '/etc/systemd/system/shop.service'): string =>
  `LoadState=${load}\nActiveState=${active}\nFragmentPath=${from}\n`;
const named = { [`${systemd}.ServiceName`]: 'shop' };

test.each([
  [shop('not-found', 'inactive', ''), 'good', 'shop.service is not there yet, and is made'],
  [shop('loaded', 'active'), 'good', 'shop.service runs, and stands still while its files are replaced'],
  [shop('loaded', 'inactive'), 'good', 'shop.service is there, and does not run'],
  [shop('loaded', 'failed'), 'note', 'shop.service is there, and failed when it ran last'],
  [shop('masked', 'inactive', ''), 'lacking', "shop.service is masked, and can't be started"],
  [
    shop('loaded', 'active', '/lib/systemd/system/shop.service'),
    'note',
    'shop.service runs, and stands still while its files are replaced; it comes from /lib/systemd/system/shop.service, which is covered then',
  ],
])('a service of systemd is told as it stands: %j', async (said, state, found) => {
  const { ask, asked } = machine({ 'shop.service': said });
  expect(await lookAtSystemd(settingsOf(named), 'Orders.Web', ask)).toMatchObject([{ state, found }]);
  // Nothing is asked that changes anything.
  expect(asked).toEqual([expect.stringMatching(/^systemctl show /)]);
});

test('what a service needs beside itself is told, and may still come by a step before', async () => {
  const settings = settingsOf({
    ...named,
    [`${systemd}.ServiceAccount`]: 'shop',
    [`${systemd}.Dependencies`]: 'postgresql.service\nredis.service',
  });
  const { ask } = machine({
    'shop.service': shop('not-found', 'inactive', ''),
    'postgresql.service': 'LoadState=not-found\n',
    'redis.service': 'LoadState=loaded\n',
  });
  expect(await lookAtSystemd(settings, 'Orders.Web', ask)).toMatchObject([
    { state: 'good' },
    {
      state: 'note',
      found: 'the account shop, as which it is to run, is not there',
      hint: expect.stringContaining('useradd'),
    },
    { state: 'note', found: 'postgresql.service, which it needs, is not there' },
  ]);
});

test('a machine that systemd did not start is told before the first step; a name that is not known yet is not guessed', async () => {
  expect(await lookAtSystemd(settingsOf(named), 'Orders.Web', machine({}).ask)).toMatchObject([
    { state: 'lacking', found: 'systemd does not answer on this machine: not known' },
  ]);
  const open = settingsOf({ [`${systemd}.ServiceName`]: '#{Name}' });
  const { ask, asked } = machine({});
  expect(await lookAtSystemd(open, 'Orders.Web', ask)).toEqual([]);
  expect(asked).toEqual([]);
});

/** As `sc query` says it in German: only numbers mean something. */
const query = (state: string): string =>
  `\r\nSERVICE_NAME: shop\r\n        TYP                : 10  WIN32_OWN_PROCESS\r\n        STATUS             : ${state}\r\n        WIN32-EXITCODE     : 0  (0x0)\r\n`;

test('a Windows service is told as it stands, in whatever language Windows says it', async () => {
  const settings = settingsOf({
    [`${windows}.CreateOrUpdateService`]: 'True',
    [`${windows}.ServiceName`]: 'shop',
    [`${windows}.ExecutablePath`]: 'shop.exe',
  });
  const told = async (exitCode: number, stdout: string): Promise<unknown> =>
    await lookAtWindows(settings, 'Orders.Web', async () => ({ exitCode, stdout, stderr: '' }));
  expect(await told(1060, '')).toMatchObject([
    { state: 'good', found: 'shop is not there yet, and is made' },
  ]);
  expect(await told(0, query('4  RUNNING'))).toMatchObject([
    { state: 'good', found: 'shop runs, and stands still while its files are replaced' },
  ]);
  expect(await told(0, query('1  STOPPED'))).toMatchObject([
    { state: 'good', found: 'shop is there, and does not run' },
  ]);
  expect(await told(5, 'Access is denied.')).toMatchObject([{ state: 'note' }]);
});

test('J2.F6 what a feature sees of this machine stands among the checks, and keeps a run from being started', async () => {
  using root = temporaryFolder();
  const bin = join(root.path, 'bin');
  mkdirSync(bin);
  const units = join(root.path, 'units');
  mkdirSync(units);
  const systemctl = root.file(
    'bin/systemctl',
    Buffer.from('#!/bin/sh\necho LoadState=masked; echo ActiveState=inactive; echo FragmentPath=\n'),
  );
  chmodSync(systemctl, 0o755);
  const properties = {
    'Octopus.Action.EnabledFeatures': 'Crossgap.Features.Systemd',
    ...named,
    [`${systemd}.ExecutablePath`]: 'shop.sh',
    [`${systemd}.UnitsDirectory`]: units,
  };
  const plan = planOf(root.path, [
    await packageStep(root.path, { 'shop.sh': 'true' }, { step: { properties } }),
  ]);
  const checks = await lookAtHost(plan, {
    dataFolder: join(root.path, 'data'),
    account: 'ada',
    secrets: {},
    ports: [],
    besides: [],
    now: Date.UTC(2026, 2, 2),
    newestSignedAt: null,
    environment: { PATH: `${bin}:${process.env['PATH'] ?? ''}` },
  });
  expect(checks.filter(({ id }) => id.startsWith('feature:'))).toMatchObject([
    {
      name: 'Step Web: a systemd service',
      state: 'lacking',
      found: "shop.service is masked, and can't be started",
      hint: expect.stringContaining('systemctl unmask shop.service'),
    },
  ]);
});
