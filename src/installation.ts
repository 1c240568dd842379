import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder this program lies in: the checkout, or the installed package. The same from `src/` and from `dist/`. */
export const installationFolder = folderAbove(import.meta.dirname);

/** What Node is given to start this very program. */
export const programFile = join(installationFolder, 'bin', 'crossgap.js');

let version: string | undefined;

/** The version in package.json, read once. */
export function programVersion(): string {
  version ??= (
    JSON.parse(readFileSync(join(installationFolder, 'package.json'), 'utf8')) as { version: string }
  ).version;
  return version;
}

function folderAbove(start: string): string {
  let folder = start;
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
