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

/** How it is found out whether this account may write to a folder: throws as the file system does where not. */
export type WriteLook = (folder: string) => void;

const mayWrite: WriteLook = (folder) => accessSync(folder, constants.W_OK | constants.X_OK);

/** Whether a folder can be made or written to by this account, told for a person. Nothing is made to find out. */
export function lookAtFolder(
  { folder, purpose }: FolderAsked,
  account: string,
  look: WriteLook = mayWrite,
): HostCheck {
  const looked = { id: `folder:${folder}`, name: `${purpose}: ${folder}` };
  const { path, facts, error } = nearest(resolve(folder));
  if (facts === undefined) {
    return lacking(looked, `it can't be looked at (${error})`, otherFolder(account));
  }
  if (!facts.isDirectory()) {
    const what = path === resolve(folder) ? 'there is a file of that name' : `${path} is a file`;
    return lacking(looked, what, `Move ${path} away, or choose another folder.`);
  }
  const why = whyNotWritable(path, account, look);
  if (why !== undefined) return lacking(looked, why, otherFolder(account));
  return good(looked, path === resolve(folder) ? `${account} may write there` : `it is made in ${path}`);
}

/** Why this account can't put a file into a folder that exists; undefined where it can. */
function whyNotWritable(folder: string, account: string, look: WriteLook): string | undefined {
  try {
    look(folder);
    return undefined;
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    if (code === 'EROFS') return `${folder} is on a medium that can only be read`;
    return `${account} may not write to ${folder}`;
  }
}

/** The folders that packages are installed to, those below them that files go to included. */
export function lookAtInstallFolders(
  packages: readonly PackageAhead[],
  account: string,
  look: WriteLook = mayWrite,
): HostCheck[] {
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
        const purpose = looked.name;
        const found = lookAtFolder({ folder: install.folder, purpose }, account, look);
        if (found.state !== 'good') return [found];
        return [lookBelow(found, install, files ?? new Map(), { account, look }) ?? found];
      }
    }
  });
}

/** What is in the way below a folder that may be written to itself; undefined where nothing is. */
function lookBelow(
  looked: HostCheck,
  { folder, purge }: { readonly folder: string; readonly purge: boolean },
  files: ReadonlyMap<string, number>,
  { account, look }: { readonly account: string; readonly look: WriteLook },
): HostCheck | undefined {
  for (const below of foldersOf(files)) {
    const path = join(folder, below);
    const facts = factsOf(path);
    if (facts === undefined) continue;
    if (facts.isDirectory()) {
      const why = whyNotWritable(path, account, look);
      if (why !== undefined) return lacking(looked, why, otherFolder(account));
    } else if (!purge) {
      const found = `${path} is a file, and the package has a folder of that name`;
      return lacking(looked, found, `Move ${path} away, or choose another folder.`);
    }
  }
  return undefined;
}

const foldersLookedAtMax = 5000;

/** Every folder that these files lie in, those above it first. */
function foldersOf(files: ReadonlyMap<string, number>): string[] {
  const folders = new Set<string>();
  const add = (folder: string): void => {
    if (folder === '.' || folders.has(folder) || folders.size >= foldersLookedAtMax) return;
    add(dirname(folder));
    folders.add(folder);
  };
  for (const file of files.keys()) add(dirname(file));
  return [...folders];
}

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
