import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PackageAction } from '../../../src/executor/index.ts';
import {
  installFolderOf,
  type InstallFolder,
  type PackageAhead,
} from '../../../src/executor/preflight/planned-folders.ts';
import {
  lookAtFolder,
  lookAtInstallFolders,
  type WriteLook,
} from '../../../src/executor/preflight/rights.ts';
import { VariableSet } from '../../../src/variables/index.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { packageStep, planOf } from '../../support/scripts-run.ts';

const all: WriteLook = () => undefined;
/** The system refuses to have these folders written to. */
const refusing =
  (code: string, ...folders: string[]): WriteLook =>
  (folder) => {
    if (folders.includes(folder)) throw Object.assign(new Error(`${code}: ${folder}`), { code });
  };
const ask = (folder: string) => ({ folder, purpose: 'Data folder' });

test('a folder that is there or can be made is good, and is not made by looking', () => {
  using root = temporaryFolder();
  expect(lookAtFolder(ask(root.path), 'ada')).toEqual({
    id: `folder:${root.path}`,
    name: `Data folder: ${root.path}`,
    state: 'good',
    found: 'ada may write there',
    hint: null,
  });
  expect(lookAtFolder(ask(join(root.path, 'a', 'b')), 'ada')).toMatchObject({
    state: 'good',
    found: `it is made in ${root.path}`,
  });
  expect(readdirSync(root.path)).toEqual([]);
});

test('a folder that this account may not write to is lacking, by its own name or that of the one above', () => {
  using root = temporaryFolder();
  const look = refusing('EACCES', root.path);
  for (const folder of [root.path, join(root.path, 'a', 'b')]) {
    expect(lookAtFolder(ask(folder), 'ada', look)).toMatchObject({
      state: 'lacking',
      found: `ada may not write to ${root.path}`,
      hint: expect.stringContaining('Choose another folder'),
    });
  }
});

test('a medium that can only be read is said to be one', () => {
  using root = temporaryFolder();
  expect(lookAtFolder(ask(root.path), 'ada', refusing('EROFS', root.path))).toMatchObject({
    state: 'lacking',
    found: `${root.path} is on a medium that can only be read`,
  });
});

test('a failure that no file system gives is one of ours', () => {
  using root = temporaryFolder();
  const broken = (): void => {
    throw new TypeError('ours');
  };
  expect(() => lookAtFolder(ask(root.path), 'ada', broken)).toThrow('ours');
});

test('a file in the place of a folder, or of one above it, is lacking and named', () => {
  using root = temporaryFolder();
  const file = root.file('shop', Buffer.from('x'));
  expect(lookAtFolder(ask(file), 'ada')).toMatchObject({
    state: 'lacking',
    found: 'there is a file of that name',
    hint: `Move ${file} away, or choose another folder.`,
  });
  expect(lookAtFolder(ask(join(file, 'a', 'b')), 'ada')).toMatchObject({
    state: 'lacking',
    found: `${file} is a file`,
  });
});

/** A package step that installs so. */
async function installing(
  root: string,
  install: InstallFolder,
  files: readonly string[] = ['app.txt'],
): Promise<PackageAhead> {
  const step = await packageStep(root, { 'app.txt': 'x' });
  const sizes = new Map(files.map((file) => [file, 1]));
  return {
    step,
    position: 1,
    variables: new VariableSet(),
    action: step.action as PackageAction,
    install,
    files: sizes,
  };
}

const known = (folder: string, purge = false): InstallFolder => ({ kind: 'known', folder, purge, keep: [] });

test('folders below the one that is installed to are looked at as far as the package has them', async () => {
  using root = temporaryFolder();
  mkdirSync(join(root.path, 'conf', 'deep'), { recursive: true });
  mkdirSync(join(root.path, 'data'));
  const step = await installing(root.path, known(root.path), ['conf/deep/a.txt', 'app.txt']);
  const shut = join(root.path, 'conf');
  expect(lookAtInstallFolders([step], 'ada', refusing('EACCES', shut))).toMatchObject([
    { id: `folder:${root.path}`, state: 'lacking', found: `ada may not write to ${shut}` },
  ]);
  expect(lookAtInstallFolders([step], 'ada', refusing('EACCES', join(root.path, 'data')))).toMatchObject([
    { state: 'good' },
  ]);
  expect(lookAtInstallFolders([step], 'ada', refusing('EACCES', root.path))).toMatchObject([
    { state: 'lacking', found: `ada may not write to ${root.path}` },
  ]);
});

test('a file where the package has a folder is lacking, unless it is purged first', async () => {
  using root = temporaryFolder();
  root.file('lib', Buffer.from('x'));
  const inTheWay = join(root.path, 'lib');
  const files = ['lib/deep/x.so'];
  const step = await installing(root.path, known(root.path), files);
  expect(lookAtInstallFolders([step], 'ada', all)).toMatchObject([
    { state: 'lacking', found: `${inTheWay} is a file, and the package has a folder of that name` },
  ]);
  const purging = await installing(root.path, known(root.path, true), files);
  expect(lookAtInstallFolders([purging], 'ada', all)).toMatchObject([{ state: 'good' }]);
});

/** What the step says of its folder under these variables. */
async function folderOf(
  root: string,
  folder: string,
  values: Record<string, string> = {},
): Promise<InstallFolder> {
  const step = await packageStep(root, { 'app.txt': 'x' });
  const variables = new VariableSet();
  variables.set('Octopus.Action.Package.CustomInstallationDirectory', folder);
  for (const [name, value] of Object.entries(values)) variables.set(name, value);
  return installFolderOf({ plan: planOf(root, []), step, position: 1, variables });
}

test('a folder is known, known only later, none, or refused by the rule that the copy keeps', async () => {
  using root = temporaryFolder();
  const shop = join(root.path, 'shop');
  expect(await folderOf(root.path, '#{Where}', { Where: shop })).toMatchObject({
    kind: 'known',
    folder: shop,
  });
  expect(await folderOf(root.path, '  ')).toEqual({ kind: 'none' });
  const later = await folderOf(root.path, '/srv/#{Unknown}');
  expect(later).toEqual({ kind: 'later', missing: ['#{Unknown}'] });
  const refused = await folderOf(root.path, '/etc');
  expect(refused).toMatchObject({ kind: 'refused', error: { code: 'INSTALL_FOLDER_REFUSED' } });
  const checks = lookAtInstallFolders(
    [
      await installing(root.path, later),
      await installing(root.path, refused),
      await installing(root.path, { kind: 'none' }),
    ],
    'ada',
    all,
  );
  expect(checks).toMatchObject([
    { state: 'note', found: 'it is known when the step runs: no value yet for #{Unknown}' },
    { state: 'lacking', found: expect.stringContaining('Cannot install to /etc') },
  ]);
});

test('a folder whose path leads through a file is told as that, and breaks nothing', async () => {
  using root = temporaryFolder();
  const file = root.file('shop', Buffer.from('x'));
  const install = await folderOf(root.path, join(file, 'bin'));
  expect(install).toMatchObject({ kind: 'known' });
  expect(lookAtInstallFolders([await installing(root.path, install)], 'ada', all)).toMatchObject([
    { state: 'lacking', found: `${file} is a file` },
  ]);
});
