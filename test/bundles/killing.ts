import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Instance } from '../../src/instance/index.ts';
import { program } from '../support/companies.ts';

/**
 * Runs a command of an instance as a process of its own; resolves with its signal or exit code, and what it said.
 * `from` is the program that is run, the checkout's own where none is named.
 */
export async function carryProcess(
  { folder }: Instance,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  from = program,
): Promise<{ ended: NodeJS.Signals | number; said: string }> {
  const child = spawn(process.execPath, [from, '--data', folder.root, 'bundle', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { ended: signal ?? code ?? -1, said };
}
