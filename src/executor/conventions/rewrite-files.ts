import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { faultPoint } from '../../faults.ts';
import type { Work } from '../convention.ts';
import type { Disk } from '../disk.ts';
import { ExecutorError, systemCode } from '../errors.ts';
import { holdersOf } from '../file-holders.ts';

/**
 * Rewrites files one after another so that each is rewritten once, whatever ends the run in between: the digest of
 * the new content is written down first, and a file that already has it is left alone when the convention runs again.
 * Tells which files were rewritten, also those of an interrupted attempt.
 */
export async function rewriteFiles(
  work: Work,
  folder: string,
  files: readonly string[],
  rewrite: (bytes: Buffer, file: string) => Uint8Array | undefined,
): Promise<string[]> {
  const rewritten: string[] = [];
  for (const file of files) {
    work.signal.throwIfAborted();
    const path = join(folder, file);
    if (work.intended(path) !== undefined) removeLeftOvers(path);
    const before = contentOf(work.disk, path);
    if (work.intended(path) === work.digest(before)) {
      rewritten.push(file);
      continue;
    }
    const after = rewrite(before, file);
    if (after === undefined) continue;
    work.intend(path, work.digest(after));
    faultPoint('executor.rewrite.before');
    try {
      await work.disk.replace(path, after);
    } catch (error) {
      throw notChanged(path, error);
    }
    faultPoint('executor.rewrite.after');
    rewritten.push(file);
  }
  return rewritten;
}

/** What a file holds. Throws ExecutorError `FILE_NOT_CHANGED` where the file system does not let it be read. */
export function contentOf(disk: Pick<Disk, 'read'>, path: string): Buffer {
  try {
    return disk.read(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    const why = code === 'EACCES' ? 'this account may not read it' : (reasons[code] ?? code);
    throw new ExecutorError('FILE_NOT_CHANGED', `Cannot read ${path}: ${why}`, {
      hint: 'Check the file and its rights, then resume or retry.',
      details: { path, code },
      cause: error,
    });
  }
}

/** The file system's refusal to change a file, in words. */
export function notChanged(path: string, error: unknown): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  const holders = inUse.has(code) ? holdersOf(path) : [];
  const by = holders.length === 0 ? '' : `, used by ${holders.join(', ')}`;
  return new ExecutorError('FILE_NOT_CHANGED', `Cannot change ${path}: ${reasons[code] ?? code}${by}`, {
    hint: 'Stop what uses the file, check its rights and the free space, then resume or retry.',
    details: { path, code, holders },
    cause: error,
  });
}

/** Refusals that may come from whoever uses the file. */
const inUse = new Set(['EACCES', 'EPERM', 'EBUSY', 'ETXTBSY']);

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this account may not write there',
  EPERM: 'this account may not write there',
  EROFS: 'the file system is read-only',
  EBUSY: 'it is in use',
  ETXTBSY: 'it is a program that is running',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EISDIR: 'a folder is in its place',
  ENOTDIR: 'a file stands where a folder should be',
  ENOTEMPTY: 'a folder is in its place',
  ENAMETOOLONG: 'its path is too long for the file system',
};

/** Half-written siblings of a replacement that was cut off. */
function removeLeftOvers(path: string): void {
  const start = `.${basename(path).slice(0, 100)}.`;
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(start) && /^[0-9a-f-]{36}\.tmp$/.test(name.slice(start.length))) {
      rmSync(join(dirname(path), name));
    }
  }
}
