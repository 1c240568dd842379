import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runDaemon } from '../../src/daemon/index.ts';
import { sourceCheckAlarms } from '../../src/daemon/check-source.ts';
import { fetchPackages, lacking, noteComparison } from '../../src/daemon/fetch-packages.ts';
import { duePushes, pushPackages } from '../../src/daemon/push-packages.ts';
import { repositoryNamed, sourceSecretRef } from '../../src/daemon/repositories.ts';
import { repositoryWork } from '../../src/daemon/repository-work.ts';
import { readStatus } from '../../src/daemon/status.ts';
import { dataFolder, type Instance } from '../../src/instance/index.ts';
import { openVault } from '../../src/instance/vault.ts';
import { silentLog } from '../../src/log.ts';
import { countersignPackage, packNupkg, signPackage } from '../../src/packages/index.ts';
import { findPackage, readOwedBlobs, readPushes, readWantedBlobs } from '../../src/projections/index.ts';
import { Settings } from '../../src/settings/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { companyOf, deliver, makePair, type Pair } from '../support/instances.ts';
import { nugetServer, type NugetServer } from '../support/nuget-server.ts';
import { codeOf, refusal } from '../support/refusal.ts';
import { noPatience } from '../nuget/repositories.ts';
import { converge, never, once, publish } from './company.ts';

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
let marks: string;
beforeAll(async () => {
  root = memoryFolder();
  pair = await makePair(root.path);
  marks = root.file('marks', new Uint8Array());
});
afterAll(() => {
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});

/** Each test has a repository of its own, under a name that no other one uses. */
let server: NugetServer;
let name: string;
let tests = 0;
beforeEach(async () => {
  server = await nugetServer();
  tests += 1;
  name = `nexus-${tests}`;
});
afterEach(() => server[Symbol.asyncDispose]());

/** The customer with these settings, as after a restart. */
function withSettings(settings: object): Instance {
  return { ...pair.customer, settings: Settings.parse(settings) };
}

const warningsShown = (instance: Instance) =>
  readStatus(instance).warnings.filter(
    ({ message }) => message.includes(`${name} `) || message.includes(`${name}:`),
  );
const codesShown = (instance: Instance) => warningsShown(instance).map(({ code }) => code);

/** Another build under a name: signed by the vendor as it should be, with another content. */
async function repacked(
  version: string,
  id = 'Orders.Web',
): Promise<{ bytes: Buffer; contentDigest: string }> {
  const file = root.file('repacked.nupkg');
  const files = [{ path: 'app.json', bytes: Buffer.from('{"title":"something else"}') }];
  await packNupkg({ id, version, outFile: file, files });
  const now = new Date(pair.clock.now());
  const report = await signPackage(file, file, companyOf('acme'), { hash: 'sha256', now });
  return { bytes: readFileSync(file), contentDigest: report.contentDigest! };
}

