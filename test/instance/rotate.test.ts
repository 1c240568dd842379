import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { setInput } from '../../src/commands/index.ts';
import { trustedFingerprints } from '../../src/daemon/index.ts';
import { agreementKey } from '../../src/identity/index.ts';
import { openInstance, revokeKeys, rotateKeys, type Instance } from '../../src/instance/index.ts';
import { tryLock } from '../../src/lock.ts';
import { digestReadModels, readLinks, readReleases, rebuildReadModels } from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { compiled } from '../support/scripts-killed.ts';
import { fingerprint } from '../support/certificates.ts';
import {
  companyOf,
  deliver,
  linkOf,
  makePair,
  makeRelease,
  offer,
  outward,
  settle,
  type Pair,
} from '../support/instances.ts';

const child = fileURLToPath(new URL('rotate-child.ts', import.meta.url));

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
let vendor: Instance;
beforeEach(async () => {
  root = memoryFolder();
  pair = await makePair(root.path);
  ({ vendor } = pair);
  release('1.0.0');
  await settle(pair);
});
afterEach(() => {
  vendor.close();
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});

const refusal = (code: string): unknown => expect.objectContaining({ code });
const acme = companyOf('acme');

function release(number: string): void {
  offer(vendor, makeRelease(vendor, number), [pair.link]);
}

async function reopen(): Promise<void> {
  vendor.close();
  vendor = await openInstance(vendor.folder.root, { clock: pair.clock });
}

