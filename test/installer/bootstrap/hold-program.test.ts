import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeEach, expect, test } from 'vitest';
import {
  clearPrograms,
  compiledOf,
  holdProgram,
  type OpenLockFile,
} from '../../../src/installer/bootstrap/hold-program.ts';

const root = mkdtempSync(join(tmpdir(), 'crossgap-hold-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const open: OpenLockFile = (path, timeout) => new Database(path, { timeout });
let place: string;

/** An unpacked program, as far as it matters here. */
function program(letter: string): string {
  const folder = join(place, letter.repeat(32));
  mkdirSync(compiledOf(folder), { recursive: true });
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{}');
  return folder;
}

beforeEach(() => {
  place = mkdtempSync(join(root, 'program-'));
});

test('what earlier files unpacked goes, with what was kept of reading it, and nothing else does', () => {
  const [own, old] = [program('a'), program('b')];
  holdProgram(old, open)!.close();
  for (const other of ['notes', 'c'.repeat(31)]) mkdirSync(join(place, other));
  using held = closing(holdProgram(own, open)!);
  clearPrograms(own, open);
  expect(existsSync(own)).toBe(true);
  expect(readdirSync(place).toSorted()).toEqual(
    [own, `${own}.lock`, `${own}.compiled`, `${old}.lock`]
      .map((path) => path.slice(place.length + 1))
      .concat('notes', 'c'.repeat(31))
      .toSorted(),
  );
  held.close();
});

test('a program that several processes run from stays until the last of them has ended', async () => {
  const [own, old] = [program('a'), program('b')];
  using first = closing(holdProgram(old, open)!);
  // One in a process of its own, ended as by a power cut.
  const script = `const Database = require('better-sqlite3'); const db = new Database(${JSON.stringify(`${old}.lock`)});
    db.exec('BEGIN; SELECT * FROM sqlite_schema'); process.stdout.write('held'); setInterval(() => db, 1000);`;
  const child = spawn(process.execPath, ['-e', script], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  clearPrograms(own, open);
  expect(existsSync(join(old, 'package.json'))).toBe(true);
  first.close();
  clearPrograms(own, open);
  expect(existsSync(join(old, 'package.json'))).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'close');
  clearPrograms(own, open);
  expect(existsSync(old)).toBe(false);
});

test('a program of which nobody can tell whether it is in use stays', () => {
  const [own, old] = [program('a'), program('b')];
  clearPrograms(own, open);
  expect(existsSync(old)).toBe(true);
});

test('who comes when a program was just removed unpacks it again', () => {
  const own = program('a');
  rmSync(own, { recursive: true });
  expect(holdProgram(own, open)).toBeUndefined();
  mkdirSync(own);
  holdProgram(own, open)!.close();
});

function closing<File extends { close(): unknown }>(file: File): File & Disposable {
  return Object.assign(file, { [Symbol.dispose]: () => void file.close() });
}
