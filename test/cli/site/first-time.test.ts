import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { effectsIn } from '../../support/companies.ts';
import { freshFolder } from '../typed.ts';
import { hooks, makeVendor, secret, siteAt, takeIn, type Vendor } from './vendor.ts';

const root = freshFolder();
const data = join(root, 'site');
let vendor: Vendor;
let file: string;

beforeAll(async () => {
  vendor = await makeVendor(root);
  await vendor.invite('plant');
  await vendor.release('1.0.0');
  file = await vendor.bundle('plant', '1.0.0');
});

test('J2.9 a machine that nobody has met becomes a site: it takes the bundle in and installs what was tested', async () => {
  await using site = await siteAt(data, { file });
  const { maker, release } = await takeIn(site);
  expect(maker).toMatchObject({ name: 'acme', company: 'CN=acme', believed: false });
  expect(release).toMatchObject({
    process: 'Orders',
    number: '1.0.0',
    packages: [{ id: 'Orders.Web', version: '1.0.0', signer: 'CN=acme' }],
    environments: ['production'],
    hasUninstall: false,
  });
  expect(await site.standing('production')).toMatchObject({
    installed: null,
    compared: 'nothing-installed',
    previous: null,
    open: null,
    inTheWay: null,
    inputs: [
      { name: 'Db.Password', secret: true, isKnown: false, value: null, required: true },
      { name: 'Site.Port', type: 'port', default: '8080', isKnown: false },
      { name: 'Smtp.Host', required: false },
    ],
    steps: [{ name: 'Stop', kind: 'run' }, { name: 'Web', kind: 'package' }, { name: 'Start' }],
  });
  await site.keep('production', { 'Db.Password': secret, 'Site.Port': '9090' });
  const told = hooks();
  const outcome = await site.run({ kind: 'install', environment: 'production', again: false }, told);
  expect(outcome).toMatchObject({
    state: 'succeeded',
    number: '1.0.0',
    steps: [{ state: 'succeeded' }, { state: 'succeeded' }, { state: 'succeeded' }],
  });
  expect(outcome.steps.every(({ durationMs }) => durationMs !== null)).toBe(true);
  expect(effectsIn(vendor.marks)).toEqual({ stop: 1, deploy: 1, start: 1 });
  const installed = join(data, 'apps', 'production', 'Orders.Web', '1.0.0', 'settings.json');
  expect(readFileSync(installed, 'utf8')).toBe('{"title":"Orders 1.0.0 in production","port":"9090"}\n');
});
