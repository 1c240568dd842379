import type { BundleInFile } from '../bundles/index.ts';
import { InstallerError } from './errors.ts';
import { beginsAsExecutable, readInstaller, type InstallerFile } from './installer-file.ts';

/** Where the bundle of an installer lies; undefined in a runner. */
export function bundleIn({
  path,
  index,
}: InstallerFile):
  | { readonly path: string; readonly offset: number; readonly sizeBytes: number }
  | undefined {
  if (index.bundle === null) return undefined;
  const { offset, sizeBytes } = index.bundle;
  return { path, offset, sizeBytes };
}

/** Tells those who look for bundles where one lies in an installer. @throws {InstallerError} INSTALLER_UNREADABLE */
export const bundleInInstaller: BundleInFile = async (path, start) => {
  if (!beginsAsExecutable(start)) return undefined;
  try {
    const file = await readInstaller(path);
    return file === undefined ? undefined : bundleIn(file);
  } catch (error) {
    if (!(error instanceof InstallerError) || error.code === 'INSTALLER_UNREADABLE') throw error;
    const unfit = error.code === 'INSTALLER_VERSION_UNKNOWN' ? 'version' : 'damaged';
    return { unfit, why: error.message.slice(error.message.indexOf(': ') + 2) };
  }
};
