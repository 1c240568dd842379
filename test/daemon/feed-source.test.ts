import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { demandTrust, distrust } from '../../src/commands/index.ts';
import { feedSource } from '../../src/daemon/feed-source.ts';
import type { FeedSource } from '../../src/http/index.ts';
import type { Instance } from '../../src/instance/index.ts';
import { silentLog } from '../../src/log.ts';
import { versionList } from '../../src/nuget/index.ts';
import { readTrustDemands } from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { addOwnPackage } from '../support/feed.ts';
import { heldClock, makeInstance, type HeldClock } from '../support/instances.ts';

let folder: ReturnType<typeof memoryFolder>;
let clock: HeldClock;
let instance: Instance;
let source: FeedSource;

beforeEach(async () => {
  folder = memoryFolder();
  clock = heldClock();
  instance = await makeInstance(folder.path, 'acme', clock);
  source = feedSource(instance, silentLog());
});
afterEach(() => {
  instance.close();
  folder[Symbol.dispose]();
});

const add = (version: string): Promise<string> =>
  addOwnPackage(instance, folder.path, { id: 'Acme.App', version, description: `version ${version}` });
const versions = (): unknown => {
  const known = source.shelf().find('acme.app');
  return known && versionList(known);
};
const the = (version: string) => source.shelf().findPackage('Acme.App', version)!;

test('what is added is served a moment later, and the shelf is the same one until then', async () => {
  expect(versions()).toBeUndefined();
  await add('1.0.0');
  expect(versions()).toBeUndefined();
  clock.advance(1000);
  expect(versions()).toEqual({ versions: ['1.0.0'] });
  const shelf = source.shelf();
  await add('1.1.0');
  clock.advance(999);
  expect(source.shelf()).toBe(shelf);
  clock.advance(1);
  expect(versions()).toEqual({ versions: ['1.0.0', '1.1.0'] });
});

test('a write that changes nothing of the packages leaves the shelf as it is', async () => {
  await add('1.0.0');
  const shelf = source.shelf();
  clock.advance(5000);
  instance.db.exec('CREATE TEMP TABLE other (x); INSERT INTO other VALUES (1)');
  expect(source.shelf()).toBe(shelf);
});

test('a package says what stands in its nuspec, also when asked a second time', async () => {
  await add('1.0.0');
  const [first, second] = await Promise.all([source.describe(the('1.0.0')), source.describe(the('1.0'))]);
  expect(first?.description).toBe('version 1.0.0');
  expect(second).toBe(first);
  expect(Buffer.from((await source.nuspecBytes(the('1.0.0')))!).toString()).toContain('<id>Acme.App</id>');
});

test('a file is given as it was verified', async () => {
  await add('1.0.0');
  await using file = await source.open(the('1.0.0'));
  expect((await file!.readFile()).length).toBe(the('1.0.0').sizeBytes);
});

test('T-92 a file that was changed on the disk is not given, also where it was given before, nor listed until it is whole again', async () => {
  const path = instance.blobs.path(await add('1.0.0'));
  const before = await source.open(the('1.0.0'));
  const bytes = await before!.readFile();
  await before!.close();
  const each = the('1.0.0');
  bytes[bytes.length - 30]! ^= 1;
  writeFileSync(path, bytes);
  expect(await source.open(each)).toBeUndefined();
  expect(await source.nuspecBytes(each)).toBeUndefined();
  expect(versions()).toBeUndefined();
  appendFileSync(path, 'more');
  expect(await source.open(each)).toBeUndefined();
  bytes[bytes.length - 30]! ^= 1;
  writeFileSync(path, bytes);
  await add('2.0.0');
  clock.advance(1000);
  expect(versions()).toEqual({ versions: ['1.0.0', '2.0.0'] });
});

test('T-92 a file that is not good enough any more is not given, though nobody touched it', async () => {
  await add('1.0.0');
  const each = the('1.0.0');
  const isGiven = async (): Promise<boolean> => {
    await using file = await source.open(each);
    return file !== undefined;
  };
  const demand = (on: boolean): void => {
    instance.record((db) => demandTrust(readTrustDemands(db), { demand: 'timestamp', on, days: null }));
    clock.advance(1000);
  };
  expect(await isGiven()).toBe(true);
  demand(true);
  expect(await isGiven()).toBe(false);
  expect(versions()).toBeUndefined();
  demand(false);
  expect(versions()).toEqual({ versions: ['1.0.0'] });
  expect(await isGiven()).toBe(true);
  const { fingerprint } = instance.identity.certificate;
  const known = [{ fingerprint, certificate: null }];
  instance.record(() => distrust(known, [], { named: fingerprint, reason: 'stolen' }));
  clock.advance(1000);
  expect(await isGiven()).toBe(false);
  expect(versions()).toBeUndefined();
});

test('a file that is gone is not given, and no longer served after that', async () => {
  const path = instance.blobs.path(await add('1.0.0'));
  const each = the('1.0.0');
  rmSync(path);
  expect(await source.open(each)).toBeUndefined();
  expect(await source.nuspecBytes(each)).toBeUndefined();
  expect(await source.describe(each)).toBeUndefined();
  await add('2.0.0');
  clock.advance(1000);
  expect(versions()).toEqual({ versions: ['2.0.0'] });
});
