import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';
import { pathMatcher } from '../folder-files.ts';
import type { Plan } from '../plan.ts';
import type { PackageAhead } from './planned-folders.ts';
import { onDisk, type SpaceNeed } from './space.ts';

/** For the journal, the log and what else a run writes about itself. */
const recordBytes = 32 * 1024 * 1024;

/**
 * What a run puts where: each package extracted to a folder of its own beside the version before it, which stays, and
 * once more where it is copied to a folder of its own, less what the copy takes the place of. Looking at what is there
 * stops when `deadline` aborts; what was not seen by then counts as nothing.
 */
export async function spaceNeeds(
  plan: Plan,
  packages: readonly PackageAhead[],
  dataFolder: string,
  deadline: AbortSignal,
): Promise<SpaceNeed[]> {
  const needs: SpaceNeed[] = [
    { folder: dataFolder, bytes: recordBytes, files: 20, what: 'record of the run' },
  ];
  for (const { action, install, files } of packages) {
    const { id, version } = action.package;
    if (files === null) continue;
    const bytes = onDisk(files.values());
    const what = `${id} ${version}`;
    needs.push({ folder: plan.appsFolder, bytes, files: files.size, what: `${what}, extracted` });
    if (install.kind !== 'known') continue;
    const there = await replaced(install, files, deadline);
    needs.push({
      folder: install.folder,
      // A file is written beside the one it replaces, so there is one more of them at a time.
      bytes: Math.max(0, bytes - there.bytes) + largest(files.values()),
      files: Math.max(0, files.size - there.files) + 1,
      what: `${what}, in ${install.folder}`,
    });
  }
  return needs;
}

type There = { readonly bytes: number; readonly files: number };

/** What goes from a folder when a copy comes into it: what it purges, else the files of the same names. */
async function replaced(
  {
    folder,
    purge,
    keep,
  }: { readonly folder: string; readonly purge: boolean; readonly keep: readonly string[] },
  files: ReadonlyMap<string, number>,
  deadline: AbortSignal,
): Promise<There> {
  const kept = keep.map(pathMatcher);
  const isKept = (path: string): boolean => kept.some((matches) => matches(path));
  const sizes: number[] = [];
  const names = purge ? filesIn(folder, '', { isKept, deadline }) : [...files.keys()];
  for await (const name of names) {
    if (deadline.aborted) break;
    const size = sizeOf(join(folder, name));
    if (size !== undefined) sizes.push(size);
  }
  return { bytes: onDisk(sizes), files: sizes.length };
}

function sizeOf(path: string): number | undefined {
  try {
    const facts = statSync(path, { throwIfNoEntry: false });
    return facts?.isFile() === true ? facts.size : undefined;
  } catch (error) {
    // What is in the way of it is said where folders are looked at.
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

function largest(sizes: Iterable<number>): number {
  let most = 0;
  for (const size of sizes) most = Math.max(most, size);
  return most;
}

type Walk = { readonly isKept: (path: string) => boolean; readonly deadline: AbortSignal };

/** What a purge removes: a folder that is kept is kept with all that is in it. */
async function* filesIn(folder: string, below: string, walk: Walk): AsyncGenerator<string> {
  if (walk.deadline.aborted) return;
  const entries = await readdir(join(folder, below), { withFileTypes: true }).catch((error: unknown) => {
    if (systemCode(error) === undefined) throw error;
    return [];
  });
  for (const entry of entries) {
    const path = `${below}${entry.name}`;
    if (walk.isKept(path)) continue;
    if (entry.isDirectory()) yield* filesIn(folder, `${path}/`, walk);
    else if (entry.isFile()) yield path;
  }
}