describe('a package that a release names and that is not here', () => {
  const fetching = (wish: object = {}): Instance =>
    withSettings({ source: [{ name, url: server.index, ...wish }] });
  const look = (instance: Instance) =>
    fetchPackages(instance, { log: silentLog(), signal: never, patience: noPatience() });
  const isLacking = (instance: Instance, version: string) =>
    lacking(instance).some(({ pin }) => pin.version === version);
  const ofVendor = (version: string) => findPackage(pair.vendor.db, '', 'Orders.Web', version)!.pin;

  /** Offers a release to the customer without its package; the vendor's file of it. */
  async function offerOnly(version: string): Promise<Buffer> {
    const { vendor, customer, link } = pair;
    await publish(pair, version, { marks });
    await deliver(vendor, customer, link);
    return readFileSync(vendor.blobs.path(ofVendor(version).sha256));
  }

  test('is fetched from a repository, verified, and not sent any more', async () => {
    const { vendor, link } = pair;
    server.packages.set('orders.web/1.0.0', await offerOnly('1.0.0'));
    const customer = fetching();
    expect(isLacking(customer, '1.0.0')).toBe(true);
    expect(await look(customer)).toEqual({ kept: 1, failures: [] });
    expect(isLacking(customer, '1.0.0')).toBe(false);
    expect(findPackage(customer.db, link, 'Orders.Web', '1.0.0')).toBeDefined();
    expect(readdirSync(join(customer.blobs.folder, 'incoming'))).toEqual([]);
    await once(customer);
    await once(vendor);
    expect(readOwedBlobs(vendor.db, link).map(({ digest }) => digest)).not.toContain(
      ofVendor('1.0.0').sha256,
    );
  });

  test('is taken from a repository that signed the file itself: the content is the same', async () => {
    const original = await offerOnly('1.1.0');
    const out = root.file('countersigned.nupkg');
    await countersignPackage(root.file('original.nupkg', original), out, companyOf('nexus'), {
      hash: 'sha256',
      role: { kind: 'repository', serviceIndex: 'https://nexus.contoso.example/index.json', owners: [] },
      now: new Date(pair.clock.now()),
    });
    expect(readFileSync(out).equals(original)).toBe(false);
    server.packages.set('orders.web/1.1.0', readFileSync(out));
    const customer = fetching();
    expect(await look(customer)).toMatchObject({ kept: 1 });
    expect(isLacking(customer, '1.1.0')).toBe(false);
  });

  test('T-87 is an alarm with both digests where a repository has another content, and the link brings it all the same', async () => {
    const right = await offerOnly('1.2.0');
    const pin = ofVendor('1.2.0');
    const changed = await repacked('1.2.0');
    server.packages.set('orders.web/1.2.0', changed.bytes);
    const customer = fetching();
    expect(await look(customer)).toEqual({ kept: 0, failures: [] });
    const position = customer.log.lastPosition();
    expect(await look(customer)).toEqual({ kept: 0, failures: [] });
    expect(customer.log.lastPosition()).toBe(position);
    const [alarm, ...more] = warningsShown(customer);
    expect(alarm?.code).toBe('SOURCE_CONTENT_DIFFERS');
    expect(alarm?.message).toContain(pin.contentDigest);
    expect(alarm?.message).toContain(changed.contentDigest);
    expect(more).toEqual([]);
    expect(findPackage(customer.db, pair.link, 'Orders.Web', '1.2.0')).toBeUndefined();
    const wanted = readWantedBlobs(customer.db).find(({ digest }) => digest === pin.sha256);
    expect(wanted).toMatchObject({ refused: null, final: false });
    await converge(pair);
    expect(customer.holds(pin.sha256)).toBe(true);
    // It stands until the repository is seen to have the right thing.
    expect(codesShown(customer)).toEqual(['SOURCE_CONTENT_DIFFERS']);
    const again = () =>
      sourceCheckAlarms(customer, customer.settings.source[0]!, { signal: never, patience: noPatience() });
    expect(await again()).toEqual([{ id: pin.id, version: pin.version, same: false }]);
    expect(codesShown(customer)).toEqual(['SOURCE_CONTENT_DIFFERS']);
    server.packages.set('orders.web/1.2.0', right);
    expect(await again()).toEqual([{ id: pin.id, version: pin.version, same: true }]);
    expect(codesShown(customer)).toEqual([]);
    expect(await again()).toEqual([]);
  });

  test('is not taken from a repository that gives something else altogether, which is no alarm', async () => {
    await offerOnly('1.3.0');
    const customer = fetching();
    for (const bytes of [Buffer.from('<html>log in</html>'), (await repacked('1.3.0', 'Other.App')).bytes]) {
      server.packages.set('orders.web/1.3.0', bytes);
      expect(await look(customer)).toMatchObject({ kept: 0 });
      expect(isLacking(customer, '1.3.0')).toBe(true);
      expect(codesShown(customer)).toEqual([]);
    }
  });

  test('is looked for in one repository after the other, where the settings allow it, under the ids they name', async () => {
    const folder = root.file('share');
    mkdirSync(folder);
    writeFileSync(join(folder, 'Orders.Web.1.4.0.nupkg'), await offerOnly('1.4.0'));
    const share = { name: 'share', folder };
    expect(await look(withSettings({ source: [{ ...share, fetch: false }] }))).toMatchObject({ kept: 0 });
    expect(await look(withSettings({ source: [{ ...share, packages: ['Other.*'] }] }))).toMatchObject({
      kept: 0,
    });
    server.special = () => ({ status: 503 });
    const both = {
      source: [
        { name, url: server.index },
        { ...share, packages: ['orders.*'] },
      ],
    };
    const { kept, failures } = await look(withSettings(both));
    expect(kept).toBe(1);
    expect(failures.map(codeOf)).toEqual(['SOURCE_FAILING refused']);
    const [shown] = warningsShown(withSettings(both));
    expect(shown).toMatchObject({
      code: 'SOURCE_FAILING',
      message: expect.stringMatching(
        /^repository \S+ can't be asked for packages since .* UTC: it has no answer at the moment \(503\); links/,
      ) as string,
    });
    expect(codesShown(withSettings({ source: [share] }))).toEqual([]);
    server.special = () => undefined;
    await offerOnly('1.4.1');
    await look(withSettings(both));
    expect(codesShown(withSettings(both))).toEqual([]);
  });

  test('comes with one run of the daemon, and a repository that fails hinders nothing', async () => {
    server.packages.set('orders.web/1.5.0', await offerOnly('1.5.0'));
    await once(fetching());
    expect(isLacking(fetching(), '1.5.0')).toBe(false);
    server.special = () => ({ status: 401 });
    await publish(pair, '1.6.0', { marks });
    await converge({ ...pair, customer: fetching() });
    expect(lacking(fetching())).toEqual([]);
  });

  test('is not asked for on behalf of a link whose words nobody compared', async () => {
    const folder = root.file('unconfirmed');
    mkdirSync(folder);
    using unconfirmed = await makePair(folder, { confirmed: false });
    await publish(unconfirmed, '1.0.0', { marks });
    await deliver(unconfirmed.vendor, unconfirmed.customer, unconfirmed.link);
    expect(readWantedBlobs(unconfirmed.customer.db).length).toBeGreaterThan(0);
    expect(lacking(unconfirmed.customer)).toEqual([]);
  });
});

