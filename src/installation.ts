import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import description from '../package.json' with { type: 'json' };

/** The folder this program lies in: the checkout, or the installed package. The same from `src/` and from `dist/`. */
export const installationFolder = folderAbove(import.meta.dirname);

/** What Node is given to start this very program. */
export const programFile = join(installationFolder, 'bin', 'crossgap.js');

/** The version in package.json, as it was when the program was built. */
export function programVersion(): string {
  return description.version;
}

function folderAbove(start: string): string {
  let folder = start;
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
