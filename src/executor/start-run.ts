import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DiskError } from '../disk-error.ts';
import type { CrossgapError } from '../errors.ts';
import { ExecutorError, executorErrorCodes, type ExecutorErrorCode } from './errors.ts';
import type { StartAnswer } from './main.ts';
import { writePlan } from './plan-file.ts';
import type { Decision, Plan } from './plan.ts';

export type StartOptions = {
  readonly runFolder: string;
  /** Written to `RUN/plan.json`; left out where it lies there already. */
  readonly plan?: Plan;
  readonly mode: 'start' | 'resume';
  readonly secrets: Readonly<Record<string, string>>;
  readonly runKey: string;
  /** What persons decided about waits of this run. */
  readonly decisions?: readonly Decision[];
  /** How this program starts its executor; run folder and mode are added as the last two arguments. */
  readonly command: readonly string[];
  /** How long the process may take until it answers, in milliseconds; then it is ended. */
  readonly answerMs?: number;
};

/**
 * Starts a run in a process and session of its own, which goes on when this one ends, and resolves once that process
 * holds the run's lock and has begun. Secrets go to it by pipe. What it can't say in its journal (a crash of
 * the program itself) lands in `RUN/executor.err`. Throws what it refuses to begin with, else `RUN_NOT_STARTED`.
 */
export async function startRun(options: StartOptions): Promise<{ readonly pid: number }> {
  const { runFolder, mode, command, plan, secrets, runKey, decisions = [], answerMs = 60_000 } = options;
  mkdirSync(runFolder, { recursive: true, mode: 0o700 });
  if (plan !== undefined && mode === 'start') writePlan(runFolder, plan);
  const [program, ...before] = command;
  if (program === undefined) throw new TypeError('the command of the executor is empty');
  const crashes = openSync(join(runFolder, 'executor.err'), 'a', 0o600);
  const child = spawn(program, [...before, runFolder, mode], {
    detached: true,
    windowsHide: true,
    stdio: ['pipe', 'pipe', crashes],
  });
  closeSync(crashes);
  try {
    // A process that ended before it took them has closed the pipe; its answer, or the lack of one, tells that.
    child.stdin!.on('error', () => undefined);
    child.stdin!.end(JSON.stringify({ secrets, runKey, decisions }));
    const answer = await firstLine(child, answerMs);
    if (answer?.started === true) return { pid: answer.pid };
    throw notStarted(runFolder, answer);
  } finally {
    child.stdout!.destroy();
    child.unref();
  }
}

/** The answer of the process, undefined where it ended without one. */
async function firstLine(
  child: ReturnType<typeof spawn>,
  answerMs: number,
): Promise<StartAnswer | undefined> {
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  const lines = createInterface({ input: child.stdout! });
  const read = async (): Promise<StartAnswer | undefined> => {
    for await (const line of lines) return JSON.parse(line) as StartAnswer;
    return undefined;
  };
  // The whole session: what it started goes with it, and the run is interrupted where its journal ends.
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      resolve(undefined);
    }, answerMs);
  });
  try {
    return await Promise.race([failed, read(), silent]);
  } finally {
    clearTimeout(timer);
  }
}

function notStarted(runFolder: string, answer: StartAnswer | undefined): CrossgapError {
  if (answer?.started === false) {
    const { code, message, hint } = answer.error;
    if (code === 'DISK_FULL' || code === 'DISK_FAILED')
      return new DiskError(code, message, { hint, details: { runFolder } });
    const known = executorErrorCodes.find((one): one is ExecutorErrorCode => one === code);
    return new ExecutorError(known ?? 'RUN_NOT_STARTED', message, { hint, details: { runFolder, code } });
  }
  return new ExecutorError(
    'RUN_NOT_STARTED',
    `Cannot start the run in ${runFolder}: its process ended or was silent for too long`,
    {
      hint: `Look into ${join(runFolder, 'executor.err')} for what it said.`,
      details: { runFolder },
    },
  );
}