describe('a package that a link brought', () => {
  const key = 'orders.web/2.0.0';
  const pushing = (wish: object = {}): Instance =>
    withSettings({
      source: [{ name, url: server.index, fetch: false }],
      push: [{ to: name, packages: ['Orders.*'], ...wish }],
    });
  /** Of the packages that earlier tests brought, only this one is looked at. */
  const due = (instance: Instance) => duePushes(instance).filter(({ pin }) => pin.version === '2.0.0');
  const push = (instance: Instance) =>
    pushPackages(instance, { log: silentLog(), signal: never, patience: noPatience() });
  const outcomes = (instance: Instance) =>
    readPushes(instance.db).flatMap(({ repository, version, outcome, code }) =>
      repository === name && version === '2.0.0' ? [[outcome, code]] : [],
    );
  const file = (instance: Instance) =>
    readFileSync(instance.blobs.path(findPackage(instance.db, pair.link, 'Orders.Web', '2.0.0')!.pin.sha256));

  beforeAll(async () => {
    await publish(pair, '2.0.0', { marks });
    await converge(pair);
  });

  test('is given to a repository once, when it is verified', async () => {
    const customer = pushing();
    const { done, failures } = await push(customer);
    expect(done).toBeGreaterThan(0);
    expect(failures).toEqual([]);
    expect(Buffer.from(server.packages.get(key)!).equals(file(customer))).toBe(true);
    expect(outcomes(customer)).toEqual([['taken', null]]);
    expect(due(customer)).toEqual([]);
    server.packages.clear();
    expect(await push(pushing())).toEqual({ done: 0, failures: [] });
    expect(codesShown(customer)).toEqual([]);
  });

  test('is given with a run of the daemon; that it is there already is as good', async () => {
    const customer = pushing();
    server.packages.set(key, file(customer));
    await runDaemon(customer, { once: true, log: silentLog(), signal: never });
    expect(outcomes(customer)).toEqual([['there', null]]);
  });

  test('is given by a daemon that runs, without being asked', async () => {
    const customer = pushing();
    const stop = new AbortController();
    const taken = Promise.withResolvers<void>();
    const said: string[] = [];
    const log = pino(
      {},
      {
        write(line: string) {
          said.push(line);
          if (line.includes('"package":"Orders.Web 2.0.0"')) taken.resolve();
        },
      },
    );
    const listen = { host: '127.0.0.1', port: 0 };
    const running = runDaemon(customer, { once: false, listen, log, signal: stop.signal });
    await taken.promise;
    stop.abort();
    await running;
    expect(said.join('')).toContain('package pushed');
    expect(outcomes(customer)).toEqual([['taken', null]]);
  });

  test('is tried again where it could not be given, which is said once and shown until it is', async () => {
    const customer = pushing();
    server.special = ({ method }) => (method === 'PUT' ? { status: 503, body: 'full' } : undefined);
    const first = await push(customer);
    expect(first.failures.map(codeOf)).toEqual(['SOURCE_FAILING refused']);
    const position = customer.log.lastPosition();
    expect((await push(customer)).failures).toHaveLength(1);
    expect(customer.log.lastPosition()).toBe(position);
    const [warning] = warningsShown(customer);
    expect(warning?.code).toBe('SOURCE_FAILING');
    expect(warning?.message).toMatch(/Orders\.Web \S+ is not in repository nexus-\d+ yet: .*503: full/);
    server.special = () => undefined;
    expect((await push(customer)).failures).toEqual([]);
    expect(codesShown(customer)).toEqual([]);
  });

  test('is not given again by itself to a repository that has other content', async () => {
    const customer = pushing();
    server.packages.set(key, (await repacked('2.0.0')).bytes);
    expect((await push(customer)).failures.map(codeOf)).toEqual(['SOURCE_CONTENT_DIFFERS verification']);
    expect(outcomes(customer)).toEqual([['differs', 'SOURCE_CONTENT_DIFFERS']]);
    expect(codesShown(customer)).toEqual(['SOURCE_CONTENT_DIFFERS']);
    expect(due(customer)).toEqual([]);
  });

  test('is left out where the settings name other links or other packages', () => {
    expect(due(pushing({ links: ['ACME'] }))).toHaveLength(1);
    expect(due(pushing({ links: ['somebody'] }))).toEqual([]);
    expect(due(pushing({ packages: ['Other.*'] }))).toEqual([]);
    expect(due(withSettings({}))).toEqual([]);
  });

  test('is given by the running daemon, which rests after a failure and goes on when it is time', async () => {
    const customer = pushing();
    const stop = new AbortController();
    const options = { log: silentLog(), signal: stop.signal, patience: noPatience(), soonMs: 0 };
    const work = repositoryWork(customer, options);
    server.special = () => ({ status: 503 });
    await looked(work);
    const asked = server.requests.length;
    expect(asked).toBeGreaterThan(0);
    server.special = () => undefined;
    // Nothing is asked before its time, whatever happens.
    await looked(work);
    expect(server.requests.length).toBe(asked);
    pair.clock.advance(61_000);
    await looked(work);
    expect(outcomes(customer)).toEqual([['taken', null]]);
    stop.abort();
    server.requests.length = 0;
    await looked(work);
    expect(server.requests).toEqual([]);
  });

  async function looked(work: ReturnType<typeof repositoryWork>): Promise<void> {
    work.look();
    // Of timers of one length those set later fire later: what was to begin has begun.
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, 0);
    await promise;
    await work.idle();
  }
});

