import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';

/** Who holds a lock, as the holder wrote it down for others to read. */
export type LockHolder = { readonly pid: number; readonly who: string; readonly since: string };

/** A held lock; released when disposed or when the process ends in any way. */
export interface Lock extends Disposable {
  release(): void;
}

/** How long a taker waits for somebody who only looks; a real holder stays longer. */
const patienceMs = 250;

/**
 * Takes the lock at `path`, or returns undefined where another process holds it.
 *
 * The lock is an exclusive transaction on a tiny SQLite file of its own: the operating system lets go of it when
 * the process ends, however it ends, which a file with a process id in it can't promise.
 */
export function tryLock(path: string, who: string): Lock | undefined {
  const file = takeExclusively(path, patienceMs);
  if (file === undefined) return undefined;
  const holder: LockHolder = { pid: process.pid, who, since: new Date().toISOString() };
  try {
    writeFileSync(`${path}.holder`, JSON.stringify(holder), { mode: 0o600 });
  } catch (error) {
    rmSync(`${path}.holder`, { force: true });
    file.close();
    throw error;
  }
  let held = true;
  const release = (): void => {
    if (!held) return;
    held = false;
    rmSync(`${path}.holder`, { force: true });
    file.close();
  };
  return { release, [Symbol.dispose]: release };
}

/** Whether somebody holds the lock at `path` now. */
export function isLocked(path: string): boolean {
  const file = takeExclusively(path, 0);
  file?.close();
  return file === undefined;
}

function takeExclusively(path: string, waitMs: number): Database.Database | undefined {
  const file = new Database(path, { timeout: waitMs });
  try {
    file.pragma('locking_mode = EXCLUSIVE');
    file.exec('BEGIN EXCLUSIVE');
    return file;
  } catch (error) {
    file.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
}

/** What the present or last holder wrote down, undefined where nobody did. */
export function lockHolder(path: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(`${path}.holder`, 'utf8')) as LockHolder;
  } catch {
    return undefined;
  }
}
