import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { patienceMs } from '../support/patience.ts';

/** What a program that was started on a bare machine came to. */
export type Ran = { readonly exitCode: number | null; readonly stdout: string; readonly stderr: string };

/** A root with the libraries that one executable is linked with, and nothing else: no shell, no Node, no network. */
export type BareMachine = {
  /** A path as the machine sees it, as it is here. */
  here(path: string): string;
  /** Starts a program there. `mounts` are commands that are typed before, with `$ROOT` being its root. */
  runs(command: readonly string[], options?: { env?: Record<string, string>; mounts?: string }): Ran;
};

export function bareMachine(root: string, executable: string): BareMachine {
  for (const folder of ['opt', 'proc', 'root', 'tmp']) mkdirSync(join(root, folder), { recursive: true });
  const linked = execFileSync('ldd', [executable], { encoding: 'utf8' });
  for (const [, path] of linked.matchAll(/(\/\S+) \(0x/g)) {
    mkdirSync(join(root, dirname(path!)), { recursive: true });
    copyFileSync(realpathSync(path!), join(root, path!));
  }
  return {
    here: (path) => join(root, path),
    runs(command, { env = {}, mounts = ':' } = {}) {
      const enter = `mount -t proc proc "$ROOT/proc" && ${mounts} && exec env -i "$@"`;
      const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
      const chroot = [
        ...words,
        execFileSync('sh', ['-c', 'command -v chroot'], { encoding: 'utf8' }).trim(),
        root,
      ];
      const wall = ['--map-root-user', '--mount', '--net', '--pid', '--fork', '--kill-child'];
      const { status, stdout, stderr } = spawnSync(
        'unshare',
        [...wall, 'sh', '-c', enter, 'sh', ...chroot, ...command],
        { encoding: 'utf8', env: { ...process.env, ROOT: root }, timeout: patienceMs },
      );
      return { exitCode: status, stdout, stderr };
    },
  };
}