const numbersAt = (instance: Instance): string[] =>
  readReleases(instance.db)
    .map(({ number }) => number)
    .toSorted();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('J1.24 an instance whose keys are rotated', () => {
  test('goes on with new ones in every feed; the other side follows, and what was published before stays good', async () => {
    const before = vendor.identity;
    const { feeds, introduction } = rotateKeys(vendor, { company: acme });
    expect(feeds).toHaveLength(2);
    await reopen();
    expect(hex(vendor.identity.signingKey)).toBe(hex(introduction.signingKey));
    expect(hex(vendor.identity.signingKey)).not.toBe(hex(before.signingKey));
    expect(vendor.identity.words).toBe(before.words);
    release('2.0.0');
    const { customer, link } = pair;
    expect((await deliver(vendor, customer, link)).filter(({ outcome }) => outcome === 'refused')).toEqual(
      [],
    );
    expect(numbersAt(customer)).toEqual(['1.0.0', '2.0.0']);
    expect(hex(linkOf(customer, link).introduction!)).toBe(hex(vendor.identity.bytes));
    for (const one of [vendor, customer])
      expect(await one.log.verify({ full: true })).toMatchObject({ ok: true });
  });

  test('keeps its earlier sealing keys, for bundles under way, and forgets the earlier signing key', async () => {
    const sealedTo = vendor.keys.sealing.publicKey;
    const old = readFileSync(join(vendor.folder.keys, 'instance.key'), 'utf8');
    rotateKeys(vendor, { company: acme });
    await reopen();
    rotateKeys(vendor, { company: acme });
    await reopen();
    expect(vendor.keys.earlierSealing).toHaveLength(2);
    expect(vendor.keys.earlierSealing.map(({ publicKey }) => hex(publicKey))).toContain(hex(sealedTo));
    expect(() => agreementKey(sealedTo)).not.toThrow();
    const files = readdirSync(vendor.folder.keys, { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    );
    for (const { parentPath, name } of files)
      expect(readFileSync(join(parentPath, name), 'latin1')).not.toBe(old);
  });

  test('J2.F10 goes over to a new company certificate; packages of either are believed', async () => {
    const next = companyOf('acme, next');
    expect(() => rotateKeys(vendor, { company: next })).toThrow(refusal('CERTIFICATE_NOT_INTRODUCED'));
    expect(() => rotateKeys(vendor, { company: next, before: companyOf('contoso') })).toThrow(
      refusal('CERTIFICATE_NOT_INTRODUCED'),
    );
    rotateKeys(vendor, { company: next, before: acme });
    await reopen();
    release('2.0.0');
    const { customer, link } = pair;
    await deliver(vendor, customer, link);
    expect(numbersAt(customer)).toContain('2.0.0');
    for (const [instance, of] of [
      [customer, link],
      [vendor, ''],
    ] as const)
      expect(trustedFingerprints(instance, of).toSorted()).toEqual(
        [fingerprint(acme), fingerprint(next)].toSorted(),
      );
    // The old certificate introduces nobody from here on.
    expect(() => rotateKeys(vendor, { company: acme })).toThrow(refusal('CERTIFICATE_NOT_INTRODUCED'));
    rotateKeys(vendor, { company: next });
  });

  test('by a clock that went back has a later introduction all the same', async () => {
    pair.clock.advance(-300 * 24 * 3600_000);
    expect(() => rotateKeys(vendor, { company: acme })).not.toThrow();
    await reopen();
    release('2.0.0');
    await deliver(vendor, pair.customer, pair.link);
    expect(numbersAt(pair.customer)).toContain('2.0.0');
  });

  test('waits for its daemon to be stopped, and is as it was where it is refused', async () => {
    {
      using _daemon = tryLock(vendor.folder.daemonLock, 'run');
      expect(() => rotateKeys(vendor, { company: acme })).toThrow(refusal('DAEMON_RUNNING'));
    }
    expect(() => revokeKeys(vendor, { company: acme }, { from: 0, reason: 'x' })).toThrow(
      refusal('REVOCATION_POINT_UNKNOWN'),
    );
    expect(existsSync(vendor.folder.nextKeys)).toBe(false);
    release('2.0.0');
  });
});

describe('T-13 an instance whose key is revoked', () => {
  test('tells everybody that what was signed from a point on is void, also what it never saw itself', async () => {
    const { customer, link } = pair;
    // The thief: a copy of the whole folder, keys and all.
    const thief = await thiefOf(vendor);
    offer(thief, makeRelease(thief, '6.6.6'), [link]);
    await customer.log.receive(outward(thief, link));
    thief.close();
    expect(numbersAt(customer)).toEqual(['1.0.0', '6.6.6']);
    const { feeds, lost } = revokeKeys(
      vendor,
      { company: acme },
      { from: vendor.log.lastPosition() + 1, reason: 'stolen' },
    );
    expect([feeds.length, lost]).toEqual([2, []]);
    await reopen();
    release('2.0.0');
    await deliver(vendor, customer, link);
    expect(numbersAt(customer)).toEqual(['1.0.0', '2.0.0']);
    expect(
      rebuildReadModels(customer.db, customer.identity.instanceId, customer.log.history()).changed,
    ).toEqual([]);
    expect(await customer.log.verify({ full: true })).toMatchObject({ ok: true });
  });

  test('forgets what it signed itself behind the point, and keeps what it signed before', async () => {
    const from = vendor.log.lastPosition() + 1;
    release('1.5.0');
    vendor.record(
      () => setInput(undefined, { name: 'Port', environment: null, secret: false, value: '1' }, []).decision,
    );
    await settle(pair);
    expect(numbersAt(pair.customer)).toContain('1.5.0');
    revokeKeys(vendor, { company: acme }, { from, reason: 'stolen' });
    await reopen();
    expect(numbersAt(vendor)).toEqual(['1.0.0']);
    await deliver(vendor, pair.customer, pair.link);
    expect(numbersAt(pair.customer)).toEqual(['1.0.0']);
    const before = digestReadModels(vendor.db);
    expect(rebuildReadModels(vendor.db, vendor.identity.instanceId, vendor.log.history()).changed).toEqual(
      [],
    );
    expect(digestReadModels(vendor.db)).toEqual(before);
    expect(readLinks(vendor.db)).toHaveLength(1);
  });
});

test('T-35 a process that ends in the middle of a rotation leaves the old keys whole or the new ones', async () => {
  const data = vendor.folder.root;
  const file = join(root.path, 'company.json');
  const key = acme.privateKey.export({ format: 'pem', type: 'pkcs8' });
  writeFileSync(file, JSON.stringify({ chain: acme.chain.map(hex), key }));
  const points = [
    ['keys.prepared', false],
    ['log.append.inserted', false],
    ['log.append.committed', true],
    ['keys.announced', true],
    ['keys.adopting:2', true],
  ] as const;
  for (const [fault, isNew] of points) {
    const before = hex(vendor.identity.signingKey);
    vendor.close();
    const env = { ...process.env, CROSSGAP_FAULT: fault, NODE_COMPILE_CACHE: compiled };
    const ended = spawnSync(process.execPath, [child, data, file], { env });
    expect(ended.signal, ended.stderr.toString()).toBe('SIGKILL');
    vendor = await openInstance(data, { clock: pair.clock });
    expect(hex(vendor.identity.signingKey) !== before, fault).toBe(isNew);
    release(`2.0.0-${fault}`);
    rotateKeys(vendor, { company: acme });
    expect(existsSync(vendor.folder.nextKeys)).toBe(false);
    await reopen();
    release(`3.0.0-${fault}`);
  }
  await deliver(vendor, pair.customer, pair.link);
  expect(numbersAt(pair.customer)).toHaveLength(1 + 2 * points.length);
  expect(await pair.customer.log.verify({ full: true })).toMatchObject({ ok: true });
});

async function thiefOf(of: Instance): Promise<Instance> {
  const path = join(root.path, 'thief');
  of.log.saveHead();
  of.db.pragma('wal_checkpoint(TRUNCATE)');
  mkdirSync(path, { mode: 0o700 });
  for (const name of readdirSync(of.folder.root))
    if (!/-wal$|-shm$/.test(name)) cpSync(join(of.folder.root, name), join(path, name), { recursive: true });
  chmodSync(join(path, 'keys'), 0o700);
  return openInstance(path, { clock: of.clock });
}
