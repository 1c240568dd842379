import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeOnce } from '../src/write-once.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crossgap-write-once-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a file is written whole, for its owner only, and nothing else is left', () => {
  expect(writeOnce(join(folder, 'key'), 'first')).toBe(true);
  expect(readFileSync(join(folder, 'key'), 'utf8')).toBe('first');
  expect(statSync(join(folder, 'key')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['key']);
});

test('a file that is there stays as it is', () => {
  writeOnce(join(folder, 'key'), 'first');
  expect(writeOnce(join(folder, 'key'), 'second')).toBe(false);
  expect(readFileSync(join(folder, 'key'), 'utf8')).toBe('first');
  expect(readdirSync(folder)).toEqual(['key']);
});

test('a folder that is not there is the error of the system', () => {
  expect(() => writeOnce(join(folder, 'none', 'key'), 'first')).toThrow(/ENOENT/);
});
