import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { atHome } from '../../src/commands/index.ts';
import { ApplicationInstalled } from '../../src/events/index.ts';
import { openInstance, type Instance } from '../../src/instance/index.ts';
import { readApplications, type ApplicationRow } from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { makePair, type Pair } from '../support/instances.ts';
import { converge, deploy, furnish, offered, once, publish } from './company.ts';

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
let customer: Instance;
beforeEach(async () => {
  root = memoryFolder();
  pair = await makePair(root.path);
  furnish(pair);
  customer = pair.customer;
});
afterEach(() => {
  if (customer !== pair.customer) customer.close();
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});

async function deployed(number: string, script: string): Promise<void> {
  await publish(pair, number, { marks: root.file(`marks-${number}`, new Uint8Array()), deploy: script });
  await converge({ ...pair, customer });
  deploy(customer, offered({ ...pair, customer }, number), 'uat');
  await once(customer);
}
const installed = (): ApplicationRow[] =>
  readApplications(customer.db, { link: pair.link, process: 'Orders', environment: 'uat' });
const told = (): string[] => installed().map(({ version, succeeded }) => `${version} ${succeeded}`);

/** The customer again, with a setting that its operator wrote. */
async function withRetention(text: string): Promise<void> {
  const { folder } = customer;
  pair.customer.close();
  writeFileSync(folder.settings, `${readFileSync(folder.settings, 'utf8')}\n[retention]\n${text}\n`);
  customer = await openInstance(folder.root, { clock: pair.clock });
}

test('what a step installs is recorded, and the next version knows the ones before', async () => {
  await deployed('1.0.0', 'true');
  await deployed('1.1.0', 'exit 3');
  const mark = root.file('seen', new Uint8Array());
  const version = (which: string): string =>
    `get_octopusvariable Octopus.Tentacle.${which}.PackageVersion >> '${mark}'; echo >> '${mark}'`;
  await deployed('1.2.0', `${version('PreviousInstallation')}; ${version('PreviousSuccessfulInstallation')}`);
  expect(readFileSync(mark, 'utf8')).toBe('1.1.0\n1.0.0\n');
  expect(told()).toEqual(['1.2.0 true', '1.1.0 false', '1.0.0 true']);
});

test('J3.8 old versions are removed by the rule of the settings, and never the one before the present', async () => {
  await withRetention('releases = 1');
  for (const number of ['1.0.0', '1.1.0']) await deployed(number, 'true');
  // What a removal left that was cut off goes with it.
  const [, first] = installed();
  const doomed = join(dirname(first!.extractedTo), '.1.0.0.removed');
  mkdirSync(doomed);
  renameSync(first!.extractedTo, join(doomed, 'half'));
  await deployed('1.2.0', 'true');
  expect(existsSync(doomed)).toBe(false);
  expect(told()).toEqual(['1.2.0 true', '1.1.0 true']);
  await deployed('1.3.0', 'true');
  expect(told()).toEqual(['1.3.0 true', '1.2.0 true']);
  const apps = customer.folder.environmentApps('uat');
  expect(readdirSync(`${apps}/Orders.Web`).toSorted()).toEqual(['1.2.0', '1.3.0']);
  expect(existsSync(`${apps}/Orders.Web/1.2.0/app.json`)).toBe(true);
});

test('a folder that somebody removed by hand and another process took since is not removed as the old one', async () => {
  await withRetention('releases = 1');
  await deployed('1.0.0', 'true');
  const { deployment, step, ...old } = installed()[0]!;
  rmSync(old.extractedTo, { recursive: true });
  mkdirSync(old.extractedTo);
  writeFileSync(join(old.extractedTo, 'live'), '');
  const place = { deployment: `${deployment.slice(0, 8)}-other`, position: step, process: 'Invoices' };
  const { link, environment, stepId, packageId, version, sha256, extractedTo, installedTo } = old;
  const what = { link, environment, stepId, packageId, version, sha256, extractedTo, installedTo };
  customer.record(() => [atHome(ApplicationInstalled.make({ ...place, ...what, succeeded: true }))]);
  for (const number of ['1.1.0', '1.2.0']) await deployed(number, 'true');
  expect(told()).toEqual(['1.2.0 true', '1.1.0 true']);
  expect(existsSync(join(old.extractedTo, 'live'))).toBe(true);
});

test('without a rule every version stays, also one whose folder somebody removed by hand', async () => {
  await deployed('1.0.0', 'true');
  rmSync(installed()[0]!.extractedTo, { recursive: true });
  await deployed('1.1.0', 'true');
  await deployed('1.2.0', 'true');
  expect(told()).toHaveLength(3);
});
