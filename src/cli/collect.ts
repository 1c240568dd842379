import { copyFileSync, mkdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import picomatch from 'picomatch';
import type { DeploymentView } from '../projections/index.ts';
import { CliError } from './errors.ts';
import { systemReason } from './files.ts';
import { folderFiles } from './folder-files.ts';

const folderOutput = 'Package.InstallationDirectoryPath';

/**
 * Copies the files that match a glob, as seen from the folder of each application the run extracted, to a folder of
 * the caller; returns where they are. A file lands under its own name; where two have the same, below the id of its
 * step, under its path in the application.
 *
 * @throws CliError FILE_NOT_WRITTEN
 */
export function collect(view: DeploymentView, glob: string, to: string): string[] {
  const matches = picomatch(glob, { dot: true });
  const found = applicationFolders(view).flatMap(({ step, folder }) =>
    filesOf(folder)
      .filter((path) => matches(path))
      .map((path) => ({ step, from: join(folder, path), path })),
  );
  const names = Map.groupBy(found, ({ path }) => basename(path));
  return found.map(({ step, from, path }) => {
    const alone = names.get(basename(path))?.length === 1;
    const target = resolve(to, alone ? basename(path) : join(step, path));
    try {
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(from, target);
    } catch (cause) {
      throw new CliError('FILE_NOT_WRITTEN', `Cannot collect ${path} to ${target}: ${systemReason(cause)}`, {
        hint: 'Name a folder you may write to with --collect-to; the deployment itself is as it is shown.',
        details: { path, target, deployment: view.id },
        cause,
      });
    }
    return target;
  });
}

function applicationFolders({ steps }: DeploymentView): { step: string; folder: string }[] {
  const folders = steps.flatMap(({ id, outputs }) => {
    const folder = outputs[folderOutput];
    return folder === null || folder === undefined ? [] : [{ step: id, folder }];
  });
  return [...new Map(folders.map((one) => [one.folder, one])).values()];
}

/** Regular files only: what a link leads to is not the application's. */
function filesOf(folder: string): string[] {
  try {
    return folderFiles(folder)
      .filter(({ kind }) => kind === 'file')
      .map(({ path }) => path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
