import { chmodSync, constants, copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Clock } from '../clock.ts';
import { syncPath } from '../durable.ts';
import { CrossgapError } from '../errors.ts';
import type { Standing } from '../events/index.ts';
import { faultPoint } from '../faults.ts';
import { openIntroduction, readKeyFile } from '../identity/index.ts';
import { tryLock } from '../lock.ts';
import { lookInto, reasonOf, type BackupFacts } from './backup.ts';
import { dataFolder, type DataFolder } from './data-folder.ts';
import { InstanceError } from './errors.ts';
import { openInstance } from './open.ts';

/** What putting a backup in place came to. */
export type Restored = BackupFacts & {
  /** Where the database lies that was there before; undefined where there was none. */
  readonly replaced: string | undefined;
  /** Whether this instance may sign with it, and what it lacks. */
  readonly standing: Standing;
};

/**
 * Puts a backup in the place of the database. What was there before is kept beside it. A crash in the middle leaves a
 * folder that nobody opens until the same command finished: a `-wal` of one database is never played into another.
 *
 * @throws InstanceError RESTORE_UNFIT where the file is no sound backup of this instance, DATA_FOLDER_MISSING where
 * its keys are not there, DAEMON_RUNNING, RESTORE_FAILED
 */
export async function restoreInstance(folder: string, path: string, clock: Clock): Promise<Restored> {
  const places = dataFolder(folder);
  if (!existsSync(places.introduction))
    throw new InstanceError(
      'DATA_FOLDER_MISSING',
      `Cannot restore into ${places.root}: its keys are not there`,
      {
        hint: 'Put the folder `keys` back first; a backup of the database holds no keys, and is of use only with them.',
        details: { keys: places.keys },
      },
    );
  const { instanceId } = openIntroduction(readKeyFile(places.introduction));
  const replaced = `${places.database}.replaced`;
  using lock = tryLock(places.daemonLock, 'restore');
  if (lock === undefined)
    throw new InstanceError('DAEMON_RUNNING', `Cannot restore into ${places.root}: a daemon works there`, {
      hint: 'Stop it first; what it wrote would be lost.',
    });
  const facts = await copyAndVerify(path, places, instanceId, clock);
  try {
    setAside(places.database, replaced, { resuming: existsSync(places.restoring) }, () => {
      renameSync(copyOf(places), places.restoring);
      syncPath(places.root);
      faultPoint('restore.begun');
    });
    faultPoint('restore.set-aside');
    renameSync(places.restoring, places.database);
    syncPath(places.root);
  } catch (cause) {
    throw failed(path, cause);
  }
  lock.release();
  using instance = await openInstance(folder, { clock });
  const standing = instance.log.standing();
  return {
    ...facts,
    file: resolve(path),
    replaced: existsSync(replaced) ? replaced : undefined,
    standing,
  };
}

/** The copy while it is looked at; nothing else knows of it, and the next restore writes over it. */
const copyOf = ({ restoring }: DataFolder): string => `${restoring}.unverified`;

/** Looks at a copy of its own: an older schema is brought up to date there, the backup itself stays as it is. */
async function copyAndVerify(
  path: string,
  places: DataFolder,
  instanceId: string,
  clock: Clock,
): Promise<Omit<BackupFacts, 'file'>> {
  const copy = copyOf(places);
  const sweep = (): void => {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${copy}${suffix}`, { force: true });
  };
  sweep();
  try {
    copyFileSync(path, copy, constants.COPYFILE_EXCL);
    chmodSync(copy, 0o600);
  } catch (cause) {
    sweep();
    throw failed(path, cause);
  }
  try {
    const facts = await lookInto(copy, { instanceId, clock, migrated: true });
    syncPath(copy);
    return facts;
  } catch (cause) {
    sweep();
    if (!(cause instanceof CrossgapError)) throw cause;
    throw new InstanceError('RESTORE_UNFIT', `Cannot restore ${path}: ${reasonOf(cause)}`, {
      hint: 'Choose a file that `crossgap backup` wrote for this very instance; the data folder is as it was.',
      details: { code: cause.code, ...cause.details },
      cause,
    });
  }
}

/** The old database and what belongs to it. `begin` makes the folder one that nobody opens. */
function setAside(
  database: string,
  replaced: string,
  { resuming }: { resuming: boolean },
  begin: () => void,
): void {
  const suffixes = ['-wal', '-shm', ''];
  // What an earlier restore set aside goes; what this one did before it was cut short stays.
  if (!resuming) for (const suffix of suffixes) rmSync(`${replaced}${suffix}`, { force: true });
  begin();
  for (const suffix of suffixes)
    if (existsSync(`${database}${suffix}`)) renameSync(`${database}${suffix}`, `${replaced}${suffix}`);
  syncPath(dirname(database));
}

function failed(path: string, cause: unknown): InstanceError {
  return new InstanceError('RESTORE_FAILED', `Cannot restore ${path}: ${reasonOf(cause)}`, {
    hint: 'Check the file and the disk of the data folder, then type the same command again.',
    details: { file: resolve(path) },
    cause,
  });
}
