import { randomBytes } from 'node:crypto';
import { linkSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncPath, writeSynced } from './durable.ts';

/**
 * Writes a file that is not there yet, whole or not at all, readable by its owner only. Of two that write the same
 * one, the first has it; the other is told false and what it brought is gone.
 */
export function writeOnce(path: string, content: string | Uint8Array): boolean {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeSynced(temporary, content, 'wx');
    // Unlike a rename, a second name is refused where there is a file.
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncPath(dirname(path));
  return true;
}
