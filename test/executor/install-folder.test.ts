import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { checkInstallFolder, surroundings } from '../../src/executor/install-folder.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';

// Only the check is called here, which touches nothing. Never let a convention try one of these folders.
const checkout = resolve(import.meta.dirname, '..', '..');

function check(root: string, wanted: string, unresolved: string[] = []): string {
  const data = join(root, 'data');
  return checkInstallFolder(wanted, unresolved, join(data, 'apps/uat/Web/1.0.0'), [data]);
}

const refusedEverywhere = [
  '',
  '.',
  '..',
  'relative',
  './relative',
  '~/x',
  'C:\\inetpub',
  '/',
  '//',
  '///',
  '/.',
  '/..',
  '/srv/..',
  '/srv',
  '/usr',
  '/usr/',
  '/usr/bin',
  '/etc',
  '/home',
  '/root',
  '/tmp',
  '/var/lib',
  '/var/../etc',
  '/proc',
  '/proc/self/cwd',
  '/proc/self/cwd/below',
  '/proc/self/root/srv/x',
  '/srv/../proc/self/cwd',
  '//proc/self/cwd',
  '/dev/shm/x',
  '/dev/fd/3',
  '/sys/fs/x',
  '#{Nobody}/x',
  '/srv/#{Nobody}',
  '/srv/a\0b',
  '/srv/line\nbreak',
  homedir(),
  dirname(homedir()),
  process.cwd(),
  dirname(process.cwd()),
  checkout,
  dirname(checkout),
  dirname(process.execPath),
  join(checkout, '.git', 'x'),
];

test.each(refusedEverywhere)('T-67 %j is no installation folder', (wanted) => {
  using folder = temporaryFolder();
  expect(() => check(folder.path, wanted)).toThrow(
    expect.objectContaining({ code: 'INSTALL_FOLDER_REFUSED' }),
  );
});

test('T-67 what is, holds or lies in guarded folders or the extraction folder is refused, by any road', () => {
  using folder = temporaryFolder();
  const root = folder.path;
  mkdirSync(join(root, 'data', 'keys'), { recursive: true });
  symlinkSync(join(root, 'data'), join(root, 'linked'));
  for (const wanted of [
    root,
    'data',
    'data/keys',
    'data/apps/uat',
    'data/apps/uat/Web/1.0.0',
    'data/apps/uat/Web/1.0.0/inner',
    'linked',
    'linked/new',
    'srv/../data/x',
  ].map((path) => resolve(root, path))) {
    expect(() => check(root, wanted), wanted).toThrow(
      expect.objectContaining({ code: 'INSTALL_FOLDER_REFUSED' }),
    );
  }
});

test('T-67 a link to what is refused is refused, and so is a folder under version control', () => {
  using folder = temporaryFolder();
  const root = folder.path;
  symlinkSync(checkout, join(root, 'to-checkout'));
  symlinkSync('/proc/self/cwd', join(root, 'to-cwd'));
  symlinkSync('/', join(root, 'to-root'));
  mkdirSync(join(root, 'versioned', '.git'), { recursive: true });
  mkdirSync(join(root, 'worktree'));
  writeFileSync(join(root, 'worktree', '.git'), 'gitdir: elsewhere');
  for (const name of ['to-checkout', 'to-cwd', 'to-root', 'versioned', 'versioned/.git/x', 'worktree']) {
    expect(() => check(root, join(root, name)), name).toThrow(
      expect.objectContaining({ code: 'INSTALL_FOLDER_REFUSED' }),
    );
  }
});

test('an ordinary folder is accepted, with the links on the way to it resolved', () => {
  using folder = temporaryFolder();
  const root = folder.path;
  mkdirSync(join(root, 'disk'));
  symlinkSync(join(root, 'disk'), join(root, 'srv'));
  expect(check(root, join(root, 'srv', 'orders', '..', 'orders/'))).toBe(join(root, 'disk', 'orders'));
  expect(check(root, join(root, 'data-of-orders'))).toBe(join(root, 'data-of-orders'));
});

test('the folder a process stands in is part of its surroundings, and so is this program', () => {
  const around = surroundings();
  expect(around.currentFolder).toBe(process.cwd());
  expect(around.programFolders).toContain(checkout);
});

test('a path that leads through a file is left to whoever makes the folder; one in a circle is refused', () => {
  using folder = temporaryFolder();
  const file = folder.file('shop', Buffer.from('x'));
  expect(check(folder.path, join(file, 'a', 'b'))).toBe(join(file, 'a', 'b'));
  symlinkSync(join(folder.path, 'circle'), join(folder.path, 'circle'));
  expect(() => check(folder.path, join(folder.path, 'circle', 'a'))).toThrow(/can't be looked at \(ELOOP\)/);
});
