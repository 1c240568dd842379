import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from './errors.ts';

/** A folder for what is being made, which goes when it is done with. */
export type Workplace = AsyncDisposable & { readonly path: string };

/**
 * Makes a folder of its own below `folder`. What others left there who were ended, as by a power cut, is removed: each
 * carries the number of its process.
 */
export async function openWorkplace(folder: string, what: string): Promise<Workplace> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await clearLeft(folder);
  const path = await mkdtemp(join(folder, `${what}-${process.pid}-`));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}

async function clearLeft(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    // Folders of this kind, and a runtime that was about to be kept.
    const [, inFolder, inFile] =
      /^(?:(?:making|fetching|bundle)-(\d+)-|node-.*\.(\d+)\.tmp$)/.exec(name) ?? [];
    const pid = inFolder ?? inFile;
    if (pid === undefined || isAlive(Number(pid))) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}
