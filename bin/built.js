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
  // A folder's own time tells of files that were removed or moved away.
  const inside = readdirSync(source, { recursive: true, encoding: 'utf8' }).map((name) => join(source, name));
  const all = [...inside, source, join(root, 'package.json'), join(root, 'build.ts')];
  return all.every((path) => statSync(path).mtimeMs <= built.mtimeMs);
}
