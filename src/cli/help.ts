import { exitCodes } from '../errors.ts';
import { whenClosed } from './shell/closed-streams.ts';
import { readShown } from './run.ts';
import { startedFile } from './shell/started-file.ts';
import { terminal } from './terminal.ts';

/**
 * Shows what the started file was asked to show and no more: help, or its version. False where it was asked for anything
 * else. It reads and writes no file, and so a program that was not unpacked can do it.
 */
export async function showOnly(process: NodeJS.Process): Promise<boolean> {
  const { stdin, stdout, stderr, env } = process;
  const text = await readShown(process.argv.slice(2), { file: startedFile(process), env });
  if (text === undefined) return false;
  whenClosed(process, () => process.exit(exitCodes.done));
  terminal({ stdin, stdout, stderr, env }).result(text);
  return true;
}
