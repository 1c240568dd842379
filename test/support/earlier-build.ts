import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openCounter } from './counter.ts';
import { memory } from './in-memory.ts';

const root = resolve(import.meta.dirname, '../..');

/** The program as it was at an earlier commit, in a folder and a process of its own. */
export type EarlierBuild = AsyncDisposable & {
  /** Types a command that must succeed, and gives its document. */
  asks<T>(data: string, line: string | readonly string[]): Promise<T>;
};

/** Unpacks what `test/fixtures/builds/make.ts` packed of this commit. */
export function earlierBuild(commit: string): EarlierBuild {
  const folder = mkdtempSync(join(memory, 'crossgap-earlier-'));
  const packed = join(root, 'test/fixtures/builds', `${commit}.tar.gz`);
  execFileSync('tar', ['-xzf', packed, '-C', folder]);
  // What has native code is not in the build.
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const counter = openCounter(join(folder, 'dist/cli/main.js'), folder);
  return {
    async asks<T>(data: string, line: string | readonly string[]): Promise<T> {
      const words = typeof line === 'string' ? line.split(' ') : line;
      const { exitCode, stdout, stderr } = await counter.types(['--data', data, '--json', ...words]);
      if (exitCode !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
      return (stdout === '' ? undefined : JSON.parse(stdout)) as T;
    },
    async [Symbol.asyncDispose]() {
      await counter.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
