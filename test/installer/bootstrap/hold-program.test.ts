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
    [own, `${own}.lock`, `${own}.compiled`]
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

test('a lock that was left without its program goes too, unless somebody holds it', () => {
  const own = program('a');
  const [left, used] = ['b', 'c'].map((letter) => join(place, `${letter.repeat(32)}.lock`)) as [
    string,
    string,
  ];
  writeFileSync(left, '');
  using _used = closing(open(used, 0));
  _used.exec('BEGIN; SELECT * FROM sqlite_schema');
  clearPrograms(own, open);
  expect([left, used].map((path) => existsSync(path))).toEqual([false, true]);
});

test('who waited for the lock of a program that is removed unpacks it again, though another one did so meanwhile', () => {
  const [own, old] = [program('a'), program('b')];
  holdProgram(old, open)!.close();
  let later: { close(): unknown } | undefined;
  // Between the opening of the lock and its being there, the program goes, and somebody else begins with it anew.
  const slowly: OpenLockFile = (path, timeout) => {
    const file = open(path, timeout);
    return {
      exec(sql) {
        clearPrograms(own, open);
        expect(existsSync(path)).toBe(false);
        mkdirSync(old);
        later = holdProgram(old, open);
        return file.exec(sql);
      },
      close: () => file.close(),
    };
  };
  expect(holdProgram(old, slowly)).toBeUndefined();
  // The lock that lies there is held by that one alone.
  clearPrograms(own, open);
  expect(existsSync(old)).toBe(true);
  later!.close();
  clearPrograms(own, open);
  expect(readdirSync(place).filter((name) => name.startsWith('b'))).toEqual([]);
});

test('a lock that is replaced before it is opened is not taken for the one that lies there', () => {
  const old = program('b');
  const replaced: OpenLockFile = (path, timeout) => {
    rmSync(path);
    const file = open(path, timeout);
    rmSync(path);
    writeFileSync(path, '');
    return file;
  };
  expect(holdProgram(old, replaced)).toBeUndefined();
});

test('of two that remove a program one does, and the other is content', () => {
  const [own, old] = [program('a'), program('b')];
  holdProgram(old, open)!.close();
  const late: OpenLockFile = (path, timeout) => {
    const file = open(path, timeout);
    clearPrograms(own, open);
    return file;
  };
  clearPrograms(own, late);
  expect(readdirSync(place).filter((name) => !name.startsWith('a'))).toEqual([]);
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
