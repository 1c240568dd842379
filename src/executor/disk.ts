import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { replaceFile } from '../config-files/index.ts';
import { systemCode } from './errors.ts';
import { filesBelow } from './folder-files.ts';

/**
 * The files that conventions look at and rewrite. A convention that touches files through this alone does the same to a
 * package that was never extracted, which is how a plan tells what a run would do. Paths are absolute.
 */
export type Disk = {
  /** Every file below a folder, relative with `/`, in a fixed order; links are neither followed nor told. */
  filesBelow(folder: string): string[];
  /** The names of the files in a folder, sorted; none for one that is not there. */
  filesIn(folder: string): string[];
  isFolder(path: string): boolean;
  /** Whether there is anything of this name. */
  has(path: string): boolean;
  /** Throws as the file system does. */
  read(path: string): Buffer;
  /** Puts new content in the place of a file at once. Throws as the file system does. */
  replace(path: string, bytes: Uint8Array): Promise<void>;
};

/** The disk of this machine. */
export const realDisk: Disk = {
  filesBelow,
  filesIn(folder) {
    try {
      const entries = readdirSync(folder, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => entry.name)
        .sort();
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemCode(error) ?? '')) return [];
      throw error;
    }
  },
  isFolder: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true,
  has: (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
  read: (path) => readFileSync(path),
  replace: replaceFile,
};
