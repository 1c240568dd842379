import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../bin/crossgap.js', import.meta.url));
const sampleEveryMs = 20;
/** What the kernel counts processor time in. */
const ticksPerSecond = 100;

/** A process that is looked at from outside, as the kernel shows it; Linux only. */
export type Watched = {
  readonly child: ChildProcess;
  /** The most memory it had so far, MiB. */
  peakMiB(): number;
  /** What it holds now, MiB. */
  residentMiB(): number;
  /** Processor time so far, user and system, in seconds. */
  cpuSeconds(): number;
};

/** Looks at a process until it ends, with this one at the latest; what it was last seen with stays known. */
export function watched(child: ChildProcess): Watched {
  let [peak, resident, cpu] = [0, 0, 0];
  const look = (): void => {
    const status = procFile(child.pid, 'status');
    // A process that has ended and was not waited for has no memory any more.
    if (status === undefined || !status.includes('VmHWM')) return;
    peak = kibOf(status, 'VmHWM') / 1024;
    resident = kibOf(status, 'VmRSS') / 1024;
    const fields =
      procFile(child.pid, 'stat')
        ?.replace(/^.*\) /s, '')
        .split(' ') ?? [];
    cpu = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  };
  const timer = setInterval(look, sampleEveryMs);
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => {
    clearInterval(timer);
    process.off('exit', end);
  });
  look();
  const after = <T>(value: () => T) => {
    return (): T => {
      look();
      return value();
    };
  };
  return {
    child,
    peakMiB: after(() => Math.round(peak)),
    residentMiB: after(() => Math.round(resident)),
    cpuSeconds: after(() => cpu),
  };
}

function procFile(pid: number | undefined, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}

function kibOf(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
}

/** What a command came to. */
export type Ran = {
  readonly stdout: string;
  readonly ms: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
};

/** Types a command on an instance, as people do; it must succeed. */
export async function crossgap(data: string, ...args: readonly string[]): Promise<Ran> {
  const began = performance.now();
  const child = spawn(process.execPath, [program, '--data', data, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const seen = watched(child);
  const texts = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => (texts[stream] += text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new Error(`crossgap ${args.slice(0, 4).join(' ')} ended with ${code}:\n${texts.stderr}`);
  return {
    stdout: texts.stdout,
    ms: performance.now() - began,
    cpuSeconds: seen.cpuSeconds(),
    peakMiB: seen.peakMiB(),
  };
}

/** A daemon that runs, and where its page is. */
export type RunningDaemon = AsyncDisposable &
  Watched & {
    readonly address: string;
    /** From the start of the process until it said that it is ready. */
    readonly readyMs: number;
  };

/** Starts the daemon of an instance; resolves when it says that it is ready. */
export async function startDaemon(data: string): Promise<RunningDaemon> {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [program, '--data', data, 'run', '--listen', '127.0.0.1:0', '--json'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const seen = watched(child);
  const exited = once(child, 'exit');
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-10_000)));
  let ready = '';
  for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    ready += String(text);
    if (ready.includes('\n')) break;
  }
  if (!ready.includes('\n')) throw new Error(`the daemon ended:\n${said}`);
  child.stdout.resume();
  const { address } = JSON.parse(ready.slice(0, ready.indexOf('\n'))) as { address: string };
  return {
    ...seen,
    address,
    readyMs: performance.now() - began,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Looks from time to time until something is the case. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  { everyMs = 250, atMostMs = 600_000 } = {},
): Promise<void> {
  const end = performance.now() + atMostMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not so after ${atMostMs / 1000} s`);
    await pause(everyMs);
  }
}
