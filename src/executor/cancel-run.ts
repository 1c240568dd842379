import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockHolder } from '../lock.ts';
import { systemCode } from './errors.ts';
import { isRunAlive } from './read-journal.ts';

/** The mark that a person wants a run to end; the process that runs it looks for it when it is told to stop. */
export function cancelPath(runFolder: string): string {
  return join(runFolder, 'cancel');
}

export function isCancelAsked(runFolder: string): boolean {
  return existsSync(cancelPath(runFolder));
}

export function forgetCancel(runFolder: string): void {
  rmSync(cancelPath(runFolder), { force: true });
}

/**
 * Asks the process that runs what lies in the folder to end its script and the run. Returns at once, whether a
 * process was there to be asked; the journal tells when the run is `cancelled`.
 */
export function cancelRun(runFolder: string): boolean {
  if (!isRunAlive(runFolder)) return false;
  writeFileSync(cancelPath(runFolder), '', { mode: 0o600 });
  signalRun(runFolder);
  return true;
}

/**
 * Asks it to break off where it is, as when the machine goes down: the run is `interrupted` then, and can be resumed.
 * Returns at once, whether a process was there to be asked.
 */
export function interruptRun(runFolder: string): boolean {
  if (!isRunAlive(runFolder)) return false;
  signalRun(runFolder);
  return true;
}

function signalRun(runFolder: string): void {
  const holder = lockHolder(join(runFolder, 'lock'));
  if (holder === undefined || holder.who !== 'executor') return;
  try {
    process.kill(holder.pid, 'SIGTERM');
  } catch (error) {
    // Gone in the meantime, or not ours to signal: then it finds the mark by itself, where there is one.
    if (systemCode(error) !== 'ESRCH' && systemCode(error) !== 'EPERM') throw error;
  }
}
