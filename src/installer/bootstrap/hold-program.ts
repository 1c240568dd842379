/*
 * Beside each unpacked program in `DATA/program` lies a lock, `DIGEST.lock`, and what the runtime remembers of reading it,
 * `DIGEST.compiled`. Every process that runs from the program shares the lock as long as it lives: the system lets go of
 * it however it ends. Who has it alone may remove the program.
 */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
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

/**
 * Shares the lock of a program that is about to be run; undefined where it was removed meanwhile, by who began before, and
 * is to be unpacked again.
 */
export function holdProgram(folder: string, open: OpenLockFile): LockFile | undefined {
  const file = open(lockOf(folder), patienceMs);
  try {
    // A transaction that reads shares the file with others that do, and with nobody else.
    file.exec('BEGIN; SELECT * FROM sqlite_schema');
    if (existsSync(folder)) return file;
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return undefined;
}

/** Removes what other files for this data folder unpacked here, where no process runs from it any more. */
export function clearPrograms(own: string, open: OpenLockFile): void {
  const place = dirname(own);
  const name = new RegExp(`^[0-9a-f]{${folderDigits}}$`);
  const others = readdirSync(place).filter((one) => name.test(one) && join(place, one) !== own);
  for (const folder of others.map((one) => join(place, one))) {
    // Without a lock nobody can tell whether it is in use.
    if (existsSync(lockOf(folder))) clearProgram(place, folder, open);
  }
}

function clearProgram(place: string, folder: string, open: OpenLockFile): void {
  const file = open(lockOf(folder), 0);
  try {
    file.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    file.close();
    if (isBusy(error)) return;
    throw error;
  }
  try {
    // Gone as a whole, so that nobody takes what is left for the program.
    const away = join(mkdtempSync(join(place, 'new-')), 'old');
    renameSync(folder, away);
    rmSync(dirname(away), { recursive: true, force: true });
    rmSync(compiledOf(folder), { recursive: true, force: true });
  } finally {
    file.close();
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
