import { readdirSync } from 'node:fs';
import picomatch from 'picomatch';

/** Every file below a folder, relative with `/`, in a fixed order. Links are not followed and not told. */
export function filesBelow(folder: string): string[] {
  const found: string[] = [];
  const walk = (below: string): void => {
    const entries = readdirSync(`${folder}/${below}`, { withFileTypes: true });
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      if (entry.isDirectory()) walk(`${below}${entry.name}/`);
      else if (entry.isFile()) found.push(`${below}${entry.name}`);
    }
  };
  walk('');
  return found;
}

/**
 * Whether a path relative to a folder is meant by a pattern as Octopus writes them: `*`, `**`, `{a,b}`, `[ab]`; a
 * path that equals the pattern is always meant, so that a real name with brackets can be given. Names that begin
 * with a dot are names like others.
 */
export function pathMatcher(pattern: string): (path: string) => boolean {
  const plain = pattern.replaceAll('\\', '/').replace(/^(?:\.\/)+/, '');
  const matches = picomatch(plain, { dot: true, nonegate: true, noextglob: true, maxLength: 4096 });
  return (path) => path === plain || matches(path);
}
