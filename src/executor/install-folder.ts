import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, parse, resolve, sep } from 'node:path';
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

/**
 * The folder a step installs into, with links resolved as far as it exists. Refused (`INSTALL_FOLDER_REFUSED`) are
 * unresolved tokens, relative paths, a root or system folder, the extraction folder and what lies in or around it,
 * and every guarded folder with what lies in or around it, since a purge of a parent takes them along.
 */
export function checkInstallFolder(
  value: string,
  unresolved: readonly string[],
  extracted: string,
  guarded: readonly string[],
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
  const folder = realFolder(resolve(value));
  const root = parse(folder).root;
  if (
    folder === root ||
    systemFolders.has(folder.slice(root.length).replaceAll('\\', '/')) ||
    folder === homedir()
  ) {
    throw refused(
      value,
      `${folder} is a folder of the system`,
      'Name a folder of its own for the application.',
    );
  }
  if (/^\/(?:proc|sys|dev)\//.test(folder)) {
    throw refused(value, 'what lies there is no file system for applications', 'Name another folder.');
  }
  if (overlap(folder, realFolder(extracted))) {
    throw refused(value, 'it is, holds or lies in the extraction folder', 'Name a folder elsewhere.');
  }
  refuseGuarded(folder, value, guarded);
  return folder;
}

/** Throws where `folder`, already resolved, is, holds or lies in a guarded one. */
export function refuseGuarded(folder: string, value: string, guarded: readonly string[]): void {
  const hit = guarded.find((one) => overlap(folder, realFolder(resolve(one))));
  if (hit === undefined) return;
  throw refused(value, `it is, holds or lies in ${hit}, which is guarded`, 'Name a folder elsewhere.');
}

/** Whether one path is the other or lies in it. */
function overlap(one: string, other: string): boolean {
  const inside = (path: string, folder: string): boolean =>
    path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
  return inside(one, other) || inside(other, one);
}

/** A path with the links of its existing part resolved. */
function realFolder(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
    return join(realFolder(dirname(path)), basename(path));
  }
}

function refused(value: string, because: string, hint: string): ExecutorError {
  return new ExecutorError('INSTALL_FOLDER_REFUSED', `Cannot install to ${value}: ${because}`, {
    hint,
    details: { folder: value },
  });
}
