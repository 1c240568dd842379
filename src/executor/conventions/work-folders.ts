import { isAbsolute, relative, resolve } from 'node:path';
import { list } from '../../variables/index.ts';
import { currentFolder, type Work } from '../convention.ts';

/**
 * The folders whose configuration files are worked on: the application's, and those that
 * `Octopus.Action.AdditionalPaths` names. One that isn't there, or holds data that no application may touch, is told and
 * left out.
 */
export function workFolders(work: Work): readonly string[] {
  const additional = list(work.variables, 'Octopus.Action.AdditionalPaths').filter((path) => {
    const why = whyNot(work, path);
    if (why !== undefined)
      work.log('warning', `${path} of Octopus.Action.AdditionalPaths is left out: ${why}`);
    return why === undefined;
  });
  return [currentFolder(work)!, ...additional.map((path) => resolve(path))];
}

/** How a file is called in the trace: relative to the application's folder, absolute below the others. */
export function shownFile(work: Work, folder: string, file: string): string {
  return folder === currentFolder(work) ? file : resolve(folder, file);
}

function whyNot({ disk, plan }: Work, path: string): string | undefined {
  if (!isAbsolute(path)) return 'it is not an absolute path';
  if (!disk.isFolder(path)) return 'there is no such folder';
  const isGuarded = plan.guardedFolders.some((guarded) => isBelow(path, guarded) || isBelow(guarded, path));
  return isGuarded ? 'it holds or belongs to the data of crossgap' : undefined;
}

function isBelow(path: string, folder: string): boolean {
  const from = relative(folder, path);
  return from === '' || (!from.startsWith('..') && !isAbsolute(from));
}
