import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { PackageAction } from '../../../src/executor/index.ts';
import type { PackageAhead } from '../../../src/executor/preflight/planned-folders.ts';
import { spaceNeeds } from '../../../src/executor/preflight/space-needs.ts';
import {
  fileSystemOf,
  lookAtSpace,
  onDisk,
  type FileSystem,
  type SpaceNeed,
} from '../../../src/executor/preflight/space.ts';
import { VariableSet } from '../../../src/variables/index.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { packageStep, planOf } from '../../support/scripts-run.ts';

const never = new AbortController().signal;
const gigabyte = 1e9;
const need = (folder: string, bytes: number, files = 1): SpaceNeed => ({
  folder,
  bytes,
  files,
  what: folder,
});
const disk =
  (freeBytes: number, more: Partial<FileSystem> = {}) =>
  async (): Promise<FileSystem> => ({ id: '1', at: '/', freeBytes, freeFiles: null, ...more });

test('what goes to two folders of one file system adds up, and is lacking where each alone would fit', async () => {
  const needs = [need('/srv/shop', 9 * gigabyte), need('/var/lib/crossgap', 3 * gigabyte)];
  expect(await lookAtSpace(needs, disk(10 * gigabyte))).toEqual([
    {
      id: 'space:/',
      name: 'Space on /',
      state: 'lacking',
      found: '12.0 GB are needed (/srv/shop 9.0 GB, /var/lib/crossgap 3.0 GB), 10.0 GB are free',
      hint: 'Free at least 2.0 GB on /, or have it extended, and look again.',
    },
  ]);
  expect(await lookAtSpace(needs, disk(12 * gigabyte))).toMatchObject([{ state: 'good', hint: null }]);
});

test('what goes to two file systems is told of each', async () => {
  const needs = [need('/srv/shop', 9 * gigabyte), need('/data', 3 * gigabyte)];
  const find = async (folder: string): Promise<FileSystem> => ({
    id: folder,
    at: folder,
    freeBytes: 5 * gigabyte,
    freeFiles: null,
  });
  expect((await lookAtSpace(needs, find)).map(({ id, state }) => [id, state])).toEqual([
    ['space:/srv/shop', 'lacking'],
    ['space:/data', 'good'],
  ]);
});

test('a file system that takes no more files is lacking, however much room it has', async () => {
  const [check] = await lookAtSpace([need('/srv', 10, 500)], disk(gigabyte, { freeFiles: 499 }));
  expect(check).toMatchObject({
    state: 'lacking',
    found: '500 files are to be made, and the file system takes 499 more',
  });
  expect(await lookAtSpace([need('/srv', 10, 500)], disk(gigabyte, { freeFiles: 500 }))).toMatchObject([
    { state: 'good' },
  ]);
});

test('a file system that does not tell its room is a note, and any other failure is one of ours', async () => {
  const failing = (error: Error) => async (): Promise<FileSystem> => await Promise.reject(error);
  const shut = Object.assign(new Error('shut'), { code: 'EACCES' });
  expect(await lookAtSpace([need('/secret', 1)], failing(shut))).toMatchObject([
    { id: 'space:/secret', state: 'note', found: 'the system does not tell how much is free (EACCES)' },
  ]);
  await expect(lookAtSpace([need('/secret', 1)], failing(new TypeError('ours')))).rejects.toThrow('ours');
});

test('a folder that is not there yet is on the file system of the nearest one above it', async () => {
  using folder = temporaryFolder();
  const there = await fileSystemOf(folder.path);
  const ahead = await fileSystemOf(join(folder.path, 'not', 'there'));
  expect({ ...ahead, freeBytes: 0, freeFiles: 0 }).toEqual({ ...there, freeBytes: 0, freeFiles: 0 });
  expect(there.id).toBe(String(statSync(folder.path).dev));
  expect(dirname(folder.path).startsWith(there.at)).toBe(true);
  expect(there.freeBytes).toBeGreaterThan(0);
  const below = await fileSystemOf(join(folder.file('a-file', Buffer.from('x')), 'below'));
  expect(below.id).toBe(there.id);
});

