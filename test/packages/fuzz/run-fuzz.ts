import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Met } from './fuzz-packages.ts';

const program = join(import.meta.dirname, 'fuzz-packages.ts');

/**
 * Runs the fuzz in a process of its own, with little memory and a hard stop: where packages take so long that nothing is
 * heard in a minute of its processor time, the process is ended and the seeds it was at are told. A machine with more to
 * do, or a disk that lets it wait, stops nothing, unless that lasts for very long.
 */
export async function runFuzz(seed: number, count: number): Promise<Met> {
  const args = ['--max-old-space-size=256', program, '--seed', `${seed}`, '--count', `${count}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [result, told] = ['', ''];
  let [heardAt, workedMs] = [performance.now(), 0];
  const watch = setInterval(() => {
    const silentMs = performance.now() - heardAt;
    const hangs = silentMs > silenceMsMax && processorMs(child.pid!) - workedMs > silenceMsMax / 2;
    if (hangs || silentMs > patienceMsMax) child.kill('SIGKILL');
  }, 5000);
  child.stdout.on('data', (piece: Buffer) => (result += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => {
    told = (told + piece.toString()).slice(-4000);
    [heardAt, workedMs] = [performance.now(), processorMs(child.pid!)];
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...ended) => resolve(ended));
  });
  clearInterval(watch);
  if (code === 0) return JSON.parse(result) as Met;
  throw new Error(`the fuzz ended with ${signal ?? code}; what it said last, seeds and all:\n${told}`);
}

const silenceMsMax = 60_000;
const patienceMsMax = 900_000;

/** What a process has worked so far; where the system does not tell, it is taken to work all the time. */
function processorMs(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return performance.now();
  }
}
