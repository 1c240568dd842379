import { renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncPath, writeSynced } from './durable.ts';

/**
 * Puts `content` in the place of the file at `path`, whole or not at all, readable by its owner only unless `prepare`
 * gives the new file other rights before it takes its place.
 */
export function replaceFile(
  path: string,
  content: string | Uint8Array,
  prepare: (temporary: string) => void = () => {},
): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeSynced(temporary, content, 'w');
    prepare(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncPath(dirname(path));
}
