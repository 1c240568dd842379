import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { logPath } from '../executor/index.ts';
import type { Instance } from '../instance/index.ts';
import { findDeployment } from '../projections/index.ts';

const bytesMax = 256 * 1024;

/** The newest whole lines of what a run of this side wrote, masked as they are on disk; undefined where there is none. */
export function endOfRunLog({ db, folder }: Instance, deployment: string): string | undefined {
  if (findDeployment(db, deployment) === undefined) return undefined;
  const file = openIfThere(logPath(folder.run(deployment)));
  if (file === undefined) return undefined;
  try {
    const from = Math.max(0, fstatSync(file).size - bytesMax);
    const bytes = Buffer.alloc(bytesMax);
    const text = bytes.toString('utf8', 0, readSync(file, bytes, 0, bytesMax, from));
    return from === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    closeSync(file);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