describe('what a repository is told', () => {
  const known = { name: 'nexus', url: 'https://nexus.contoso.example/index.json', user: 'crossgap' };
  const file = () => root.file('vault');
  const vault = () => openVault(file(), Buffer.alloc(32, 1), 'ab'.repeat(16));
  const told = (wish: object = {}) =>
    repositoryNamed(
      {
        settings: Settings.parse({ source: [{ ...known, ...wish }] }),
        vault: vault(),
        folder: dataFolder(root.path),
      },
      'NEXUS',
    );

  test('comes from the vault, or from files, and is missed by name', () => {
    expect(codeOf(refusal(() => told()))).toBe('SOURCE_CREDENTIAL_MISSING inputMissing');
    vault().keep(sourceSecretRef('nexus', 'password'), 'hunter2');
    vault().keep(sourceSecretRef('Nexus', 'api-key'), 'sesame');
    expect(told()).toMatchObject({ user: 'crossgap', password: 'hunter2', apiKey: 'sesame' });
    const password = root.file('password', Buffer.from('from a file\n'));
    for (const path of [password, 'password'])
      expect(told({ 'password-file': path })).toMatchObject({ password: 'from a file', apiKey: 'sesame' });
    writeFileSync(password, '\n');
    expect(refusal(() => told({ 'password-file': password })).message).toContain('is empty');
    rmSync(password);
    const error = refusal(() => told({ 'password-file': password }));
    expect(codeOf(error)).toBe('SOURCE_CREDENTIAL_MISSING inputMissing');
    expect(codeOf(refusal(() => told({ name: 'nexsu' })))).toBe('SOURCE_UNKNOWN misused');
  });

  test('and does not open any more, is missed by name too', () => {
    vault().keep(sourceSecretRef('nexus', 'password'), 'hunter2');
    const sealed = JSON.parse(readFileSync(file(), 'utf8')) as { secrets: Record<string, string> };
    for (const each of Object.keys(sealed.secrets))
      sealed.secrets[each] = Buffer.alloc(40).toString('base64');
    writeFileSync(file(), JSON.stringify(sealed));
    const error = refusal(() => told());
    expect(error.code).toBe('SOURCE_CREDENTIAL_MISSING');
    expect(error.hint).toContain('crossgap source secret nexus');
  });

  test('can never stand in the log', () => {
    pair.customer.vault.keep(sourceSecretRef('nexus', 'password'), 'hunter2-and-more');
    const pin = { id: 'Orders.Web', version: '1.0.0', contentDigest: '1'.repeat(64) };
    expect(() => noteComparison(pair.customer, 'hunter2-and-more', pin, '2'.repeat(64))).toThrow(/secret/);
  });
});
