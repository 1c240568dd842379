import { closeSync, constants, futimesSync, openSync, writeSync } from 'node:fs';

/** New files in folders that are there; their contents follow each other in `bytes`, each up to its end. */
export type FileBatch = {
  readonly paths: readonly string[];
  readonly ends: readonly number[];
  /** When each was changed, in seconds since 1970; null is now. */
  readonly seconds: readonly (number | null)[];
  readonly bytes: Uint8Array;
};

const newFile = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;

/** Opens a new file to write; never one that is there, and nothing is followed. */
export function openNew(path: string): number {
  return openSync(path, newFile, 0o644);
}

/** Writes all of them, or throws the system's error at the first that can't be. */
export function writeFiles({ paths, ends, seconds, bytes }: FileBatch): void {
  let start = 0;
  for (const [index, path] of paths.entries()) {
    const end = ends[index]!;
    writeFile(path, bytes.subarray(start, end), seconds[index]!);
    start = end;
  }
}

export function writeFile(path: string, content: Uint8Array, seconds: number | null): void {
  const descriptor = openNew(path);
  try {
    writeAll(descriptor, content);
    if (seconds !== null) futimesSync(descriptor, seconds, seconds);
  } finally {
    closeSync(descriptor);
  }
}

export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
}
