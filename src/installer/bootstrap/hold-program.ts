/*
 * Beside each unpacked program in `DATA/program` lies a lock, `DIGEST.lock`, and what the runtime remembers of reading it,
 * `DIGEST.compiled`. Every process that runs from the program shares the lock as long as it lives: the system lets go of
 * it however it ends. Who has it alone may remove the program, and the lock after it.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { folderDigits } from '../program.ts';

/** As much of better-sqlite3 as a lock needs. */
export type LockFile = { exec(sql: string): unknown; close(): unknown };
export type OpenLockFile = (path: string, waitMs: number) => LockFile;

/** A program that was removed is gone in less. */
const patienceMs = 10_000;

const lockOf = (folder: string): string => `${folder}.lock`;

/** Where the runtime keeps what it remembers of reading a program. */
export const compiledOf = (folder: string): string => `${folder}.compiled`;

/** A lock that is held until it is closed. */
export type Held = { close(): void };

/**
 * Shares the lock of a program that is about to be run; undefined where it was removed meanwhile, by who began before, and
 * is to be unpacked again.
 */
export function holdProgram(folder: string, open: OpenLockFile): Held | undefined {
  // A transaction that reads shares the file with others that do, and with nobody else.
  const held = hold(lockOf(folder), 'BEGIN; SELECT * FROM sqlite_schema', (path) => open(path, patienceMs));
  if (held === undefined || existsSync(folder)) return held;
  held.close();
  return undefined;
}

/**
 * Takes a lock; undefined where the file was removed under it. Who waited for one that is removed then has what nobody
 * else will ever see, so it has to be the file that lies there now: the one that was opened before, to which the system
 * gives no other's number as long as it is open. That has to stay open, since to close it would let go of the lock; and
 * for the same reason a process asks for no lock that it has.
 */
function hold(path: string, taking: string, open: (path: string) => LockFile): Held | undefined {
  const mark = openSync(path, constants.O_RDONLY | constants.O_CREAT, 0o600);
  let file: LockFile | undefined;
  let isClosed = false;
  /** Once: the number of what was closed may be another file's by then. */
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    file?.close();
    closeSync(mark);
  };
  try {
    file = open(path);
    file.exec(taking);
    if (isAt(path, mark)) return { close };
  } catch (error) {
    // Of a file that was removed anything may be said.
    if (isAt(path, mark)) {
      close();
      throw error;
    }
  }
  close();
  return undefined;
}

function isAt(path: string, mark: number): boolean {
  const there = statSync(path, { bigint: true, throwIfNoEntry: false });
  const ours = fstatSync(mark, { bigint: true });
  return there?.ino === ours.ino && there.dev === ours.dev;
}

/** Removes what other files for this data folder unpacked here, where no process runs from it any more. */
export function clearPrograms(own: string, open: OpenLockFile): void {
  const place = dirname(own);
  const name = new RegExp(`^([0-9a-f]{${folderDigits}})(?:\\.lock)?$`);
  const found = readdirSync(place).map((one) => name.exec(one)?.[1]);
  for (const digest of new Set(found)) {
    if (digest === undefined) continue;
    const folder = join(place, digest);
    // Without a lock nobody can tell whether it is in use.
    if (folder !== own && existsSync(lockOf(folder))) clearProgram(place, folder, open);
  }
}

function clearProgram(place: string, folder: string, open: OpenLockFile): void {
  let held: Held | undefined;
  try {
    held = hold(lockOf(folder), 'BEGIN EXCLUSIVE', (path) => open(path, 0));
  } catch (error) {
    if (hasCode(error, 'SQLITE_BUSY')) return;
    throw error;
  }
  // Somebody else removes it.
  if (held === undefined) return;
  try {
    if (existsSync(folder)) {
      // Gone as a whole, so that nobody takes what is left for the program.
      const away = join(mkdtempSync(join(place, 'new-')), 'old');
      renameSync(folder, away);
      rmSync(dirname(away), { recursive: true, force: true });
    }
    rmSync(compiledOf(folder), { recursive: true, force: true });
    removeLock(lockOf(folder));
  } finally {
    held.close();
  }
}

/** While it is held, and last. Windows removes nothing that is open: there it stays, and takes no room. */
function removeLock(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    if (!hasCode(error, 'EBUSY') && !hasCode(error, 'EPERM')) throw error;
  }
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith(code);
