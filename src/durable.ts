import { closeSync, fsyncSync, openSync, writeFileSync } from 'node:fs';

/** Makes what was written to a file, or which files stand in a folder, survive a power cut. */
export function syncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Writes a file that only its owner can read, down to the disk; with `wx` one that must not be there yet. */
export function writeSynced(path: string, content: string | Uint8Array, flags: 'w' | 'wx'): void {
  const file = openSync(path, flags, 0o600);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
