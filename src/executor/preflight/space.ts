import type { StatsFs } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { count, size } from '../../words.ts';
import { systemCode } from '../errors.ts';
import { fewOf, good, lacking, note, type HostCheck } from './host-check.ts';

/** Something that is going to be put below a folder, whether that is there yet or not. */
export type SpaceNeed = {
  readonly folder: string;
  /** As much as it takes more than is there now; less than nothing counts as nothing. */
  readonly bytes: number;
  readonly files: number;
  /** `Orders.Web 3.2.0, extracted`. */
  readonly what: string;
};

/** A file system as far as room on it goes. */
export type FileSystem = {
  /** Unmistakable among those of this machine. */
  readonly id: string;
  /** Where it begins. */
  readonly at: string;
  /** What an account without privileges may still use. */
  readonly freeBytes: number;
  /** How many more files it takes; null where it doesn't say. */
  readonly freeFiles: number | null;
};

/**
 * One check for each file system that something is put on: folders on the same one add up. `find` tells of the file
 * system of a folder; it throws as the file system does.
 */
export async function lookAtSpace(
  needs: readonly SpaceNeed[],
  find: (folder: string) => Promise<FileSystem> = fileSystemOf,
): Promise<HostCheck[]> {
  const byFileSystem = new Map<string, { readonly on: FileSystem; readonly needs: SpaceNeed[] }>();
  const unknown: HostCheck[] = [];
  for (const need of needs.filter(({ bytes, files }) => bytes > 0 || files > 0)) {
    try {
      const on = await find(need.folder);
      const known = byFileSystem.get(on.id) ?? { on, needs: [] };
      byFileSystem.set(on.id, known);
      known.needs.push(need);
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined) throw error;
      const looked = { id: `space:${need.folder}`, name: `Space in ${need.folder}` };
      unknown.push(note(looked, `the system does not tell how much is free (${code})`));
    }
  }
  return [...[...byFileSystem.values()].map(judged), ...unknown];
}

function judged({ on, needs }: { readonly on: FileSystem; readonly needs: readonly SpaceNeed[] }): HostCheck {
  const looked = { id: `space:${on.at}`, name: `Space on ${on.at}` };
  const bytes = needs.reduce((sum, need) => sum + need.bytes, 0);
  const files = needs.reduce((sum, need) => sum + need.files, 0);
  const parts = needs.toSorted((a, b) => b.bytes - a.bytes).map((need) => `${need.what} ${size(need.bytes)}`);
  const found = `${size(bytes)} are needed (${fewOf(parts)}), ${size(on.freeBytes)} are free`;
  if (bytes > on.freeBytes) {
    const short = size(bytes - on.freeBytes);
    return lacking(looked, found, `Free at least ${short} on ${on.at}, or have it extended, and look again.`);
  }
  if (on.freeFiles !== null && files > on.freeFiles) {
    return lacking(
      looked,
      `${count(files, 'file')} are to be made, and the file system takes ${on.freeFiles} more`,
      `Remove files on ${on.at} that nobody needs, and look again.`,
    );
  }
  return good(looked, found);
}

/** The file system that a folder is on, or will be once it is made. */
export async function fileSystemOf(folder: string): Promise<FileSystem> {
  const { path, dev } = await nearestThatIs(resolve(folder));
  let at = path;
  for (let above = dirname(at); above !== at && (await stat(above)).dev === dev; above = dirname(at))
    at = above;
  const room = await statfs(path);
  return { id: String(dev), at, freeBytes: room.bavail * room.bsize, freeFiles: freeFilesOf(room) };
}

/** File systems that make room for files as they need it say that they have none at all. */
function freeFilesOf({ files, ffree }: StatsFs): number | null {
  return files > 0 ? ffree : null;
}

async function nearestThatIs(path: string): Promise<{ readonly path: string; readonly dev: number }> {
  for (let here = path; ; here = dirname(here)) {
    try {
      return { path: here, dev: (await stat(here)).dev };
    } catch (error) {
      const isMissing = ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '');
      if (!isMissing || dirname(here) === here) throw error;
    }
  }
}

const blockBytes = 4096;

/** What files take on a disk that hands out whole blocks. */
export function onDisk(sizes: Iterable<number>): number {
  let bytes = 0;
  for (const one of sizes) bytes += Math.ceil(one / blockBytes) * blockBytes;
  return bytes;
}
