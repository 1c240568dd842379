import { accessSync, constants, readdirSync, statSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { systemCode } from '../errors.ts';
import type { PackageAhead } from './planned-folders.ts';
import { good, lacking, note, type HostCheck } from './host-check.ts';

/** Whether the account may do what only an administrator may: root, or on Windows a process that was started elevated. */
export function isPrivileged(): boolean {
  const user = process.geteuid?.();
  if (user !== undefined) return user === 0;
  const guarded = join(process.env['SystemRoot'] ?? String.raw`C:\Windows`, 'System32', 'config');
  try {
    readdirSync(guarded);
    return true;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

/** A folder that is to be written to, and what for. */
export type FolderAsked = { readonly folder: string; readonly purpose: string };

/** Whether a folder can be made or written to by this account, told for a person. Nothing is made to find out. */
export function lookAtFolder({ folder, purpose }: FolderAsked, account: string): HostCheck {
  const looked = { id: `folder:${folder}`, name: `${purpose}: ${folder}` };
  const { path, facts, error } = nearest(resolve(folder));
  if (facts === undefined) {
    return lacking(looked, `it can't be looked at (${error})`, otherFolder(account));
  }
  if (!facts.isDirectory()) {
    const what = path === resolve(folder) ? 'there is a file of that name' : `${path} is a file`;
    return lacking(looked, what, `Move ${path} away, or choose another folder.`);
  }
  const why = whyNotWritable(path, account);
  if (why !== undefined) return lacking(looked, why, otherFolder(account));
  return good(looked, path === resolve(folder) ? `${account} may write there` : `it is made in ${path}`);
}

/** Why this account can't put a file into a folder that exists; undefined where it can. */
export function whyNotWritable(folder: string, account: string): string | undefined {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    if (code === 'EROFS') return `${folder} is on a medium that can only be read`;
    return `${account} may not write to ${folder}`;
  }
}

/** The folders that packages are installed to, those below them that files go to included. */
export function lookAtInstallFolders(packages: readonly PackageAhead[], account: string): HostCheck[] {
  return packages.flatMap(({ step, install, files }): HostCheck[] => {
    const looked = { id: `install:${step.id}`, name: `Folder of step ${step.name}` };
    switch (install.kind) {
      case 'none':
        return [];
      case 'refused':
        return [lacking(looked, install.error.message, install.error.hint)];
      case 'later':
        return [
          note(looked, `it is known when the step runs: no value yet for ${install.missing.join(', ')}`),
        ];
      case 'known': {
        const { folder, purge } = install;
        const found = lookAtFolder({ folder, purpose: `Folder of step ${step.name}` }, account);
        if (found.state !== 'good') return [found];
        const inTheWay = purge
          ? undefined
          : foldersOf(files ?? new Map()).find((below) => isOther(join(folder, below)));
        if (inTheWay !== undefined) {
          const path = join(folder, inTheWay);
          return [
            lacking(
              found,
              `${path} is a file, and the package has a folder of that name`,
              `Move ${path} away, or choose another folder.`,
            ),
          ];
        }
        const shut = foldersOf(files ?? new Map()).find(
          (below) =>
            isFolder(join(folder, below)) && whyNotWritable(join(folder, below), account) !== undefined,
        );
        if (shut === undefined) return [found];
        return [lacking(found, whyNotWritable(join(folder, shut), account) ?? '', otherFolder(account))];
      }
    }
  });
}

const foldersLookedAtMax = 5000;

function foldersOf(files: ReadonlyMap<string, number>): string[] {
  const folders = new Set([...files.keys()].map((file) => dirname(file)));
  return [...folders].slice(0, foldersLookedAtMax);
}

const isFolder = (path: string): boolean => factsOf(path)?.isDirectory() === true;
const isOther = (path: string): boolean => factsOf(path)?.isDirectory() === false;

/** Undefined where nothing is there, or nobody may look. */
function factsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

/** The folder itself, or the nearest above it that is there. */
function nearest(path: string): { path: string; facts?: Stats; error?: string } {
  for (let here = path; ; here = dirname(here)) {
    try {
      const facts = statSync(here, { throwIfNoEntry: false });
      if (facts !== undefined) return { path: here, facts };
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined) throw error;
      // What stands in the way of the path is looked at where it stands.
      if (code !== 'ENOTDIR') return { path: here, error: code };
    }
    if (dirname(here) === here) return { path: here, error: 'ENOENT' };
  }
}

function otherFolder(account: string): string {
  return isPrivileged()
    ? 'Choose another folder, or have it made writable.'
    : `Choose another folder, have it made writable for ${account}, or start this as an administrator.`;
}
