/*
 * What an installer and a runner begin with: unpacks the program they hold, and starts it as if it were installed.
 * Built as one plain script, which the runtime finds in its own executable.
 *
 *   FILE WORDS…                 what a person types; the program itself is told that it was started by the file
 *   FILE PROGRAMFILE WORDS…     a process that the program starts: the file is the unpacked program's own
 */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { createRequire, enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { getAsset, getRawAsset } from 'node:sea';
import {
  assetOf,
  folderDigits,
  helpFile,
  manifestAsset,
  startFile,
  type ProgramManifest,
} from '../program.ts';
import { dataFolderOf, saidFolder } from './data-folder.ts';
import { refusalLines, Refusal } from './errors.ts';
import {
  clearPrograms,
  compiledOf,
  holdProgram,
  type Held,
  type LockFile,
  type OpenLockFile,
} from './hold-program.ts';
import { readInPlace } from './read-in-place.ts';
import { guarded, undamaged, unpack, type Packed } from './unpack.ts';

const words = process.argv.slice(2);

async function start(): Promise<void> {
  const text = getAsset(manifestAsset, 'utf8');
  const manifest = JSON.parse(text) as ProgramManifest;
  const name = createHash('sha256').update(text).digest('hex').slice(0, folderDigits);
  const own = ownFolder(name);
  const packed: Packed = {
    file: process.execPath,
    manifest,
    bytesOf: (path) => new Uint8Array(getRawAsset(assetOf(path))),
  };
  if (own === undefined && words.some((word) => showing.test(word)) && (await showsOnly(packed))) return;
  const data = own === undefined ? dataFolderOf(words, machine) : dirname(dirname(own));
  const folder = own ?? join(data, 'program', name);
  const held = heldProgram(folder, () => {
    unpack(folder, packed, tell);
    refuseUnrunnable(join(folder, manifest.native), data);
  });
  process.once('exit', () => held.close());
  if (own === undefined) clearOthers(folder);
  // Beside the program, since nothing is written elsewhere.
  enableCompileCache(compiledOf(folder));
  const file = join(folder, ...startFile.split('/'));
  if (own === undefined) startedByPerson(data);
  else process.argv = [process.execPath, file, ...words.slice(1)];
  createRequire(file)(file);
}

/** Help says where things would be kept, if anything says where. */
function folderToTell(): string | undefined {
  try {
    return dataFolderOf(words, machine);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** The program is told where things are kept, and that it was started by the file itself. */
function startedByPerson(data: string | undefined): void {
  if (data !== undefined && saidFolder(words) === undefined) process.env['CROSSGAP_DATA'] = data;
  process.argv = [process.execPath, process.execPath, ...words];
}

/** Words of a command line that may ask for no more than to be shown something; the program itself says whether they do. */
const showing = /^(?:help|--help|-h|version|--version|-v)$/;

/** Shows what needs no unpacked program: nothing is written for it, wherever and by whom it is asked for. */
async function showsOnly(packed: Packed): Promise<boolean> {
  const paths = new Set(packed.manifest.files.map(({ path }) => path));
  using reading = readInPlace(packed.file, (path) =>
    paths.has(path) ? Buffer.from(undamaged(packed, path)).toString('utf8') : undefined,
  );
  startedByPerson(folderToTell());
  const file = join(reading.folder, ...helpFile.split('/'));
  const { showOnly } = createRequire(file)(file) as {
    readonly showOnly: (process: NodeJS.Process) => Promise<boolean>;
  };
  return await showOnly(process);
}

const tell = (line: string): void => void process.stderr.write(`${line}\n`);

/** Nobody removes a program that is held. One that was removed before it could be is unpacked again. */
function heldProgram(folder: string, unpackAll: () => void): Held {
  for (;;) {
    unpackAll();
    const held = guarded(dirname(folder), () => holdProgram(folder, lockFiles(folder)));
    if (held !== undefined) return held;
  }
}

function clearOthers(folder: string): void {
  try {
    clearPrograms(folder, lockFiles(folder));
  } catch (error) {
    // It takes room and does no harm; the next start tries again.
    const why = error instanceof Error ? error.message : String(error);
    tell(`Programs of earlier files could not be removed from ${dirname(folder)}: ${why}`);
  }
}

/** The one library that can hold a lock is in the program. */
function lockFiles(folder: string): OpenLockFile {
  const Database = createRequire(join(folder, startFile))('better-sqlite3') as new (
    path: string,
    options: { readonly timeout: number },
  ) => LockFile;
  return (path, timeout) => new Database(path, { timeout });
}

/** The folder of the unpacked program, where the first word is its start file. */
function ownFolder(name: string): string | undefined {
  const file = words[0];
  if (file === undefined) return undefined;
  const folder = resolve(file, ...startFile.split('/').map(() => '..'));
  const isOwn = basename(folder) === name && resolve(folder, startFile) === resolve(file);
  return isOwn ? folder : undefined;
}

const machine = {
  platform: process.platform,
  env: process.env,
  currentFolder: process.cwd(),
  isPrivileged,
  home: homedir,
};

function isPrivileged(): boolean {
  if (process.platform !== 'win32') return process.geteuid?.() === 0;
  try {
    // Windows lets only elevated accounts look in there.
    readdirSync(join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'config'));
    return true;
  } catch {
    return false;
  }
}

/** The one file with native code has to be mapped as code, which a folder mounted `noexec` refuses. */
function refuseUnrunnable(native: string, data: string): void {
  try {
    process.dlopen({ exports: {} }, native);
  } catch (cause) {
    throw new Refusal(
      'PROGRAM_NOT_RUNNABLE',
      `Cannot run the program from ${data}: the system does not run code from there`,
      'The folder may lie on a disk mounted noexec, or a policy may forbid it: name another one with --data.',
      { path: native, said: cause instanceof Error ? cause.message : String(cause) },
      cause,
    );
  }
}

start().catch((error: unknown) => {
  const { lines, exitCode } = refusalLines(error, words.includes('--json'));
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exitCode = exitCode;
});
