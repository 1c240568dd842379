import { posix, win32 } from 'node:path';
import { Refusal } from './errors.ts';

/** What tells where things are kept on a machine. */
export type Machine = {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly currentFolder: string;
  /** Root, or on Windows an elevated account. */
  readonly isPrivileged: () => boolean;
  /** @throws where the account has none */
  readonly home: () => string;
};

/**
 * Where a site keeps everything: `--data`, else `CROSSGAP_DATA`, else the place that the system has for it.
 *
 * @throws {Refusal} DATA_FOLDER_UNUSABLE where nothing says where
 */
export function dataFolderOf(words: readonly string[], machine: Machine): string {
  const { platform, env, currentFolder, isPrivileged, home } = machine;
  const paths = platform === 'win32' ? win32 : posix;
  const said = saidFolder(words) ?? env['CROSSGAP_DATA'];
  if (said !== undefined && said !== '') return paths.resolve(currentFolder, said);
  if (platform === 'win32') {
    const base = isPrivileged() ? env['ProgramData'] : env['LOCALAPPDATA'];
    if (base === undefined || base === '') throw nowhere();
    return paths.join(base, 'crossgap');
  }
  if (isPrivileged()) return '/var/lib/crossgap';
  const shared = env['XDG_DATA_HOME'];
  // The specification has a relative one ignored.
  if (shared !== undefined && shared.startsWith('/')) return paths.join(shared, 'crossgap');
  try {
    return paths.join(home(), '.local', 'share', 'crossgap');
  } catch (cause) {
    throw nowhere(cause);
  }
}

/** The folder that a command line names; the last one counts. */
export function saidFolder(words: readonly string[]): string | undefined {
  const end = words.indexOf('--');
  const before = end < 0 ? words : words.slice(0, end);
  const at = before.findLastIndex((word) => word === '--data' || word.startsWith('--data='));
  if (at < 0) return undefined;
  return before[at] === '--data' ? before[at + 1] : before[at]!.slice('--data='.length);
}

function nowhere(cause?: unknown): Refusal {
  return new Refusal(
    'DATA_FOLDER_UNUSABLE',
    'Cannot tell where to keep things: this account has no home folder',
    'Name a folder with --data.',
    {},
    cause,
  );
}
