import { watch as watchFiles, type FSWatcher } from 'node:fs';
import { basename } from 'node:path';
import { openDatabase } from '../db/index.ts';
import type { Instance } from '../instance/index.ts';

/** Tells listeners that another process, or this one, committed something to the database. */
export interface Watch extends Disposable {
  /** Calls `listener` after each change; gives back how to stop that. */
  onChange(listener: () => void): () => void;
  /** Looks now, instead of at the next tick. */
  look(): void;
}

export type WatchOptions = {
  readonly lookEveryMs?: number;
  /** Calls `written` when the system tells of a write to the file; undefined where it tells of none. */
  readonly watchFile?: (folder: string, name: string, written: () => void) => Disposable | undefined;
};

/** What was written is visible when it is on the disk, which takes moments; for so long it is looked for at each of these. */
const soonMs = 1;
const soonForMs = 50;

/**
 * Watches the database through a connection of its own, whose `data_version` changes with every commit of any other
 * one. The command line is an ordinary writer, so this is how the daemon hears of what people ask for. It looks on a
 * timer, which is what can be relied upon, and at once where the system tells of writes to the log that SQLite keeps
 * beside the database.
 */
export function watchDatabase(
  { folder, clock }: Pick<Instance, 'folder' | 'clock'>,
  { lookEveryMs = 50, watchFile = watchSystem }: WatchOptions = {},
): Watch {
  const observer = openDatabase({ path: folder.database, clock, readOnly: true });
  const listeners = new Set<() => void>();
  const version = observer.prepare('PRAGMA data_version').pluck();
  let seen = version.get();
  let soon: NodeJS.Timeout | undefined;
  let soonUntil = 0;

  const look = (): boolean => {
    const now = version.get();
    if (now === seen) return false;
    seen = now;
    for (const listener of listeners) listener();
    return true;
  };
  const calmDown = (): void => {
    clearInterval(soon);
    soon = undefined;
  };
  const written = (): void => {
    soonUntil = performance.now() + soonForMs;
    soon ??= setInterval(() => {
      if (look() || performance.now() > soonUntil) calmDown();
    }, soonMs);
  };
  const timer = setInterval(look, lookEveryMs);
  const writes = watchFile(folder.root, `${basename(folder.database)}-wal`, written);
  return {
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    look: () => void look(),
    [Symbol.dispose]() {
      writes?.[Symbol.dispose]();
      clearInterval(timer);
      calmDown();
      listeners.clear();
      observer.close();
    },
  };
}

/** Some file systems tell nothing, and each system has a limit of what it watches: then the timer has to do. */
function watchSystem(folder: string, name: string, written: () => void): Disposable | undefined {
  let watcher: FSWatcher;
  try {
    watcher = watchFiles(folder, { persistent: false }, (_event, changed) => {
      if (changed === name) written();
    });
  } catch {
    return undefined;
  }
  watcher.on('error', () => watcher.close());
  return { [Symbol.dispose]: () => watcher.close() };
}
