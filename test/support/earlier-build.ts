import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** The program as it was at an earlier commit, in a folder of its own, run as processes. */
export type EarlierBuild = Disposable & {
  /** Types a command that must succeed, and gives its document. */
  asks<T>(data: string, line: string | readonly string[]): Promise<T>;
};

/** Unpacks what `test/fixtures/builds/make.ts` packed of this commit. */
export function earlierBuild(commit: string): EarlierBuild {
  const folder = mkdtempSync(join(tmpdir(), 'crossgap-earlier-'));
  const packed = join(root, 'test/fixtures/builds', `${commit}.tar.gz`);
  execFileSync('tar', ['-xzf', packed, '-C', folder]);
  // What has native code is not in the build.
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return {
    async asks<T>(data: string, line: string | readonly string[]): Promise<T> {
      const words = typeof line === 'string' ? line.split(' ') : line;
      const args = [join(folder, 'bin', 'crossgap.js'), '--data', data, '--json', ...words];
      const { stdout } = await run(process.execPath, args, { cwd: folder });
      return (stdout === '' ? undefined : JSON.parse(stdout)) as T;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
