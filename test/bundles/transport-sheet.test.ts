import { expect, test } from 'vitest';
import type { SheetFacts } from '../../src/bundles/index.ts';
import { transportSheet } from '../../src/bundles/transport-sheet.ts';

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
  expect(sheet).toContain('\n    sha256sum -c transport.txt\n');
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
  expect(sheet.match(/^[0-9a-f]{64} {2}\S+$/gm)).toEqual([
    `${digest}  crossgap-0.1.0-runner-win-x64.exe`,
    `${'34'.repeat(32)}  cg000007.001`,
  ]);
  expect(sheet).toContain('PART  FILE');
});
