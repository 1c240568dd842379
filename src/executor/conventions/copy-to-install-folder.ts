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
import { filesBelow, pathMatcher } from '../folder-files.ts';
import { checkInstallFolder, refuseGuarded } from '../install-folder.ts';
import { notChanged } from './rewrite-files.ts';

const setting = 'Octopus.Action.Package.CustomInstallationDirectory';

/**
 * Copies the extracted application to the folder the step names, over what is there, after purging it where the
 * step says so, whoever put there what it holds. Each file appears under its name whole; done again after an
 * interruption the result is the same.
 */
export async function copyToInstallFolder(work: Work): Promise<Done> {
  const source = work.folder('extracted')!;
  const wanted = work.variables.evaluate(setting);
  if (wanted === undefined || wanted.text.trim() === '') {
    work.variables.setLiteral(setting, source);
    return { state: 'feature-off' };
  }
  const guarded = [...work.plan.guardedFolders, work.plan.appsFolder];
  const target = checkInstallFolder(wanted.text.trim(), wanted.missing, source, guarded);
  const purge = flag(work.variables, `${setting}ShouldBePurgedBeforeDeployment`, false);
  attempt(target, (path) => mkdirSync(path, { recursive: true }));
  const keep = pathList(work.variables, 'Octopus.Action.Package.CustomInstallationDirectoryPurgeExclusions');
  const removed = purge ? purgeFolder(work, target, keep) : 0;
  const files = await copyFiles(work, source, target, guarded);
  work.setFolder('installed', target);
  work.setOutput('Package.InstallationDirectoryPath', target, false);
  work.setOutput('Package.CopiedFileCount', String(files.length), false);
  const before = purge ? `${counted(removed)} purged` : 'not purged';
  return { state: 'done', files, detail: `${before}, ${counted(files.length)} to ${target}` };
}

const counted = (files: number): string => `${files} ${files === 1 ? 'file' : 'files'}`;

/** Deletes what is in the folder except what a pattern keeps; links are removed, never followed. */
function purgeFolder(work: Work, folder: string, keep: readonly string[]): number {
  const kept = keep.map(pathMatcher);
  let removed = 0;
  const walk = (below: string): boolean => {
    let isEmpty = true;
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      work.signal.throwIfAborted();
      const path = `${below}${entry.name}`;
      if (kept.some((isKept) => isKept(path))) {
        isEmpty = false;
      } else if (entry.isDirectory()) {
        if (walk(`${path}/`)) attempt(join(folder, path), rmdirSync);
        else isEmpty = false;
      } else {
        attempt(join(folder, path), rmSync);
        removed += 1;
        faultPoint('executor.copy.purging');
      }
    }
    return isEmpty;
  };
  walk('');
  return removed;
}

async function copyFiles(
  work: Work,
  source: string,
  target: string,
  guarded: readonly string[],
): Promise<string[]> {
  const files = filesBelow(source);
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
    attempt(join(target, file), (path) => copyWhole(join(source, file), path));
    faultPoint('executor.copy.during');
    if (index % 64 === 63) await new Promise(setImmediate);
  }
  return files;
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

function attempt(path: string, change: (path: string) => unknown): void {
  try {
    change(path);
  } catch (error) {
    throw notChanged(path, error);
  }
}
