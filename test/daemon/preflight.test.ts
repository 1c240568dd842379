import { createServer, type AddressInfo } from 'node:net';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { addEnvironment, createRelease, publishProcess, withdrawRelease } from '../../src/commands/index.ts';
import {
  preflight,
  scriptsOfRelease,
  settleDeployment,
  tryInput,
  type TypedValues,
} from '../../src/daemon/index.ts';
import type { HostCheck } from '../../src/executor/index.ts';
import type { Instance } from '../../src/instance/index.ts';
import { readProcessFile, reviseProcess } from '../../src/process/index.ts';
import {
  readEnvironments,
  readReleases,
  readRevisions,
  type ReleaseRow,
} from '../../src/projections/index.ts';
import { namesIn } from '../../src/variables/index.ts';
import { makePair, offer, type Pair } from '../support/instances.ts';
import { pairForEach } from '../support/pair-for-each.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { converge, deploy, filesBelow, furnish, never, offered } from './company.ts';

let pair: Pair;
let marks: string;
pairForEach((made) => ({ pair, marks } = made));

/** Its check and its test say which values they got, and leave a mark where they ran. */
const processText = (at: string): string => `
process: Orders
inputs:
  Db.Password: { secret: true, test: { bash: "echo tried >> '${at}'; echo \\"with $(get_octopusvariable Db.Password)\\"; exit 1" } }
  Site.Port: { type: port, default: 8080 }
  Db.Host: { required: false }
steps:
  - name: Start
    run: { bash: "true" }
checks:
  - name: Database
    run: { bash: "echo checked >> '${at}'; echo \\"$(get_octopusvariable Db.Host) $(get_octopusvariable Db.Password)\\"; exit 10" }
  - name: Only in production
    environments: [production]
    run: { bash: "exit 1" }
`;

const input = (name: string, more: object = {}) => ({
  name,
  label: null,
  help: null,
  type: 'text',
  choices: [],
  default: null,
  required: false,
  secret: false,
  ...more,
});

async function build(instance: Instance, number = '1.0.0'): Promise<ReleaseRow> {
  const text = processText(marks);
  const read = readProcessFile({ path: 'orders.yaml', text, readScript: () => '', namesIn });
  const { document, digest } = reviseProcess(read);
  await instance.blobs.putBytes(document);
  instance.record((db) => {
    const latest = readRevisions(db).findLast(({ process }) => process === 'Orders');
    const publishWhen = { deployedTo: [], testsPassed: false, testTypes: [], verdictOk: false };
    const local = { publishWhen, variables: [] };
    return publishProcess(latest, { process: 'Orders', digest, sizeBytes: document.length, local }).decision;
  });
  instance.record((db) => {
    const { revision } = readRevisions(db).findLast(({ process }) => process === 'Orders')!;
    return createRelease(undefined, {
      process: 'Orders',
      number,
      revision: { number: revision, digest, sizeBytes: document.length },
      packages: [],
      needed: [],
      notes: null,
      inputs: [
        input('Db.Password', { secret: true }),
        input('Site.Port', { type: 'port', default: '8080' }),
        input('Db.Host'),
      ],
      createdAt: new Date(instance.clock.now()).toISOString(),
    }).decision;
  });
  return readReleases(instance.db, number).find(({ link }) => link === '')!;
}

let site: Instance;
let release: ReleaseRow;
const options = { runsScripts: true, signal: never };
const looked = async (values: TypedValues = {}, runsScripts = true): Promise<HostCheck[]> =>
  await preflight(site, release, 'uat', values, { ...options, runsScripts });
const check = (checks: readonly HostCheck[], id: string): HostCheck | undefined =>
  checks.find((one) => one.id === id);
const ran = (): string => readFileSync(marks, 'utf8');

beforeEach(async () => {
  site = pair.vendor;
  furnish({ ...pair, customer: site });
  release = await build(site);
});

test('a release that somebody else offers is looked at by what is known here, its checks included', async () => {
  furnish(pair);
  offer(pair.vendor, release, [pair.link]);
  await converge(pair);
  const checks = await preflight(pair.customer, offered(pair, '1.0.0'), 'uat', {}, options);
  expect(check(checks, 'check:Database')).toMatchObject({ state: 'note', found: '********' });
  expect(ran()).toBe('checked\n');
});

test('the checks of the process run with what is typed and kept, where they are meant for; secrets are masked', async () => {
  const checks = await looked({ 'db.host': 'db-1' });
  expect(check(checks, 'check:Database')).toMatchObject({ state: 'note', found: 'db-1 ********' });
  expect(check(checks, 'check:Only in production')).toBeUndefined();
  expect(ran()).toBe('checked\n');
});

test('to look only runs none of them, and says so', async () => {
  expect(check(await looked({}, false), 'check:Database')).toMatchObject({
    state: 'note',
    found: 'not looked at: it is not run to look only',
  });
  expect(ran()).toBe('');
});

