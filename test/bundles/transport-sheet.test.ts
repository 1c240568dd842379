import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SheetFacts, SheetFile } from '../../src/bundles/index.ts';
import { transportSheet, writeTransportSheet } from '../../src/bundles/transport-sheet.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { codeOf, laterRefusal } from '../support/refusal.ts';

const facts: SheetFacts = {
  format: 1,
  id: 'ab'.repeat(16),
  number: 7,
  link: 'cd'.repeat(16),
  sentAt: '2026-03-02T12:00:00.000Z',
  from: { instance: '01'.repeat(16), name: 'acme', introduction: '' },
  to: { instance: '02'.repeat(16), name: 'plant', words: 'one two three four five six' },
  after: { epoch: 0, seq: 0 },
  last: { epoch: 1, seq: 3 },
  follows: null,
  entries: 3,
  packages: 1,
  parts: 1,
  sealedBytes: 1000,
  leftOutBytes: 0,
};
const part = { part: 1, file: '/media/cg000007.001', size: 2000, sha256: 'ef'.repeat(32) };
const digest = '12'.repeat(32);

test('a bundle alone is told as parts, and nothing is to be started', () => {
  const sheet = transportSheet(facts, [part]);
  expect(sheet).toContain('PART  FILE');
  expect(sheet).toContain('crossgap bundle import FOLDER');
  expect(sheet).not.toContain('Start it');
  expect(sheet).not.toContain('sha256sum');
});

test('of an installer the sheet says how to start it and how to check it before, and how it is made again', () => {
  const file = '/media/orders-3.2.0-installer';
  const sheet = transportSheet(facts, [{ ...part, file }], [{ file, sha256: digest, isProgram: true }]);
  expect(sheet).toContain('Start it:  ./orders-3.2.0-installer\n');
  expect(sheet).toContain('\n    sha256sum -c transport-orders-3.2.0-installer.txt\n');
  expect(sheet).toMatch(new RegExp(`^${digest}  orders-3\\.2\\.0-installer$`, 'm'));
  expect(sheet).toContain('--bundle 7 --release R --installer PLATFORM');
  expect(sheet).not.toContain('All parts are needed');
});

test('of a runner the sheet has the digest of each file, the parts beside it as well', () => {
  const runner = { file: '/media/crossgap-0.1.0-runner-win-x64.exe', sha256: digest, isProgram: true };
  const beside = { file: part.file, sha256: '34'.repeat(32), isProgram: false };
  const sheet = transportSheet(facts, [part], [runner, beside]);
  expect(sheet).toContain('Start it:  .\\crossgap-0.1.0-runner-win-x64.exe\n');
  expect(sheet).toContain('certutil -hashfile');
  expect(sheet).toContain('\n    sha256sum -c transport-cg000007.txt\n');
  expect(sheet.match(/^[0-9a-f]{64} {2}\S+$/gm)).toEqual([
    `${digest}  crossgap-0.1.0-runner-win-x64.exe`,
    `${'34'.repeat(32)}  cg000007.001`,
  ]);
  expect(sheet).toContain('PART  FILE');
});

const installer = (release: string): SheetFile => ({
  file: `/media/orders-${release}-installer`,
  sha256: digest,
  isProgram: true,
});

test('each bundle in a folder has a sheet of its own, and one that is made again writes over its own alone', async () => {
  using folder = memoryFolder();
  const { path } = folder;
  const write = (number: number, file: string, files: readonly SheetFile[] = []) =>
    writeTransportSheet(path, { ...facts, number }, [{ ...part, file }], files);
  const [first, second] = [installer('1.0.0'), installer('1.1.0')];
  await Promise.all([write(1, first.file, [first]), write(2, second.file, [second]), write(3, part.file)]);
  // The same file by a bundle of another number, and the file of another platform.
  await write(4, first.file, [{ ...first, sha256: '34'.repeat(32) }]);
  const exe = { ...first, file: `${first.file}.exe` };
  await write(4, exe.file, [exe]);
  const sheets = readdirSync(path).toSorted();
  expect(sheets).toEqual([
    'transport-cg000007.txt',
    'transport-orders-1.0.0-installer.exe.txt',
    'transport-orders-1.0.0-installer.txt',
    'transport-orders-1.1.0-installer.txt',
  ]);
  const told = sheets.map((name) => readFileSync(join(path, name), 'utf8'));
  expect(told.map((text) => /bundle (\d)/.exec(text)![1])).toEqual(['3', '4', '4', '2']);
  expect(told[2]).toContain(`${'34'.repeat(32)}  orders-1.0.0-installer\n`);
});

test('a part that is made again takes nothing from the sheet that tells of the program beside it', async () => {
  using folder = memoryFolder();
  const runner = { file: '/media/crossgap-0.1.0-runner-linux-x64', sha256: digest, isProgram: true };
  const path = await writeTransportSheet(folder.path, facts, [part], [runner]);
  const before = readFileSync(path, 'utf8');
  await writeTransportSheet(folder.path, facts, [part]);
  expect(readFileSync(path, 'utf8')).toBe(before);
  // One that lacks something is written anew, and so is that of another bundle.
  writeFileSync(path, before.slice(0, -100));
  await writeTransportSheet(folder.path, facts, [part]);
  expect(readFileSync(path, 'utf8')).toBe(transportSheet(facts, [part]));
  await writeTransportSheet(folder.path, { ...facts, id: 'cd'.repeat(16) }, [part]);
  expect(readFileSync(path, 'utf8')).toContain('cd'.repeat(16));
});

test('a sheet that can not be written is said, and no half of one is left', async () => {
  using folder = memoryFolder();
  mkdirSync(join(folder.path, 'transport-cg000007.txt'));
  const error = await laterRefusal(() => writeTransportSheet(folder.path, facts, [part]));
  expect(codeOf(error)).toBe('BUNDLE_PART_NOT_WRITTEN refused');
  expect(readdirSync(folder.path)).toEqual(['transport-cg000007.txt']);
});
