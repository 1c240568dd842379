import { closeSync, existsSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Clock } from '../clock.ts';
import { asDatabaseError, DatabaseError, openDatabase, quickCheck, type Database } from '../db/index.ts';
import { syncPath } from '../durable.ts';
import { CrossgapError } from '../errors.ts';
import { eventCatalog, openLog, type FeedFacts } from '../events/index.ts';
import { faultPoint } from '../faults.ts';
import { InstanceError } from './errors.ts';
import type { Instance } from './open.ts';

/** What a backup holds. */
export type BackupFacts = {
  readonly file: string;
  readonly sizeBytes: number;
  readonly instanceId: string;
  readonly entries: number;
  /** The heads of all feeds in it: with them a restore can tell how old it is. */
  readonly heads: readonly FeedFacts[];
};

/**
 * Copies the database into `path` as it is at one moment, while others go on writing. The copy is looked at before it
 * gets its name: its structure, every hash, chain and signature. Keys, vault and the side file are not in it.
 *
 * @throws InstanceError BACKUP_EXISTS, BACKUP_FAILED (with the cause in words)
 */
export async function backupInstance({ db, clock, identity }: Instance, path: string): Promise<BackupFacts> {
  const file = resolve(path);
  if (existsSync(file)) throw backupExists(file);
  // A name of its own for each target, so that what a cut-short backup left is swept by the next one.
  const temporary = join(dirname(file), `.${basename(file)}.unfinished`);
  const sweep = (): void => {
    if (!existsSync(dirname(file))) return;
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${temporary}${suffix}`, { force: true });
  };
  try {
    sweep();
    // VACUUM INTO takes an empty file; made here, nobody else may read it.
    closeSync(openSync(temporary, 'wx', 0o600));
    db.prepare('VACUUM INTO ?').run(temporary);
    syncPath(temporary);
    faultPoint('backup.written');
    const facts = await lookInto(temporary, { instanceId: identity.instanceId, clock, migrated: false });
    putInPlace(temporary, file);
    return { file, ...facts };
  } catch (error) {
    sweep();
    throw backupFailed(asDatabaseError(error, `write the backup ${path}`), path);
  }
}

/** Verifies all of a copy and says what it holds; with `migrated` it is brought to the newest schema. */
export async function lookInto(
  path: string,
  { instanceId, clock, migrated }: { instanceId: string; clock: Clock; migrated: boolean },
): Promise<Omit<BackupFacts, 'file'>> {
  const db = openDatabase({ path, clock, readOnly: !migrated });
  try {
    const broken = quickCheck(db);
    if (broken.length > 0)
      throw new DatabaseError('DATABASE_DAMAGED', `Cannot use ${path}: ${broken[0]}`, {
        hint: 'Take another backup; this one is damaged.',
        details: { problems: broken.slice(0, 5) },
      });
    const heads = await verifiedHeads(db, path, instanceId, clock);
    return {
      sizeBytes: statSync(path).size,
      instanceId,
      entries: db.prepare<[], number>('SELECT count(*) FROM entry').pluck().get() ?? 0,
      heads,
    };
  } finally {
    db.close();
  }
}

async function verifiedHeads(
  db: Database,
  path: string,
  instanceId: string,
  clock: Clock,
): Promise<FeedFacts[]> {
  const log = openLog({
    db,
    clock,
    catalog: eventCatalog,
    instanceId,
    // A backup has no side file: it is not to be signed from.
    sideFile: `${path}.head`,
    pinFor: () => undefined,
  });
  if (!log.feeds().some(({ own, author }) => own && author === instanceId))
    throw new InstanceError('INSTANCE_DAMAGED', `Cannot use ${path}: it is of another instance`, {
      hint: 'Take the backup of the instance that lives in this data folder.',
      details: { instanceId },
    });
  const { firstBad } = await log.verify({ full: true });
  if (firstBad !== undefined)
    throw new InstanceError('INSTANCE_DAMAGED', `Cannot use ${path}: ${firstBad.message}`, {
      hint: 'Take another backup; this one is damaged.',
      details: { ...firstBad },
    });
  return log.feeds();
}

/** Gives the file its name only if nobody else took it meanwhile. */
function putInPlace(temporary: string, file: string): void {
  try {
    linkSync(temporary, file);
    rmSync(temporary);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw backupExists(file);
    // A stick's file system knows no second names.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    renameSync(temporary, file);
  }
  syncPath(dirname(file));
}

function backupExists(file: string): InstanceError {
  return new InstanceError('BACKUP_EXISTS', `Cannot write the backup ${file}: that file is there already`, {
    hint: 'Name a file that is not there yet; a backup is never written over.',
    details: { file },
  });
}

function backupFailed(error: unknown, path: string): unknown {
  if (error instanceof InstanceError) return error;
  if (!(error instanceof CrossgapError) && !(error instanceof Error && 'syscall' in error)) return error;
  return new InstanceError('BACKUP_FAILED', `Cannot write the backup ${path}: ${reasonOf(error)}`, {
    hint: 'Name a file in a folder that is there, that you may write to, and whose disk has room; nothing was left behind.',
    details: { file: resolve(path), ...(error instanceof CrossgapError && { code: error.code }) },
    cause: error,
  });
}

/** What went wrong, for people, without what was being done. */
export function reasonOf(error: unknown): string {
  if (error instanceof CrossgapError) return error.message.replace(/^Cannot [^:]*: /, '');
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return 'the disk is full';
  if (code === 'ENOENT') return 'there is no such folder';
  if (code === 'EACCES' || code === 'EPERM') return 'permission is denied';
  return code ?? message;
}
