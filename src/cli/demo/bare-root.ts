import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { StoryError } from './story-error.ts';

/** What a small Linux machine has, and nothing else: no Node, no package manager, nothing of this program. */
const programs = [
  'bash',
  'sh',
  'cat',
  'cp',
  'dirname',
  'grep',
  'ls',
  'mkdir',
  'mv',
  'rm',
  'sed',
  'sha256sum',
].concat(['base64', 'chmod', 'mkfifo', 'sleep', 'tail', 'tr', 'uname', 'wc']);

const run = promisify(execFile);

/** A machine of its own, as far as that can be had here: its own root, its own processes, and no network. */
export interface BareRoot {
  /** Why it is not so bare, where the system allows no such thing; undefined where it is. */
  readonly instead: string | undefined;
  /** A path as the machine sees it, and where it lies for us. */
  here(path: string): string;
  /** Starts something there; killing it kills everything it started. */
  starts(command: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess;
}

/** Makes a machine in an empty folder: programs and the libraries they ask for, copied from this one. */
export async function bareRoot(root: string): Promise<BareRoot> {
  for (const name of ['bin', 'dev', 'opt', 'proc', 'root', 'tmp', 'usr/bin', 'media', 'etc'])
    mkdirSync(join(root, name), { recursive: true });
  const found = programs.map((name) => ({ name, path: pathOf(name) }));
  for (const { name, path } of found) copyFileSync(path, join(root, 'bin', name));
  const needed = await librariesOf([...found.map(({ path }) => path), process.execPath]);
  for (const path of needed) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    copyFileSync(realpathSync(path), join(root, path));
  }
  writeFileSync(join(root, 'etc/hostname'), 'riverside\n');
  const instead = await whyNot();
  const enter = [
    `mount --rbind /dev '${root}/dev' && mount -t proc proc '${root}/proc'`,
    `way=$(command -v chroot)`,
    `PATH=/bin exec "$way" '${root}' "$@"`,
  ].join(' && ');
  return {
    instead,
    here: (path) => join(root, path),
    starts(command, environment) {
      const env = { PATH: process.env['PATH'] ?? '/bin', HOME: '/root', TERM: 'dumb', ...environment };
      const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
      if (instead !== undefined) {
        const [program, ...args] = command.map((word) => (word.startsWith('/') ? join(root, word) : word));
        return spawn(program!, args, { env, stdio });
      }
      const wall = ['--map-root-user', '--mount', '--net', '--uts', '--pid', '--fork', '--kill-child'];
      return spawn('unshare', [...wall, 'sh', '-c', enter, 'sh', ...command], { env, stdio });
    },
  };
}

/** The shared libraries that programs are linked with, and what loads them. */
async function librariesOf(files: readonly string[]): Promise<Set<string>> {
  const { stdout } = await run('ldd', files);
  return new Set([...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path!));
}

function pathOf(name: string): string {
  const path = ['/usr/bin', '/bin'].map((folder) => join(folder, name)).find((one) => existsSync(one));
  if (path === undefined) throw new StoryError(`this machine has no ${name} to put into a bare root`);
  return path;
}

/** Containers and some kernels let nobody make a machine of their own. */
async function whyNot(): Promise<string | undefined> {
  try {
    await run('unshare', ['--map-root-user', '--mount', '--net', '--uts', '--pid', '--fork', 'true']);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
  }
}
