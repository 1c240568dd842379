import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import type { ProgramManifest } from '../program.ts';
import { copyAgain, Refusal } from './errors.ts';

/** The program as the executable holds it. */
export type Packed = {
  /** The executable. */
  readonly file: string;
  readonly manifest: ProgramManifest;
  /** The bytes of one of its files. */
  readonly bytesOf: (path: string) => Uint8Array;
};

/**
 * Sees that the program lies unpacked in a folder, with every byte as the executable has it and nothing besides. Where
 * it does not, it is unpacked beside it and takes its place as a whole; of two that do so at once either will do. A
 * damaged executable takes the place of nothing.
 *
 * @throws {Refusal} DATA_FOLDER_UNUSABLE, INSTALLER_DAMAGED
 */
export function unpack(folder: string, packed: Packed, tell: (line: string) => void): void {
  const place = dirname(folder);
  guarded(place, () => {
    keepToOurselves(dirname(place));
    makeFolders(place);
    refuseForeign(place);
  });
  const found = guarded(folder, () => stateOf(folder, packed));
  if (found === 'whole') return;
  const files = guarded(place, () =>
    packed.manifest.files.map(({ path }) => [path, undamaged(packed, path)] as const),
  );
  if (found === 'altered') tell(`The program in ${folder} was changed since it was unpacked: it is put back`);
  guarded(place, () => replace(place, folder, { packed, files }));
}

/** The bytes of one file of the program, as it was built. @throws {Refusal} INSTALLER_DAMAGED */
export function undamaged({ file, manifest, bytesOf }: Packed, path: string): Uint8Array {
  const bytes = bytesOf(path);
  const wanted = manifest.files.find((one) => one.path === path)?.sha256;
  if (createHash('sha256').update(bytes).digest('hex') === wanted) return bytes;
  throw new Refusal(
    'INSTALLER_DAMAGED',
    `Cannot use ${basename(file)}: its program is damaged: ${path} in it is not as it was built`,
    copyAgain,
    { file, part: 'program', path },
  );
}

/** One folder after the other: the runtime's own way to make several tells something else than what the system refused. */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

function replace(
  place: string,
  folder: string,
  { packed, files }: { packed: Packed; files: readonly (readonly [path: string, bytes: Uint8Array])[] },
): void {
  clearLeft(place);
  const fresh = mkdtempSync(join(place, 'new-'));
  try {
    for (const [path, bytes] of files) {
      const file = join(fresh, ...path.split('/'));
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, bytes, { mode: 0o600, flag: 'wx' });
    }
    const aside = `${fresh}-before`;
    if (lstatSync(folder, { throwIfNoEntry: false }) !== undefined) renameSync(folder, aside);
    try {
      renameSync(fresh, folder);
    } catch (error) {
      // Somebody else was faster.
      if (stateOf(folder, packed) !== 'whole') throw error;
    }
    rmSync(aside, { recursive: true, force: true });
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

const leftMs = 10 * 60 * 1000;

/** Removes what was left where somebody was ended while unpacking; who unpacks now is done in a second. */
function clearLeft(place: string): void {
  for (const name of readdirSync(place).filter((one) => one.startsWith('new-'))) {
    const path = join(place, name);
    if (Date.now() - lstatSync(path).mtimeMs > leftMs) rmSync(path, { recursive: true, force: true });
  }
}

function stateOf(folder: string, { manifest, bytesOf }: Packed): 'absent' | 'whole' | 'altered' {
  if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return 'absent';
  const paths = filesBelow(folder);
  if (paths === undefined || paths.length !== manifest.files.length) return 'altered';
  const wanted = new Set(manifest.files.map(({ path }) => path));
  return paths.every((path) => wanted.has(path) && readFileSync(join(folder, path)).equals(bytesOf(path)))
    ? 'whole'
    : 'altered';
}

/** Undefined where something lies there that is neither file nor folder. */
function filesBelow(folder: string): string[] | undefined {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  if (entries.some((entry) => !entry.isFile() && !entry.isDirectory())) return undefined;
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      join(parentPath, name)
        .slice(folder.length + 1)
        .split(sep)
        .join('/'),
    );
}

/** What lies in a data folder from its beginning, or is put beside it before an instance is made there. */
const marks = ['crossgap.db', 'crossgap.db.restoring', 'init.lock'] as const;
const beside = /^(?:program|runtimes|installer\.lock.*)$/;

