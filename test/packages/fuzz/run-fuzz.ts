import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Met } from './fuzz-packages.ts';

const program = join(import.meta.dirname, 'fuzz-packages.ts');

/**
 * Runs the fuzz in a process of its own, with little memory and a hard stop: where one package takes so long that
 * nothing is heard for a minute, the process is ended and the seeds it was at are told.
 */
export async function runFuzz(seed: number, count: number): Promise<Met> {
  const args = ['--max-old-space-size=256', program, '--seed', `${seed}`, '--count', `${count}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [result, told] = ['', ''];
  const stop = (): void => void child.kill('SIGKILL');
  let stopping = setTimeout(stop, silenceMsMax);
  child.stdout.on('data', (piece: Buffer) => (result += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => {
    told = (told + piece.toString()).slice(-4000);
    clearTimeout(stopping);
    stopping = setTimeout(stop, silenceMsMax);
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...ended) => resolve(ended));
  });
  clearTimeout(stopping);
  if (code === 0) return JSON.parse(result) as Met;
  throw new Error(`the fuzz ended with ${signal ?? code}; what it said last, seeds and all:\n${told}`);
}

const silenceMsMax = 60_000;
