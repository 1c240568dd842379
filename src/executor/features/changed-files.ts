/**
 * Files of the machine that a feature changes, so that all of them can be put back. Before the first change a list of
 * what was there, with copies, is put into the step's `kept` folder, whole or not at all; an interrupted step that goes
 * on finds it there and changes nothing about it. A file that somebody else has changed since is left alone.
 */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { faultPoint } from '../../faults.ts';
import { ExecutorError, systemCode } from '../errors.ts';
import { notChanged } from '../conventions/rewrite-files.ts';
import type { FeatureWork } from './feature.ts';

/** What a file becomes; without bytes it goes, without a mode it keeps the one it has. */
export type NewFile = { readonly path: string; readonly bytes?: Uint8Array; readonly mode?: number };

const Before = z.strictObject({
  foldersMade: z.array(z.string()),
  files: z.array(
    z.strictObject({
      path: z.string(),
      /** The digest of what it becomes, null where it goes. */
      after: z.string().nullable(),
      /** What was there, null where nothing was. */
      before: z.strictObject({ copy: z.string(), mode: z.int() }).nullable(),
    }),
  ),
});
type Before = z.infer<typeof Before>;

/**
 * Puts files in place, each at once. Returns those that differ from what was there. Throws `FILE_NOT_CHANGED`; what
 * was put until then is put back by `putBack`.
 */
export function putFiles(work: FeatureWork, name: string, files: readonly NewFile[]): string[] {
  const folder = join(work.kept, name);
  if (!existsSync(folder)) keep(work, folder, files);
  const changed: string[] = [];
  for (const file of files) {
    attempt(file.path, () => {
      const there = existsSync(file.path) ? readFileSync(file.path) : undefined;
      const modeNow = there === undefined ? undefined : statSync(file.path).mode & 0o777;
      const mode = file.mode ?? modeNow ?? 0o644;
      if (file.bytes === undefined) {
        if (there !== undefined) rmSync(file.path);
      } else if (there === undefined || mode !== modeNow || !there.equals(file.bytes)) {
        mkdirSync(dirname(file.path), { recursive: true });
        writeWhole(file.path, file.bytes, mode);
      } else {
        return;
      }
      if (there !== undefined || file.bytes !== undefined) changed.push(file.path);
    });
    faultPoint('executor.feature.file-put');
  }
  return changed;
}

/** Puts back what `putFiles` changed under this name; nothing where it never did. Returns the files put back. */
export function putBack(work: FeatureWork, name: string): string[] {
  const folder = join(work.kept, name);
  if (!existsSync(folder)) return [];
  const { files, foldersMade } = readBefore(folder);
  const done = files.toReversed().filter(({ path, after, before }) => {
    const there = existsSync(path) ? work.digest(readFileSync(path)) : null;
    const copy = before === null ? undefined : readFileSync(join(folder, before.copy));
    if (there === (copy === undefined ? null : work.digest(copy))) return false;
    if (there !== after) {
      work.log('warning', `${path} was changed by somebody else meanwhile and stays as it is`);
      return false;
    }
    attempt(path, () => {
      if (copy === undefined) rmSync(path, { force: true });
      else writeWhole(path, copy, before!.mode);
    });
    return true;
  });
  for (const made of foldersMade.toReversed()) removeIfEmpty(made);
  rmSync(folder, { recursive: true });
  return done.map(({ path }) => path);
}

/** Whether something was put under this name that can be put back. */
export function isPut(work: FeatureWork, name: string): boolean {
  return existsSync(join(work.kept, name));
}

function keep(work: FeatureWork, folder: string, files: readonly NewFile[]): void {
  const half = `${folder}.half`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { recursive: true, mode: 0o700 });
  const foldersMade = new Set<string>();
  const list: Before = {
    foldersMade: [],
    files: files.map(({ path, bytes }, n) => {
      for (const made of missingFolders(dirname(path))) foldersMade.add(made);
      const after = bytes === undefined ? null : work.digest(bytes);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined) return { path, after, before: null };
      if (!stats.isFile() && !stats.isSymbolicLink()) throw notAFile(path);
      const copy = String(n);
      attempt(path, () => writeFileSync(join(half, copy), readFileSync(path), { mode: 0o600 }));
      return { path, after, before: { copy, mode: stats.mode & 0o777 } };
    }),
  };
  list.foldersMade = [...foldersMade];
  writeFileSync(join(half, 'list.json'), JSON.stringify(list), { mode: 0o600, flush: true });
  renameSync(half, folder);
}

function readBefore(folder: string): Before {
  return Before.parse(JSON.parse(readFileSync(join(folder, 'list.json'), 'utf8')));
}

/** The folders that are not there yet, outermost first. */
function missingFolders(folder: string): string[] {
  if (existsSync(folder) || dirname(folder) === folder) return [];
  return [...missingFolders(dirname(folder)), folder];
}

/** Writes beside and renames, so that nobody reads half a file; where a link stands, what it points to is written. */
function writeWhole(path: string, bytes: Uint8Array, mode: number): void {
  const target = existsSync(path) ? realpathSync(path) : path;
  const beside = join(dirname(target), `.${basename(target)}.crossgap`);
  rmSync(beside, { force: true });
  writeFileSync(beside, bytes, { mode, flush: true });
  chmodSync(beside, mode);
  renameSync(beside, target);
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'ENOENT', 'EEXIST'].includes(systemCode(error) ?? '')) throw error;
  }
}

function notAFile(path: string): ExecutorError {
  return new ExecutorError('FILE_NOT_CHANGED', `Cannot change ${path}: it is not a file`, {
    hint: 'Look at what stands there and move it away, then retry.',
    details: { path },
  });
}

function attempt(path: string, change: () => void): void {
  try {
    change();
  } catch (error) {
    throw notChanged(path, error);
  }
}