/**
 * Looks whether a data folder that is there already is empty or a site's, and this account's own; that others can write
 * there is ended. Who may write to it can put something else in the place of all that is kept there.
 */
function keepToOurselves(data: string): void {
  if (!existsSync(data) || !statSync(data).isDirectory()) return;
  const names = readdirSync(data);
  if (!names.every((name) => beside.test(name)) && !marks.some((mark) => names.includes(mark)))
    throw unusable(data, 'other things lie there', 'Name another folder with --data, or an empty one.');
  const owner = process.geteuid?.();
  if (owner === undefined) return;
  const { uid, mode } = statSync(data);
  if (uid !== owner) throw ofOther(data, uid);
  // Whoever keeps applications there may let others read them.
  const kept = names.length === 0 ? 0o700 : mode & ~0o022 & 0o7777;
  if ((mode & 0o7777) !== kept) chmodSync(data, kept);
}

function ofOther(path: string, uid: number): Refusal {
  return unusable(
    path,
    `it belongs to another account (number ${uid})`,
    'Start it as the account that owns the folder, or name another with --data.',
  );
}

/** What somebody else may write to can be changed between the look and the start. */
function refuseForeign(place: string): void {
  const owner = process.geteuid?.();
  if (owner === undefined) return;
  const { uid, mode } = lstatSync(place);
  if (uid !== owner) throw ofOther(place, uid);
  if ((mode & 0o077) !== 0) chmodSync(place, 0o700);
}

/** What the system refuses, in words. */
export function guarded<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const system = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
    if (cause instanceof Refusal || system === undefined) throw cause;
    const { why, mend, elsewhere = 'name another folder' } = reasons[system] ?? unknown(system);
    const other = `${elsewhere} with --data.`;
    const hint =
      mend === undefined
        ? `${other[0]!.toUpperCase()}${other.slice(1)}`
        : isInSite(path)
          ? `${mend}, then start it again: another folder would be another site.`
          : `${mend}, or ${other}`;
    throw unusable(path, why, hint, cause);
  }
}

/** Whether the data folder in which the program, or the folder of all of them, lies has a site already. */
const isInSite = (path: string): boolean =>
  [dirname(path), dirname(dirname(path))].some((data) => existsSync(join(data, marks[0])));

/** What can be mended where it is, and where else the program can be kept. */
type Reason = { readonly why: string; readonly mend?: string; readonly elsewhere?: string };

const rights: Reason = {
  why: 'this account may not write there',
  mend: 'Start it as an account that may write there',
};
const inTheWay: Reason = { why: 'a file is in the way', mend: 'Move the file away' };
const otherDisk = 'name a folder on another disk';
const unknown = (system: string): Reason => ({ why: `the system says ${system}` });
const reasons: Readonly<Record<string, Reason>> = {
  EACCES: rights,
  EPERM: rights,
  EROFS: {
    why: 'it lies on a read-only file system',
    mend: 'Have it mounted for writing',
    elsewhere: otherDisk,
  },
  ENOSPC: {
    why: 'there is no space left',
    mend: 'Make room (the program takes 15 MB)',
    elsewhere: otherDisk,
  },
  EDQUOT: { why: 'there is no space left for this account', mend: 'Make room (the program takes 15 MB)' },
  ENOTDIR: inTheWay,
  EEXIST: inTheWay,
  ELOOP: { why: 'its links lead in a circle' },
  ENAMETOOLONG: { why: 'its name is too long', elsewhere: 'name a shorter one' },
  SQLITE_CANTOPEN: rights,
  SQLITE_READONLY: rights,
  SQLITE_BUSY: { why: 'another process works there', mend: 'Wait until that is done' },
  SQLITE_FULL: { why: 'there is no space left', mend: 'Make room', elsewhere: otherDisk },
  EIO: { why: 'the disk reports an error', mend: 'Have the disk looked at', elsewhere: otherDisk },
};

function unusable(path: string, why: string, hint: string, cause?: unknown): Refusal {
  return new Refusal(
    'DATA_FOLDER_UNUSABLE',
    `Cannot keep the program in ${path}: ${why}`,
    hint,
    { path },
    cause,
  );
}
