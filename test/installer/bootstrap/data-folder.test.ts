import { expect, test } from 'vitest';
import { dataFolderOf, saidFolder, type Machine } from '../../../src/installer/bootstrap/data-folder.ts';

const person: Machine = {
  platform: 'linux',
  env: {},
  currentFolder: '/media/stick',
  isPrivileged: () => false,
  home: () => '/home/ines',
};
const root: Machine = { ...person, isPrivileged: () => true };
const windows: Machine = {
  ...person,
  platform: 'win32',
  currentFolder: 'E:\\',
  env: { ProgramData: 'C:\\ProgramData', LOCALAPPDATA: 'C:\\Users\\ines\\AppData\\Local' },
};

test.each<[string, readonly string[], Machine, string]>([
  ['what the line says', ['--data', '/srv/site'], root, '/srv/site'],
  ['what the line says, from the current folder', ['--check', '--data=site'], person, '/media/stick/site'],
  ['the last of two', ['--data', 'a', '--data', '/b'], person, '/b'],
  ['what the environment says', [], { ...root, env: { CROSSGAP_DATA: '/srv/x' } }, '/srv/x'],
  ['the place of services for root', [], root, '/var/lib/crossgap'],
  ['the place of a person', [], person, '/home/ines/.local/share/crossgap'],
  ['the place a person chose', [], { ...person, env: { XDG_DATA_HOME: '/data' } }, '/data/crossgap'],
  [
    'no place that is not absolute',
    [],
    { ...person, env: { XDG_DATA_HOME: 'data' } },
    '/home/ines/.local/share/crossgap',
  ],
  [
    'the place of programs on Windows',
    [],
    { ...windows, isPrivileged: () => true },
    'C:\\ProgramData\\crossgap',
  ],
  ['the place of a person on Windows', [], windows, 'C:\\Users\\ines\\AppData\\Local\\crossgap'],
])('everything is kept in %s', (_, words, machine, folder) => {
  expect(dataFolderOf(words, machine)).toBe(folder);
});

test('what follows two hyphens names no folder', () => {
  expect(saidFolder(['--', '--data', '/srv'])).toBeUndefined();
});

test('an account without a home is told to name a folder', () => {
  const homeless = {
    ...person,
    home: (): string => {
      throw new Error('ENOENT');
    },
  };
  expect(() => dataFolderOf([], homeless)).toThrow('Cannot tell where to keep things');
});
