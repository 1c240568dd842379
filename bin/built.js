// Whether `dist/` is what the source beside it says. An installed package has no source: its build is all there is.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** @returns {boolean} false where there is no build, or where the source changed after it. */
export function builtIsCurrent() {
  const built = statSync(join(root, 'dist', 'cli', 'main.js'), { throwIfNoEntry: false });
  if (built === undefined) return false;
  const source = join(root, 'src');
  if (!existsSync(source)) return true;
  const isOlder = (path) => statSync(path).mtimeMs <= built.mtimeMs;
  // A folder's own time tells of files that were removed or moved away. Each start from a checkout passes here: walking
  // by hand takes a third of the time of a recursive listing.
  const isFolderOlder = (folder) =>
    isOlder(folder) &&
    readdirSync(folder, { withFileTypes: true }).every((entry) =>
      (entry.isDirectory() ? isFolderOlder : isOlder)(`${folder}/${entry.name}`),
    );
  return isOlder(join(root, 'package.json')) && isOlder(join(root, 'build.ts')) && isFolderOlder(source);
}
