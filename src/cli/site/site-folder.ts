import { accessSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asDiskError } from '../../disk-error.ts';
import type { CrossgapError } from '../../errors.ts';
import { InstanceError, type DataFolder } from '../../instance/index.ts';
import { isLocked, lockHolder, tryLock, type Lock } from '../../lock.ts';
import { CliError } from '../errors.ts';
import { systemReason } from '../given/files.ts';
import { clearLeftResults } from './result-folder.ts';

const lockName = 'installer.lock';

/** What may lie in the folder before an instance is made there: the program itself, and who works here. */
export const besideInstance: readonly string[] = [
  'program',
  'runtimes',
  lockName,
  `${lockName}.holder`,
  `${lockName}-journal`,
];

/** Whether the folder is one that a site, or the program of one, was put into before. */
export function isSiteFolder({ root, database }: DataFolder): boolean {
  return [database, join(root, 'program'), join(root, lockName)].some((path) => existsSync(path));
}

/**
 * Throws where nothing could be kept in the folder; looks only.
 *
 * @throws InstanceError DATA_FOLDER_TAKEN, DATA_FOLDER_NOT_WRITABLE
 */
export function refuseUnfitFolder(places: DataFolder): void {
  const { root } = places;
  const there = firstThere(root);
  if (!statSync(there).isDirectory()) {
    throw new InstanceError('DATA_FOLDER_TAKEN', `Cannot keep anything in ${root}: ${there} is a file`, {
      hint: 'Name another folder with --data.',
      details: { path: there },
    });
  }
  try {
    accessSync(there, constants.W_OK | constants.X_OK);
    if (there === root && !isSiteFolder(places)) refuseForeign(root);
  } catch (cause) {
    if (cause instanceof InstanceError) throw cause;
    throw notWritable(places, there, cause);
  }
}

/** An interrupted making leaves a mark that the maker knows; anything else in a folder is somebody's. */
function refuseForeign(root: string): void {
  const content = readdirSync(root).filter((name) => !besideInstance.includes(name));
  if (content.length === 0 || content.includes('init.lock')) return;
  throw new InstanceError('DATA_FOLDER_TAKEN', `Cannot keep anything in ${root}: other things lie there`, {
    hint: 'Name another folder with --data, or an empty one.',
    details: { path: root },
  });
}

function firstThere(path: string): string {
  let at = path;
  while (statSync(at, { throwIfNoEntry: false }) === undefined && dirname(at) !== at) at = dirname(at);
  return at;
}

/**
 * Holds the folder for one installer at a time; a daemon there has work of its own. What one that was ended left of a
 * result goes.
 *
 * @throws CliError SITE_HELD, DiskError, InstanceError DATA_FOLDER_NOT_WRITABLE
 */
export function holdSite(places: DataFolder, actor: string): Lock {
  const { root, daemonLock } = places;
  const path = join(root, lockName);
  const lock = lockIn(places, path, actor);
  // An installer that is at work holds both.
  if (lock === undefined)
    throw held(root, path, 'another installer', 'Finish there, or end it, then start again here.');
  try {
    if (existsSync(daemonLock) && isLocked(daemonLock)) throw heldByDaemon(root, daemonLock);
    clearLeftResults(root);
  } catch (error) {
    lock.release();
    throw error;
  }
  return lock;
}

function lockIn(places: DataFolder, path: string, actor: string): Lock | undefined {
  const { root } = places;
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    return tryLock(path, `installer by ${actor}`);
  } catch (cause) {
    throw notWritable(places, root, cause);
  }
}

/** Another folder would make another site, which knows nothing of what was begun here: it is named only where none is yet. */
function notWritable({ root, database }: DataFolder, path: string, cause: unknown): CrossgapError {
  const isSite = existsSync(database);
  const refused = isSite ? asDiskError(cause, `keep anything in ${root}`) : undefined;
  if (refused !== undefined) return refused;
  const hint = isSite
    ? 'Start it as the account that owns the folder; another folder would be another site.'
    : 'Name a folder with --data that this account may make and write to, on a disk with space.';
  return new InstanceError(
    'DATA_FOLDER_NOT_WRITABLE',
    `Cannot keep anything in ${root}: ${systemReason(cause)}`,
    { hint, details: { path }, cause },
  );
}

function heldByDaemon(root: string, path: string): CliError {
  const isOneRun = lockHolder(path)?.who.startsWith('deployment ') === true;
  return held(
    root,
    path,
    isOneRun ? 'a deployment' : 'a daemon',
    isOneRun
      ? 'Wait until that deployment is over, then start again here.'
      : 'Stop the daemon, or let it do the work: `crossgap bundle import FILE` with this file, then `crossgap deploy NUMBER --env ENVIRONMENT`.',
  );
}

function held(root: string, path: string, what: string, hint: string): CliError {
  const holder = lockHolder(path);
  const who = holder === undefined ? what : `process ${holder.pid} (${holder.who}, since ${holder.since})`;
  return new CliError('SITE_HELD', `Cannot work in ${root}: ${who} does already`, {
    hint,
    details: { folder: root, ...holder },
  });
}
