import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { addEnvironment } from '../../src/commands/index.ts';
import { runDaemon } from '../../src/daemon/index.ts';
import { silentLog } from '../../src/log.ts';
import {
  fleetRows,
  readLinks,
  readOwedBlobs,
  readPackages,
  readWantedBlobs,
} from '../../src/projections/index.ts';
import { decodeParcelFile, encodeParcelFile } from '../../src/sync/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { selfSigned } from '../support/certificates.ts';
import { confirmLink, deliver, linkOf, makePair, type Pair } from '../support/instances.ts';
import { pairForEach, type PairOfTest } from '../support/pair-for-each.ts';
import { codeOf, laterRefusal, refusal } from '../support/refusal.ts';
import {
  configurationIn,
  converge,
  deploy,
  filesBelow,
  filesWith,
  furnish,
  never,
  offered,
  once,
  password,
  publish,
  setPassword,
} from './company.ts';

let root: PairOfTest['root'];
let pair: Pair;
let marks: string;
pairForEach((made) => ({ root, pair, marks } = made));
const fleet = () => fleetRows(pair.vendor.db, pair.clock.now());

describe('a release that is published', () => {
  test('crosses with all that it names, and the receipt comes back', async () => {
    const release = await publish(pair, '1.0.0', { marks });
    expect(await converge(pair)).toEqual([]);
    const { customer, vendor, link } = pair;
    const came = offered(pair, '1.0.0');
    expect(came).toMatchObject({ digest: release.digest, process: 'Orders', document: release.document });
    for (const { digest } of readWantedBlobs(customer.db)) expect(customer.holds(digest)).toBe(true);
    expect(readPackages(customer.db)).toMatchObject([
      { link, pin: release.document.packages[0]!, signer: 'CN=acme' },
    ]);
    const { outward, confirmed } = linkOf(vendor, link);
    expect(confirmed.seq).toBe(outward.news);
    expect(fleet()).toMatchObject([{ customer: 'contoso', state: 'delivered', behind: 1 }]);
  });

  test('leaves no package and no entry in the folder once it is held', async () => {
    await publish(pair, '1.0.0', { marks });
    await once(pair.vendor);
    expect(filesBelow(pair.between).length).toBeGreaterThan(2);
    await converge(pair);
    expect(filesBelow(pair.between).filter((path) => /\/(?:blobs)\//.test(path))).toEqual([]);
  });

  test('is deployed by the same steps, and the author hears of it', async () => {
    await publish(pair, '1.0.0', { marks });
    await converge(pair);
    furnish(pair);
    for (const environment of ['uat', 'production']) {
      deploy(pair.customer, offered(pair, '1.0.0'), environment);
      const { deployments } = await once(pair.customer);
      expect(deployments).toHaveLength(1);
      expect(configurationIn(pair.customer, environment)).toEqual([
        `{"title":"Orders 1.0.0 in ${environment}","port":"8080","password":"${password}"}\n`,
      ]);
    }
    expect(readFileSync(marks, 'utf8').split('\n').slice(0, 3)).toEqual(['stop', 'deploy', 'start']);
    await converge(pair);
    expect(fleet()).toMatchObject([
      { environment: 'production', release: '1.0.0', state: 'succeeded', behind: 0 },
      { environment: 'uat', release: '1.0.0', state: 'succeeded', behind: 0 },
    ]);
  });

  test('leaves a secret in the application and nowhere else', async () => {
    await publish(pair, '1.0.0', { marks, deploy: 'echo "the password is $(cat app.json)"' });
    await converge(pair);
    furnish(pair);
    deploy(pair.customer, offered(pair, '1.0.0'), 'uat');
    await once(pair.customer);
    await converge(pair);
    const apps = pair.customer.folder.environmentApps('uat');
    const found = filesWith(root.path, password);
    expect(found).not.toEqual([]);
    expect(found.filter((path) => !path.startsWith(apps))).toEqual([]);
  });

  test('is not deployed by a side that has not compared the words, and is when it has', async () => {
    using other = memoryFolder();
    using unsure = await makePair(other.path, { confirmed: false });
    await publish(unsure, '1.0.0', { marks });
    await converge(unsure);
    furnish(unsure);
    const early = refusal(() => deploy(unsure.customer, offered(unsure, '1.0.0'), 'uat'));
    expect(codeOf(early)).toBe('LINK_NOT_CONFIRMED refused');
    confirmLink(unsure.customer, unsure.link, unsure.vendor);
    deploy(unsure.customer, offered(unsure, '1.0.0'), 'uat');
    await once(unsure.customer);
    expect(configurationIn(unsure.customer, 'uat')).toHaveLength(1);
  });

  test('is not deployed before all of it came, or an input is missing, or it passed an environment before', async () => {
    await publish(pair, '1.0.0', { marks });
    const { vendor, customer, link } = pair;
    await deliver(vendor, customer, link);
    const asked = (environment: string): string =>
      codeOf(refusal(() => deploy(customer, offered(pair, '1.0.0'), environment)));
    customer.record(() => addEnvironment([], { name: 'uat', after: [], tags: [] }));
    expect(asked('uat')).toBe('RELEASE_INCOMPLETE waiting');
    await converge(pair);
    expect(asked('uat')).toBe('INPUT_MISSING inputMissing');
    furnish(pair);
    expect(asked('production')).toBe('PREDECESSOR_MISSING refused');
  });
});

describe('a package that is not what was announced', () => {
  test('is refused for good where another company signed it, and the next release is accepted', async () => {
    const validity = { validFrom: new Date('2026-01-01'), validTo: new Date('2036-01-01') };
    await publish(pair, '1.0.0', { marks, signer: selfSigned('Mallory', validity) });
    await converge(pair);
    const { customer, vendor, link } = pair;
    const [blob] = readWantedBlobs(customer.db).filter(({ pin }) => pin !== null);
    expect(blob).toMatchObject({ final: true, refusals: 1, refusalReported: true });
    furnish(pair);
    const error = refusal(() => deploy(customer, offered(pair, '1.0.0'), 'uat'));
    expect(codeOf(error)).toBe('RELEASE_PART_REFUSED verification');
    expect(readPackages(customer.db)).toEqual([]);
    // It is not asked for, sent, or judged again.
    await converge(pair);
    const entries = (): number[] => [customer.log.entryCount(), vendor.log.entryCount()];
    const before = entries();
    await converge(pair);
    expect(entries()).toEqual(before);
    expect(readOwedBlobs(vendor.db, link)).toEqual([]);
    await publish(pair, '1.1.0', { marks });
    await converge(pair);
    deploy(customer, offered(pair, '1.1.0'), 'uat');
    await once(customer);
    expect(configurationIn(customer, 'uat')).toHaveLength(1);
  });

  test('is refused where one byte was changed on the way, the part named, and comes again by itself', async () => {
    const release = await publish(pair, '1.0.0', { marks });
    const { customer, vendor, link } = pair;
    const { id, version, sha256, sizeBytes } = release.document.packages[0]!;
    await once(vendor);
    changeByte(sha256, vendor.blobs.path(sha256));
    const refused = (await once(customer)).exchanged.flatMap((one) => one.refused).join('\n');
    expect(refused).toContain('lib/filler.bin');
    expect(customer.holds(sha256)).toBe(false);
    const [blob] = readWantedBlobs(customer.db).filter(({ digest }) => digest === sha256);
    expect(blob).toMatchObject({ refusals: 1, final: false, refused: { what: `${id} ${version}` } });
    furnish(pair);
    const error = refusal(() => deploy(customer, offered(pair, '1.0.0'), 'uat'));
    expect(codeOf(error)).toBe('RELEASE_PART_REFUSED verification');
    expect(error.message).toContain('lib/filler.bin');
    // The author hears of it and sends the package again, and what came is then as it should be.
    expect(await converge(pair)).toEqual([]);
    expect(readOwedBlobs(vendor.db, link)).toEqual([]);
    expect(readPackages(customer.db)).toMatchObject([{ pin: { sha256, sizeBytes } }]);
    deploy(customer, offered(pair, '1.0.0'), 'uat');
    await once(customer);
    expect(configurationIn(customer, 'uat')).toHaveLength(1);
  });

  test('is refused where a file on the way is cut off or mere noise, and comes again by itself', async () => {
    const release = await publish(pair, '1.0.0', { marks });
    const { sha256 } = release.document.packages[0]!;
    await once(pair.vendor);
    for (const [at, path] of chunksOf(sha256).entries())
      writeFileSync(path, at % 2 === 0 ? readFileSync(path).subarray(0, 100) : 'noise');
    await once(pair.customer);
    expect(pair.customer.holds(sha256)).toBe(false);
    await converge(pair);
    expect(readPackages(pair.customer.db)).toHaveLength(1);
  });
});

const chunksOf = (digest: string): string[] =>
  filesBelow(pair.between).filter((path) => path.includes(`/blobs/${digest}/`));

/** Changes one byte of `lib/filler.bin` in a package on its way, as somebody would who can write to the folder. */
function changeByte(digest: string, good: string): void {
  const inPackage = readFileSync(good).indexOf('lib/filler.bin') + 1000;
  let changed = 0;
  for (const path of chunksOf(digest)) {
    const decoded = decodeParcelFile(readFileSync(path));
    if (!('parcel' in decoded) || decoded.parcel.kind !== 'blob') continue;
    const { parcel } = decoded;
    const at = inPackage - parcel.offset;
    if (at < 0 || at >= parcel.bytes.length) continue;
    const bytes = Uint8Array.from(parcel.bytes);
    bytes[at]! ^= 1;
    writeFileSync(path, encodeParcelFile({ ...parcel, bytes }));
    changed += 1;
  }
  expect(changed).toBe(1);
}

describe('one daemon per identity', () => {
  test('T-47 a second one is refused while the first runs, and the holder is named', async () => {
    const { vendor } = pair;
    const stop = new AbortController();
    const ready = Promise.withResolvers<string>();
    const listen = { host: '127.0.0.1', port: 0 };
    const options = { once: false, listen, log: silentLog(), signal: stop.signal, onReady: ready.resolve };
    const running = runDaemon(vendor, options);
    await Promise.race([ready.promise, running]);
    const error = await laterRefusal(() => once(vendor));
    expect(codeOf(error)).toBe('DAEMON_RUNNING held');
    expect(error.message).toContain(`process ${process.pid} (run by ${vendor.actor}`);
    stop.abort();
    await running;
    await once(vendor);
  });

  test('that fails on its way up leaves nothing running behind', async () => {
    const { vendor } = pair;
    let address = '';
    const options = { once: false, listen: { host: '127.0.0.1', port: 0 }, log: silentLog(), signal: never };
    const onReady = (given: string): void => {
      address = given;
      throw new Error('nobody wants to know');
    };
    await expect(runDaemon(vendor, { ...options, onReady })).rejects.toThrow('nobody wants to know');
    await expect(fetch(address)).rejects.toThrow('fetch failed');
    await once(vendor);
  });

  test('syncs while it runs, without being asked', async () => {
    const { vendor, customer } = pair;
    writeFileSync(join(vendor.folder.root, 'crossgap.toml'), '[sync]\nlook-every = 1\n');
    await publish(pair, '1.0.0', { marks });
    await once(customer);
    const stop = new AbortController();
    const listen = { host: '127.0.0.1', port: 0 };
    const running = runDaemon(vendor, { once: false, listen, log: silentLog(), signal: stop.signal });
    try {
      await expect.poll(() => filesBelow(pair.between).some((path) => path.includes('/entries/'))).toBe(true);
      await once(customer);
      expect(offered(pair, '1.0.0')).toBeDefined();
    } finally {
      stop.abort();
      await running;
    }
    expect(readLinks(vendor.db)).toHaveLength(1);
  });
});

test('what was set since is used by the next deployment, not by one that is under way', async () => {
  await publish(pair, '1.0.0', { marks });
  await converge(pair);
  furnish(pair);
  deploy(pair.customer, offered(pair, '1.0.0'), 'uat');
  await once(pair.customer);
  setPassword(pair, 'another-secret-of-ours');
  deploy(pair.customer, offered(pair, '1.0.0'), 'uat', 'again');
  await runDaemon(pair.customer, { once: true, log: silentLog(), signal: never });
  expect(configurationIn(pair.customer, 'uat').join('')).toContain('another-secret-of-ours');
});
