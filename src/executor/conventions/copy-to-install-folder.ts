import { createHash } from 'node:crypto';
import {
  constants,
  copyFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { faultPoint } from '../../faults.ts';
import { flag, pathList } from '../../variables/index.ts';
import type { Done, Work } from '../convention.ts';
import { ExecutorError } from '../errors.ts';
import { filesBelow, pathMatcher } from '../folder-files.ts';
import { checkInstallFolder, refuseGuarded } from '../install-folder.ts';
import { patiently } from '../patiently.ts';
import { notChanged } from './rewrite-files.ts';

const setting = 'Octopus.Action.Package.CustomInstallationDirectory';

/** What a copy is asked to do. */
export type AskedCopy = {
  readonly source: string;
  /** Trimmed, with the tokens in it that nothing gives a value to. */
  readonly wanted: string;
  readonly missing: readonly string[];
  readonly purge: boolean;
  readonly keep: readonly string[];
  /** Folders that nothing may be copied to, around or into. */
  readonly guarded: readonly string[];
};

/** What the step says about the copy; undefined where it wants none. */
export function askedCopy(work: Work): AskedCopy | undefined {
  const wanted = work.variables.evaluate(setting);
  if (wanted === undefined || wanted.text.trim() === '') return undefined;
  return {
    source: work.folder('extracted')!,
    wanted: wanted.text.trim(),
    missing: wanted.missing,
    purge: flag(work.variables, `${setting}ShouldBePurgedBeforeDeployment`, false),
    keep: pathList(work.variables, 'Octopus.Action.Package.CustomInstallationDirectoryPurgeExclusions'),
    guarded: [...work.plan.guardedFolders, work.plan.appsFolder],
  };
}

/** What the trace says of a copy. */
export function copied(
  { purge }: Pick<AskedCopy, 'purge'>,
  removed: number,
  files: number,
  target: string,
): string {
  const before = purge ? `${counted(removed)} purged` : 'not purged';
  return `${before}, ${counted(files)} to ${target}`;
}

/**
 * Copies the extracted application to the folder the step names, over what is there, after purging it where the
 * step says so, whoever put there what it holds. Each file appears under its name whole; done again after an
 * interruption the result is the same.
 */
export async function copyToInstallFolder(work: Work): Promise<Done> {
  const asked = askedCopy(work);
  if (asked === undefined) {
    work.variables.setLiteral(setting, work.folder('extracted')!);
    return { state: 'feature-off' };
  }
  const { source, wanted, missing, purge, keep, guarded } = asked;
  const target = checkInstallFolder(wanted, missing, source, guarded);
  attempt(target, (path) => mkdirSync(path, { recursive: true }));
  const files = filesBelow(source);
  const done: Changed = { removed: 0, copied: 0 };
  try {
    if (purge) await purgeFolder(work, target, keep, done);
    await copyFiles(work, { source, files, target, guarded }, done);
  } catch (error) {
    throw withMixture(work, error, `${target} ${mixture(done, files.length)}`);
  }
  work.setFolder('installed', target);
  work.setOutput('Package.InstallationDirectoryPath', target, false);
  work.setOutput('Package.CopiedFileCount', String(files.length), false);
  return { state: 'done', files, detail: copied(asked, done.removed, files.length, target) };
}

const counted = (files: number): string => `${files} ${files === 1 ? 'file' : 'files'}`;

/** How far a copy has come. */
type Changed = { removed: number; copied: number };

/** What a folder holds whose copy was broken off, so that nobody takes it for the one version or the other. */
function mixture({ removed, copied }: Changed, files: number): string {
  if (removed === 0 && copied === 0) return 'is as it was before';
  const gone =
    removed === 0
      ? ''
      : `, ${counted(removed)} of what was there before ${removed === 1 ? 'is' : 'are'} gone`;
  return `is a mixture now: it holds ${copied} of the ${counted(files)} of this version${gone}`;
}

/** The error with what it left behind; what ends a run from outside stays the reason it is, and the log says the rest. */
function withMixture(work: Work, error: unknown, left: string): unknown {
  if (!(error instanceof ExecutorError) || work.signal.aborted) {
    work.log('warning', left);
    return error;
  }
  const { code, message, hint, details, cause } = error;
  return new ExecutorError(code, `${message}; ${left}`, { hint, details, cause });
}

type Copying = {
  readonly source: string;
  readonly files: readonly string[];
  readonly target: string;
  readonly guarded: readonly string[];
};

/** Deletes what is in the folder except what a pattern keeps; links are removed, never followed. */
async function purgeFolder(
  work: Work,
  folder: string,
  keep: readonly string[],
  done: Changed,
): Promise<void> {
  const kept = keep.map(pathMatcher);
  const walk = async (below: string): Promise<boolean> => {
    let isEmpty = true;
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      work.signal.throwIfAborted();
      const path = `${below}${entry.name}`;
      if (kept.some((isKept) => isKept(path))) {
        isEmpty = false;
      } else if (entry.isDirectory()) {
        if (await walk(`${path}/`)) await attemptPatiently(work, join(folder, path), rmdirSync);
        else isEmpty = false;
      } else {
        await attemptPatiently(work, join(folder, path), rmSync);
        done.removed += 1;
        faultPoint('executor.copy.purging');
      }
    }
    return isEmpty;
  };
  await walk('');
}

async function copyFiles(
  work: Work,
  { source, files, target, guarded }: Copying,
  done: Changed,
): Promise<void> {
  const checked = new Set<string>();
  for (const below of emptyFolders(source))
    attempt(join(target, below), (path) => mkdirSync(path, { recursive: true }));
  for (const [index, file] of files.entries()) {
    work.signal.throwIfAborted();
    const folder = dirname(join(target, file));
    if (!checked.has(folder)) {
      attempt(folder, (path) => mkdirSync(path, { recursive: true }));
      // A link to a folder is followed, as the administrator who made it wants, but never into what is guarded.
      refuseGuarded(realpathSync(folder), relative(target, folder) || '.', guarded);
      checked.add(folder);
    }
    await attemptPatiently(work, join(target, file), (path) => copyWhole(join(source, file), path));
    done.copied += 1;
    faultPoint('executor.copy.during');
    if (index % 64 === 63) await new Promise(setImmediate);
  }
}

/** Copies beside and renames: a program that runs from the old file keeps it, and nobody sees half of the new one. */
function copyWhole(from: string, to: string): void {
  const beside = join(
    dirname(to),
    `.crossgap-${createHash('sha256').update(basename(to)).digest('hex').slice(0, 16)}`,
  );
  rmSync(beside, { force: true });
  const { atime, mtime, mode } = statSync(from);
  copyFileSync(from, beside, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  chmodSync(beside, mode & 0o777);
  utimesSync(beside, atime, mtime);
  if (lstatSync(to, { throwIfNoEntry: false })?.isDirectory()) {
    rmSync(beside);
    throw Object.assign(new Error(`${to} is a folder`), { code: 'EISDIR' });
  }
  renameSync(beside, to);
}

function emptyFolders(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/** As `attempt`, again while somebody uses the file. */
async function attemptPatiently(work: Work, path: string, change: (path: string) => unknown): Promise<void> {
  try {
    const { signal } = work;
    const onWait = (error: unknown): void => {
      const { message } = notChanged(path, error) as Error;
      work.log('info', `${message}; waiting for it`);
    };
    await patiently(() => void change(path), { signal, onWait });
  } catch (error) {
    throw notChanged(path, error);
  }
}

function attempt(path: string, change: (path: string) => unknown): void {
  try {
    change(path);
  } catch (error) {
    throw notChanged(path, error);
  }
}
