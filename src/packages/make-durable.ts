import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeNamesDurable } from './write-whole.ts';

/** Above so many files the whole file system is asked at once: each file by itself would be a write of its journal. */
const filesOneByOneMax = 32;
const atOnce = 8;
/** So many files are written before those so far go to the disk beside the rest, which leaves little to wait for. */
const filesPerTurn = 4000;

/** Has what is written below a folder outlast a power cut. */
export type Durability = {
  /** One more file is written. */
  wrote(): void;
  /**
   * Waits until all of `made` (paths below the folder) would survive. Rejects with the system's error where the disk
   * refuses.
   */
  settled(made: { readonly files: readonly string[]; readonly folders: readonly string[] }): Promise<void>;
};

/** Nothing is below `folder` yet. */
export function durability(folder: string): Durability {
  let files = 0;
  let running: Promise<unknown> | undefined;
  return {
    wrote() {
      files += 1;
      if (files % filesPerTurn !== 0 || running !== undefined) return;
      running = syncFileSystem(folder).then(() => (running = undefined));
    },
    async settled(made) {
      await running;
      if (made.files.length > filesOneByOneMax && (await syncFileSystem(folder))) return;
      await inParallel(made.files, (name) => syncFile(join(folder, name)));
      await inParallel(['', ...made.folders], (name) => makeNamesDurable(join(folder, name)));
    },
  };
}

/** Whether all that is on the file system of `folder` is on its disk now; false where there is no such program. */
async function syncFileSystem(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  try {
    await promisify(execFile)('sync', ['-f', folder]);
    return true;
  } catch {
    // One by one they tell what is wrong, where anything is.
    return false;
  }
}

async function inParallel(names: readonly string[], work: (name: string) => Promise<void>): Promise<void> {
  const left = names.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const name of left) await work(name);
    }),
  );
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
