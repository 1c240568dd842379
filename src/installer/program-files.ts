import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installationFolder } from '../installation.ts';
import { InstallerError } from './errors.ts';

/** A file of the program: where it goes, and where it lies now. */
export type SourceFile = { readonly path: string; readonly from: string };

const ownFolders = ['bin', 'dist', 'migrations'];
const ownFiles = ['package.json', 'LICENSE'];

/** The script that an executable begins with. */
export const bootstrapFile = 'dist/installer/bootstrap.cjs';

/** Where the native part of a platform lies in the program. */
export function nativeFile(native: string): string {
  return `node_modules/better-sqlite3/prebuilds/${native}.node`;
}

/**
 * What the program consists of on a platform, in the order of the paths.
 *
 * @param native how better-sqlite3 calls the platform
 * @throws {InstallerError} PROGRAM_INCOMPLETE
 */
export function programFiles(native: string): readonly SourceFile[] {
  const own = [
    ...ownFolders.flatMap((folder) => filesBelow(installationFolder, folder)),
    ...ownFiles.filter((path) => existsSync(join(installationFolder, path))),
  ].map((path) => ({ path, from: join(installationFolder, path) }));
  const library = libraryFolder();
  const libraryFiles = [...filesBelow(library, 'lib'), 'package.json', 'LICENSE', `prebuilds/${native}.node`];
  const brought = libraryFiles.map((path) => ({
    path: `node_modules/better-sqlite3/${path}`,
    from: join(library, path),
  }));
  const lacking = [...own, ...brought].find(({ from }) => !existsSync(from));
  if (lacking !== undefined) throw incomplete(`${lacking.path} is not there`);
  return [...own, ...brought].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** A package manager puts a library below the program, or beside it. */
function libraryFolder(): string {
  const name = 'better-sqlite3';
  const places = [join(installationFolder, 'node_modules', name), join(installationFolder, '..', name)];
  const found = places.find((place) => existsSync(join(place, 'package.json')));
  if (found === undefined) throw incomplete(`${name} is not beside it`);
  return found;
}

function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(root, path) : [path];
  });
}

/** From a checkout the program is built first, where its source is newer. @throws {InstallerError} PROGRAM_INCOMPLETE */
export async function buildProgram(signal: AbortSignal): Promise<void> {
  const script = join(installationFolder, 'build.ts');
  if (!existsSync(script)) return;
  const { builtIsCurrent } = (await import(
    pathToFileURL(join(installationFolder, 'bin', 'built.js')).href
  )) as { builtIsCurrent: () => boolean };
  if (builtIsCurrent() && existsSync(join(installationFolder, bootstrapFile))) return;
  const [code, said] = await new Promise<[number | null, string]>((resolve, reject) => {
    const child = spawn(process.execPath, [script, '--fresh'], {
      cwd: installationFolder,
      env: { ...process.env, NO_COLOR: '1' },
      signal,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (more: string) => (text += more));
    child.once('error', reject);
    child.once('close', (ended) => resolve([ended, text]));
  });
  if (code !== 0) throw incomplete('its source could not be built', { said: said.slice(-2000) });
}

function incomplete(why: string, details: object = {}): InstallerError {
  return new InstallerError('PROGRAM_INCOMPLETE', `Cannot put the program into an executable: ${why}`, {
    hint: 'Run `npm install` and `npm run build` in a checkout, or install the package again.',
    details: { folder: installationFolder, ...details },
  });
}
