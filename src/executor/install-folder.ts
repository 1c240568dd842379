import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, parse, resolve, sep } from 'node:path';
import { homeFolder } from '../account.ts';
import { installationFolder } from '../installation.ts';
import { ExecutorError, systemCode } from './errors.ts';

/** Folders that belong to the system as a whole; an application may live below most of them, never in their place. */
const systemFolders = new Set(
  [
    'bin',
    'boot',
    'dev',
    'etc',
    'home',
    'lib',
    'lib32',
    'lib64',
    'media',
    'mnt',
    'opt',
    'proc',
    'root',
    'run',
    'sbin',
  ]
    .concat([
      'srv',
      'sys',
      'tmp',
      'usr',
      'usr/bin',
      'usr/lib',
      'usr/local',
      'usr/sbin',
      'usr/share',
      'var',
      'var/lib',
    ])
    .concat([
      'Applications',
      'Library',
      'System',
      'Users',
      'Windows',
      'Program Files',
      'Program Files (x86)',
    ]),
);

/** What stands around a run and must never be replaced or purged with an application. */
export type Surroundings = {
  readonly currentFolder: string;
  /** Where this program lies, and what runs it. */
  readonly programFolders: readonly string[];
};

/** The surroundings of this very process. */
export function surroundings(): Surroundings {
  return { currentFolder: process.cwd(), programFolders: [installationFolder, process.execPath] };
}

/**
 * The folder a step installs into, with links resolved as far as it exists. Nothing is touched. Refused
 * (`INSTALL_FOLDER_REFUSED`) are unresolved tokens, relative paths, a root or system folder, the home folder, what lies
 * below /proc, /sys or /dev as it is written or once links are resolved, what is or holds the current folder or this
 * program, a folder under version control or inside its data, the extraction folder with what lies in or around
 * it, and every guarded folder with what lies in or around it, since a purge of a parent takes them along.
 */
export function checkInstallFolder(
  value: string,
  unresolved: readonly string[],
  extracted: string,
  guarded: readonly string[],
  around: Surroundings = surroundings(),
): string {
  if (unresolved.length > 0 || value.includes('#{')) {
    throw refused(
      value,
      `no value for ${unresolved.join(', ') || 'its tokens'}`,
      'Set the variable it needs.',
    );
  }
  if (/\p{Cc}/u.test(value)) throw refused(value, 'it holds a control character', 'Correct the value.');
  if (!isAbsolute(value)) throw refused(value, 'it is not an absolute path', 'Write it from the root on.');
  // Such a path leads somewhere else for every process that follows it: as written it is refused, before links are.
  for (const path of [value, resolve(value)]) refuseKernelFolders(path, value);
  const folder = realFolder(resolve(value));
  const root = parse(folder).root;
  if (
    folder === root ||
    systemFolders.has(folder.slice(root.length).replaceAll('\\', '/')) ||
    folder === homeFolder()
  ) {
    throw refused(
      value,
      `${folder} is a folder of the system`,
      'Name a folder of its own for the application.',
    );
  }
  refuseKernelFolders(folder, value);
  refuseSurroundings(folder, value, around);
  if (overlap(folder, realFolder(extracted))) {
    throw refused(value, 'it is, holds or lies in the extraction folder', 'Name a folder elsewhere.');
  }
  refuseGuarded(folder, value, guarded);
  return folder;
}

function refuseKernelFolders(path: string, value: string): void {
  if (!/^\/+(?:proc|sys|dev)(?:\/|$)/.test(path)) return;
  throw refused(value, 'what lies there is no file system for applications', 'Name another folder.');
}

function refuseSurroundings(folder: string, value: string, around: Surroundings): void {
  const held = [around.currentFolder, ...around.programFolders].find((one) =>
    inside(realFolder(one), folder),
  );
  if (held !== undefined) {
    throw refused(value, `it is or holds ${held}, which this program stands on`, 'Name a folder elsewhere.');
  }
  const isVersioned = folder.split(sep).includes('.git') || existsSync(join(folder, '.git'));
  if (isVersioned) throw refused(value, 'it is under version control', 'Name a folder of its own.');
}

/** Throws where `folder`, already resolved, is, holds or lies in a guarded one. */
export function refuseGuarded(folder: string, value: string, guarded: readonly string[]): void {
  const hit = guarded.find((one) => overlap(folder, realFolder(resolve(one))));
  if (hit === undefined) return;
  throw refused(value, `it is, holds or lies in ${hit}, which is guarded`, 'Name a folder elsewhere.');
}

/** Whether a path is the folder or lies in it. */
function inside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function overlap(one: string, other: string): boolean {
  return inside(one, other) || inside(other, one);
}

/** A path with the links of its existing part resolved. */
function realFolder(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined || dirname(path) === path) throw error;
    // Below a file there is nothing either; that it is one is said by whoever makes the folder.
    if (code === 'ENOENT' || code === 'ENOTDIR') return join(realFolder(dirname(path)), basename(path));
    const why = `${path} can't be looked at (${code}), so nobody knows where it leads`;
    throw refused(path, why, 'Name another folder, or let this account look at it.');
  }
}

function refused(value: string, because: string, hint: string): ExecutorError {
  return new ExecutorError('INSTALL_FOLDER_REFUSED', `Cannot install to ${value}: ${because}`, {
    hint,
    details: { folder: value },
  });
}
