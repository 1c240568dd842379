import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** The program as it was at a commit of this repository, in a folder of its own, run as processes. */
export type EarlierBuild = Disposable & {
  /** Types a command that must succeed, and gives its document. */
  asks<T>(data: string, line: string | readonly string[]): Promise<T>;
  /** Types one whatever it comes to. */
  types(data: string, line: string | readonly string[]): Promise<{ exitCode: number; output: string }>;
};

/** Undefined where the history is not at hand, as in a copy without `.git`. */
export function earlierBuild(commit: string): EarlierBuild | undefined {
  try {
    execFileSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root, stdio: 'ignore' });
  } catch {
    process.stderr.write(`not run, because commit ${commit} is not at hand: the program as it was then\n`);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'crossgap-earlier-'));
  execFileSync('sh', ['-c', `git archive ${commit} | tar -x -C "$1"`, 'sh', folder], { cwd: root });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  execFileSync(process.execPath, [join(folder, 'build.ts')], { cwd: folder, stdio: 'ignore' });
  const types: EarlierBuild['types'] = async (data, line) => {
    const words = typeof line === 'string' ? line.split(' ') : line;
    const args = [join(folder, 'bin', 'crossgap.js'), '--data', data, '--json', ...words];
    try {
      const { stdout } = await run(process.execPath, args, { cwd: folder });
      return { exitCode: 0, output: stdout };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { exitCode: code, output: `${stdout}${stderr}` };
    }
  };
  return {
    types,
    async asks<T>(data: string, line: string | readonly string[]): Promise<T> {
      const { exitCode, output } = await types(data, line);
      if (exitCode !== 0) throw new Error(`the earlier build ended with ${exitCode}: ${output}`);
      return (output === '' ? undefined : JSON.parse(output)) as T;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
