import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { tryLock, type Lock } from '../lock.ts';
import type { DataFolder } from './data-folder.ts';

/** Says that somebody makes an instance here, or was ended while doing so: then nobody holds it. */
export interface Making extends Disposable {
  /** Nothing is left to do: nobody needs to know any more. */
  finish(): void;
}

const markOf = ({ root }: DataFolder): string => join(root, 'init.lock');

/** Whether the making of an instance was begun here and not brought to its end. */
export function isBeingMade(places: DataFolder): boolean {
  return existsSync(markOf(places));
}

/** Begins to make an instance, or goes on where somebody was ended; undefined where somebody else is about it now. */
export function beginMaking(places: DataFolder): Making | undefined {
  const path = markOf(places);
  const isNew = !existsSync(path);
  const remove = (): void => {
    for (const suffix of ['', '-journal']) rmSync(`${path}${suffix}`, { force: true });
  };
  let lock: Lock | undefined;
  try {
    lock = tryLock(path, 'init');
  } catch (error) {
    // There is no room even for the mark: nothing was begun.
    if (isNew) remove();
    throw error;
  }
  if (lock === undefined) return undefined;
  return {
    finish() {
      // Only once the name is gone it is let go of, so that nobody takes what is about to go.
      remove();
      lock.release();
    },
    [Symbol.dispose]: () => lock.release(),
  };
}

/** What git is told in a data folder. */
export const gitIgnore = '*\n';

/**
 * Whether a folder holds nothing but what an unfinished making leaves behind: that may go. Anything else, be it a
 * setting that somebody changed, is somebody's.
 */
export function holdsOnlyUnfinished(
  places: DataFolder,
  { settings, beside }: { readonly settings: string; readonly beside: readonly string[] },
): boolean {
  const { root, database, keys, vaultKey, introduction } = places;
  const mark = basename(markOf(places));
  const keyFiles = ['instance.key', 'sealing.key', basename(vaultKey), basename(introduction)];
  const empty = [places.blobs, places.apps, places.runs, places.inbox, places.outbox].map((path) =>
    basename(path),
  );
  return readdirSync(root).every((name) => {
    if (beside.includes(name)) return true;
    const path = join(root, name);
    if (name === mark || name === `${mark}.holder` || name === `${mark}-journal`) return true;
    if (statSync(path).isDirectory()) {
      const content = readdirSync(path);
      return name === basename(keys)
        ? content.every((one) => keyFiles.includes(one))
        : empty.includes(name) && content.length === 0;
    }
    if (name === basename(places.settings)) return settings.startsWith(readFileSync(path, 'utf8'));
    if (name === '.gitignore') return gitIgnore.startsWith(readFileSync(path, 'utf8'));
    return name.startsWith(`${basename(database)}.new`);
  });
}