/** A package step of these sizes, with no package that anyone could open. */
async function ahead(
  root: string,
  files: Readonly<Record<string, number>>,
  install: PackageAhead['install'] = { kind: 'none' },
): Promise<PackageAhead> {
  const step = await packageStep(root, { 'app.txt': 'x' });
  const action = step.action as PackageAction;
  return {
    step,
    position: 1,
    variables: new VariableSet(),
    action,
    install,
    files: new Map(Object.entries(files)),
  };
}

test('J2.F7 a package of 12 GB is lacking room on 16 GB where it is copied as well, and where it lies there itself', async () => {
  using folder = temporaryFolder();
  const plan = planOf(folder.path, []);
  const files = { 'data.bin': 12 * gigabyte };
  const copied = join(folder.path, 'srv');
  const install = { kind: 'known', folder: copied, purge: false, keep: [] } as const;
  const both = await spaceNeeds(plan, [await ahead(folder.path, files, install)], folder.path, never);
  expect(await lookAtSpace(both, disk(16 * gigabyte))).toMatchObject([
    {
      state: 'lacking',
      found: expect.stringContaining('Orders.Web 3.2.0, extracted 12.0 GB'),
      hint: expect.stringMatching(/^Free at least 20\.0 GB on \//),
    },
  ]);
  const extracted = await spaceNeeds(plan, [await ahead(folder.path, files)], folder.path, never);
  expect(await lookAtSpace(extracted, disk(4 * gigabyte))).toMatchObject([{ state: 'lacking' }]);
  expect(await lookAtSpace(extracted, disk(13 * gigabyte))).toMatchObject([{ state: 'good' }]);
});

test('a copy needs what it does not take the place of: the same names, or all that is purged and not kept', async () => {
  using folder = temporaryFolder();
  const shop = join(folder.path, 'shop');
  mkdirSync(join(shop, 'kept'), { recursive: true });
  writeFileSync(join(shop, 'app.bin'), Buffer.alloc(40_000));
  writeFileSync(join(shop, 'other.bin'), Buffer.alloc(20_000));
  writeFileSync(join(shop, 'kept', 'data.bin'), Buffer.alloc(80_000));
  const files = { 'app.bin': 400_000, 'lib/new.bin': 100_000 };
  const copy = async (purge: boolean, keep: string[]): Promise<SpaceNeed> => {
    const step = await ahead(folder.path, files, { kind: 'known', folder: shop, purge, keep });
    return (await spaceNeeds(planOf(folder.path, []), [step], folder.path, never)).at(-1)!;
  };
  const whole = onDisk([400_000, 100_000]) + 400_000;
  expect(await copy(false, [])).toMatchObject({ bytes: whole - onDisk([40_000]), files: 2 });
  expect(await copy(true, ['kept'])).toMatchObject({ bytes: whole - onDisk([40_000, 20_000]), files: 1 });
  expect(await copy(true, [])).toMatchObject({ bytes: whole - onDisk([40_000, 20_000, 80_000]), files: 1 });
});

test('what a file takes is counted in whole blocks', () => {
  expect(onDisk([1, 4096, 4097, 0])).toBe(4 * 4096);
});

test('a package of very many files is added up like any other', async () => {
  using folder = temporaryFolder();
  const names = Object.fromEntries(Array.from({ length: 200_000 }, (_, at) => [`f${at}`, 1]));
  const install = { kind: 'known', folder: join(folder.path, 'none'), purge: true, keep: [] } as const;
  const needs = await spaceNeeds(
    planOf(folder.path, []),
    [await ahead(folder.path, names, install)],
    folder.path,
    never,
  );
  expect(needs.at(-1)).toMatchObject({ bytes: 200_000 * 4096 + 1, files: 200_001 });
});
