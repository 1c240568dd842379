import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { effectsIn } from '../../support/companies.ts';
import { freshFolder } from '../typed.ts';
import { install } from './killed.ts';
import { makeVendor, secret, type Vendor } from './vendor.ts';

const root = freshFolder();
const values = { 'Db.Password': secret, 'Site.Port': '9090' };
const once = { stop: 1, deploy: 1, start: 1 };
let vendor: Vendor;
let file: string;
let turn = 0;

beforeAll(async () => {
  vendor = await makeVendor(root);
  await vendor.invite('plant');
  await vendor.release('1.0.0');
  file = await vendor.bundle('plant', '1.0.0');
});
beforeEach(() => {
  turn += 1;
  writeFileSync(vendor.marks, '');
});

test.each([
  ['when making the instance was begun', 'init.begun'],
  ['when the keys of the instance were made', 'init.keys-made'],
  ['when the database was made', 'init.database-made'],
  ['when the instance was made', 'init.made'],
  ['when the invitation was taken in', 'log.append.committed:2'],
  ['when entries of the bundle were taken in', 'sync.entries-received'],
  ['when half of a package was taken in', 'sync.chunk-written'],
  ['when a package was whole', 'sync.blob-whole'],
  ['when the environment was there', 'log.append.committed:5'],
  ['when an answer was kept', 'log.append.committed:6'],
  ['when a secret was kept', 'log.append.inserted:7'],
  ['when it was asked for', 'log.append.committed:9'],
  ['when the plan was frozen', 'daemon.plan-frozen'],
  ['when the start was recorded', 'daemon.start-recorded'],
  ['before the first step', 'executor.step.started'],
  ['while a package was extracted', 'executor.extract.before-rename'],
  ['before a script', 'executor.script.before'],
  ['when a file was rewritten', 'executor.rewrite.after'],
  ['when a convention was over', 'executor.convention.after-journal:4'],
  ['when a step was over', 'executor.step.before-journal:2'],
  ['when the run was over', 'executor.end.before-journal'],
  ['when the end was to be recorded', 'daemon.run-over'],
] as const)('J2.12 an installation cut off %s goes on where it was (%s)', async (_when, fault) => {
  const data = join(root, `site-${turn}`);
  const killed = await install(data, { file, values, fault });
  // Where the executor alone was killed, the installer tells so.
  expect(killed.signal ?? killed.told?.outcome.state, killed.stderr).toMatch(/^(?:SIGKILL|interrupted)$/);
  const { told, stderr } = await install(data, { file, values });
  expect(stderr).toBe('');
  expect(told?.outcome).toMatchObject({ state: 'succeeded', number: '1.0.0' });
  expect(effectsIn(vendor.marks)).toEqual(once);
  const installed = join(data, 'apps', 'production', 'Orders.Web', '1.0.0', 'settings.json');
  expect(readFileSync(installed, 'utf8')).toBe('{"title":"Orders 1.0.0 in production","port":"9090"}\n');
});