test('an input is tried with the value as typed, before it is kept; one without a test is no question', async () => {
  const typed = { 'Db.Password': 'typed-and-not-kept' };
  const tried = await tryInput(site, release, 'uat', 'db.password', typed);
  expect(tried).toMatchObject({ id: 'try:Db.Password', state: 'lacking', found: 'with ********' });
  expect(ran()).toBe('tried\n');
  await expect(tryInput(site, release, 'uat', 'Db.Host', {})).rejects.toThrow('no test of input');
  expect(filesBelow(site.folder.root).some((file) => readFileSync(file).includes('typed-and-not'))).toBe(
    false,
  );
});

test('J2.15 where scripts are asked about they run for the look for which exactly they were approved, and else are not called looked at', async () => {
  const settings = { ...site.settings, consent: { scripts: 'ask' } };
  const asking = Object.create(site, { settings: { value: settings } }) as Instance;
  const { set } = await scriptsOfRelease(asking, release, 'uat');
  for (const approvedSet of [null, '0'.repeat(64)]) {
    const checks = await preflight(asking, release, 'uat', {}, { ...options, approvedSet });
    const found = 'not looked at: its scripts are not approved here yet';
    expect(check(checks, 'check:Database')).toMatchObject({ state: 'note', found, wasLookedAt: false });
  }
  expect(ran()).toBe('');
  const checks = await preflight(asking, release, 'uat', {}, { ...options, approvedSet: set });
  expect(check(checks, 'check:Database')).not.toHaveProperty('wasLookedAt');
  await tryInput(asking, release, 'uat', 'Db.Password', {}, { approvedSet: set });
  expect(ran()).toBe('checked\ntried\n');
  // It was for that look: nothing is approved by it.
  const { scripts, isApproved } = await scriptsOfRelease(asking, release, 'uat');
  expect(scripts.some(isApproved)).toBe(false);
});

test('nothing is written or recorded by looking', async () => {
  const { folder, db } = site;
  const state = (): unknown => [
    filesBelow(folder.root).toSorted(),
    db.prepare('SELECT count(*) AS entries FROM entry').get(),
  ];
  const before = state();
  await looked({ 'Db.Host': 'db-1' });
  await tryInput(site, release, 'uat', 'Db.Password', {});
  expect(state()).toEqual(before);
});

test('nothing that a withdrawn release brings is run', async () => {
  site.record((db) =>
    withdrawRelease(
      readReleases(db, '1.0.0').find(({ link }) => link === '')!,
      'it loses orders',
      [],
    ),
  );
  await converge(pair);
  expect(check(await looked(), 'check:Database')).toMatchObject({
    state: 'note',
    found: expect.stringContaining('the release was withdrawn: it loses orders'),
  });
  expect(await tryInput(site, release, 'uat', 'Db.Password', {})).toMatchObject({
    state: 'note',
  });
  expect(ran()).toBe('');
});

test('a clock that stands years before what the author signed is a note', async () => {
  pair.clock.advance(-3 * 365 * 86_400_000);
  const theirs = { ...release, link: pair.link };
  expect(check(await preflight(site, theirs, 'uat', {}, options), 'clock')).toMatchObject({
    state: 'note',
    found: expect.stringContaining('before the newest thing that was signed'),
  });
});

test('a port that the version before was given is noted, another that somebody holds is lacking', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const typed = { 'Site.Port': String((server.address() as AddressInfo).port) };
  expect(check(await looked(typed), 'port:Site.Port')).toMatchObject({ state: 'lacking' });
  expect(check(await looked({ 'Site.Port': 'no port' }), 'port:Site.Port')).toBeUndefined();
  const id = deploy(site, release, 'uat');
  await settleDeployment(site, id, { signal: never, onProgress: () => undefined });
  const planned = join(site.folder.run(id), 'plan.json');
  expect(existsSync(planned)).toBe(true);
  expect(check(await looked(typed), 'port:Site.Port')).toMatchObject({ state: 'lacking' });
  // As if the version that runs had been given that port.
  writeFileSync(planned, readFileSync(planned, 'utf8').replace('"8080"', JSON.stringify(typed['Site.Port'])));
  expect(check(await looked(typed), 'port:Site.Port')).toMatchObject({
    state: 'note',
    found: expect.stringContaining('the version that is replaced has this port'),
  });
  writeFileSync(planned, 'damaged');
  expect(check(await looked(typed), 'port:Site.Port')).toMatchObject({ state: 'lacking' });
});

test('a link that nobody confirmed runs nothing of its author', async () => {
  using root = memoryFolder();
  using stranger = await makePair(root.path, { confirmed: false });
  const own = await build(stranger.customer);
  stranger.customer.record((db) =>
    addEnvironment(readEnvironments(db), { name: 'uat', after: [], tags: [] }),
  );
  const theirs = { ...own, link: stranger.link };
  expect(
    check(await preflight(stranger.customer, theirs, 'uat', {}, options), 'check:Database'),
  ).toMatchObject({
    state: 'note',
    found: expect.stringMatching(
      /^not looked at: the link to acme is pending, so nothing from there is run$/,
    ),
  });
  expect(ran()).toBe('');
  // The same of this side's own runs.
  expect(check(await preflight(stranger.customer, own, 'uat', {}, options), 'check:Database')).toMatchObject({
    state: 'note',
  });
  expect(ran()).toBe('checked\n');
});
