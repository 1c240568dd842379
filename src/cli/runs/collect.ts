import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import picomatch from 'picomatch';
import type { DeploymentView } from '../../projections/index.ts';
import { CliError } from '../errors.ts';
import { systemReason } from '../given/files.ts';
import { folderFiles } from '../given/folder-files.ts';
import type { KeptArtifact } from '../told/run-log.ts';

const folderOutput = 'Package.InstallationDirectoryPath';

/**
 * Copies the files that match a glob, as seen from the folder of each application the run extracted, or by the name under
 * which the run keeps them as artifacts, to a folder of the caller; returns where they are. A file lands under its own name; where two have the same, below the id of its
 * step, under its path in the application.
 *
 * @throws CliError FILE_NOT_WRITTEN
 */
export function collect(
  view: DeploymentView,
  glob: string,
  to: string,
  artifacts: readonly KeptArtifact[] = [],
): string[] {
  const matches = picomatch(glob, { dot: true });
  const applications = applicationFolders(view).flatMap(({ step, folder }) =>
    filesOf(folder)
      .filter((path) => matches(path))
      .map((path) => ({ step, from: join(folder, path), path })),
  );
  const kept = artifacts
    .filter(({ name }) => matches(name))
    .filter((artifact) => !applications.some((one) => isCopy(artifact, one)))
    .map(({ step, name, file }) => ({ step, from: file, path: name }));
  const found = [...applications, ...kept];
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

/** An artifact is a copy of a file that may lie in the application too; it is wanted once. */
function isCopy(
  { step, name, sizeBytes, sha256 }: KeptArtifact,
  one: { readonly step: string; readonly from: string },
): boolean {
  if (one.step !== step || basename(one.from) !== name || statSync(one.from).size !== sizeBytes) return false;
  return createHash('sha256').update(readFileSync(one.from)).digest('hex') === sha256;
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
