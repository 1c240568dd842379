import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { effectsIn } from '../../support/companies.ts';
import { freshFolder } from '../typed.ts';
import { install } from './killed.ts';
import { makeVendor, secret, type Vendor } from './vendor.ts';

const root = freshFolder();
const values = { 'Db.Password': secret, 'Site.Port': '9090' };
const once = { stop: 1, deploy: 1, start: 1 };
let vendor: Vendor;
let file: string;

beforeAll(async () => {
  vendor = await makeVendor(root);
  await vendor.invite('plant');
  await vendor.release('1.0.0');
  file = await vendor.bundle('plant', '1.0.0');
});

test('an installation killed when half of the bundle was taken in goes on where it was and runs each step once', async () => {
  const fault = 'sync.blob-complete';
  const data = join(root, 'site');
  const killed = await install(data, { file, values, fault });
  expect(killed.signal, killed.stderr).toBe('SIGKILL');
  const { told, stderr } = await install(data, { file, values });
  expect(stderr).toBe('');
  expect(told?.outcome).toMatchObject({ state: 'succeeded', number: '1.0.0' });
  expect(effectsIn(vendor.marks)).toEqual(once);
  const installed = join(data, 'apps', 'production', 'Orders.Web', '1.0.0', 'settings.json');
  expect(readFileSync(installed, 'utf8')).toBe('{"title":"Orders 1.0.0 in production","port":"9090"}\n');
});
