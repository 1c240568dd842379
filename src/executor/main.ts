import { watch } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { asDiskError, foreseen } from '../disk-error.ts';
import { CrossgapError, exitCodes, type ExitCode } from '../errors.ts';
import { tryLock, type Lock } from '../lock.ts';
import { forgetCancel, isCancelAsked } from './cancel-run.ts';
import { ExecutorError } from './errors.ts';
import type { RunOutcome } from './plan.ts';
import { runUnderLock, type RunOptions } from './run-plan.ts';

/** What whoever starts a run writes to the executor's standard input, once, as JSON. */
const Handed = z.strictObject({
  secrets: z.record(z.string(), z.string()),
  decisions: z.array(
    z.strictObject({
      wait: z.int().min(1),
      answer: z.enum(['approve', 'refuse', 'retry', 'ignore', 'fail']),
      by: z.string(),
      at: z.number(),
      note: z.string().nullable(),
    }),
  ),
  runKey: z.base64().refine((key) => Buffer.from(key, 'base64').length === 32, 'is not 32 bytes'),
});

/** What the executor answers on standard output before it begins, one JSON line; after that it says nothing there. */
export type StartAnswer =
  | { readonly started: true; readonly pid: number }
  | {
      readonly started: false;
      readonly error: { readonly code: string; readonly message: string; readonly hint: string };
    };

/**
 * The body of the executor's own process: reads secrets and run key from standard input, takes `RUN/lock`, answers,
 * and runs or resumes what lies in the folder. SIGTERM cancels the run where `RUN/cancel` says so; otherwise the
 * machine is going down and the run is broken off, to be resumed. Sets the process's exit code; never throws.
 */
export async function executorMain(runFolder: string, mode: 'start' | 'resume'): Promise<void> {
  const cancel = new AbortController();
  const interrupt = new AbortController();
  const look = (): void => {
    if (isCancelAsked(runFolder)) cancel.abort();
  };
  const onSignal = (): void => {
    look();
    if (!cancel.signal.aborted) interrupt.abort();
  };
  let answered = false;
  try {
    const handed = readHanded(await text(process.stdin));
    using lock = await takeLock(runFolder);
    forgetCancel(runFolder);
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal).on('SIGHUP', ignore);
    using _watcher = watchFor(runFolder, look);
    const outcome = await runUnderLock(undefined, {
      ...handed,
      runFolder,
      mode,
      cancel: cancel.signal,
      interrupt: interrupt.signal,
      report() {
        if (!answered) answer({ started: true, pid: process.pid });
        answered = true;
      },
    });
    process.exitCode = exitCodeOf(outcome);
    lock.release();
  } catch (error) {
    if (!answered) answer({ started: false, error: told(error) });
    // Its journal is just what the disk may not take any more.
    else process.stderr.write(`${asDiskError(error)?.message ?? 'The program broke off'}\n`);
    process.exitCode = error instanceof CrossgapError ? error.exitCode : exitCodes.unexpected;
  }
}

const ignore = (): void => undefined;

function readHanded(json: string): Pick<RunOptions, 'secrets' | 'runKey' | 'decisions'> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // The reason would quote the text, which holds secrets.
    value = undefined;
  }
  const handed = Handed.safeParse(value);
  if (handed.success) return handed.data;
  throw new ExecutorError('RUN_NOT_STARTED', 'Cannot start the run: no secrets and run key arrived', {
    hint: 'The executor is started by crossgap itself, which hands them over by pipe.',
  });
}

/** Somebody who only looks whether the run lives holds the lock for a moment; that is waited out. */
async function takeLock(runFolder: string): Promise<Lock> {
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const lock = tryLock(join(runFolder, 'lock'), 'executor');
    if (lock !== undefined) return lock;
    await pause(20);
  }
  throw new ExecutorError('RUN_HELD', `Cannot run in ${runFolder}: another process runs it`, {
    hint: 'Follow that run, or cancel it first.',
    details: { runFolder },
  });
}

/** Calls back when something in the folder changes, and now and then where changes can't be watched. */
function watchFor(folder: string, look: () => void): Disposable {
  const timer = setInterval(look, 2000);
  timer.unref();
  const watcher = watch(folder, { persistent: false }, look);
  watcher.on('error', ignore);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      watcher.close();
    },
  };
}

function answer(line: StartAnswer): void {
  // Nobody may be listening any more, and the run does not depend on it.
  process.stdout.on('error', ignore);
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function told(error: unknown): { code: string; message: string; hint: string } {
  const known = foreseen(error);
  if (known !== undefined) return { code: String(known.code), message: known.message, hint: known.hint };
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'UNEXPECTED', message, hint: 'This is a bug; please report it.' };
}

function exitCodeOf(outcome: RunOutcome): ExitCode {
  switch (outcome.state) {
    case 'succeeded':
      return exitCodes.done;
    case 'cancelled':
    case 'waiting':
      return exitCodes.refused;
    case 'failed':
    case 'interrupted':
    case 'running':
      return exitCodes.deploymentFailed;
  }
}
