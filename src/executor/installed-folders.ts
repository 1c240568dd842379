import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from './errors.ts';

/**
 * Which installation folders are ours to purge: those that a step made, or found empty when it first installed there.
 * Each has a file in `APPS/.installed/` that knows it by its path and by what the file system calls it, so that another
 * folder that later stands in its place is not taken for it. Nothing is written into the application itself.
 */
export function isOurs(appsFolder: string, folder: string): boolean {
  try {
    return readFileSync(recordPath(appsFolder, folder), 'utf8') === recordOf(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Makes the folder where it is missing, and remembers it as ours where it is new or empty. */
export function takeFolder(appsFolder: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length > 0 || isOurs(appsFolder, folder)) return;
  mkdirSync(join(appsFolder, '.installed'), { recursive: true });
  writeFileSync(recordPath(appsFolder, folder), recordOf(folder), { mode: 0o600 });
}

function recordPath(appsFolder: string, folder: string): string {
  return join(appsFolder, '.installed', createHash('sha256').update(folder).digest('hex'));
}

function recordOf(folder: string): string {
  const { dev, ino, birthtimeMs } = statSync(folder);
  return JSON.stringify({ folder, dev, ino, birthtimeMs });
}
