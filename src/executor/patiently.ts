import { setTimeout as pause } from 'node:timers/promises';
import { systemCode } from './errors.ts';

/** What passes when whoever uses a file lets it go; on Windows a file in use is refused like one without rights. */
const passing: ReadonlySet<string> = new Set(
  process.platform === 'win32' ? ['EBUSY', 'EPERM', 'EACCES', 'ENOTEMPTY'] : ['EBUSY', 'ETXTBSY'],
);

export type Patience = {
  readonly signal: AbortSignal;
  /** How long a file may be in use, in milliseconds; Octopus waits a minute for each. */
  readonly limitMs?: number;
  /** Told once, when the first attempt was in vain. */
  readonly onWait?: (error: unknown) => void;
  /** Waits between two attempts. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
};

const firstPauseMs = 50;
const longestPauseMs = 1000;

/** Does something to a file, again while it is in use; throws what the last attempt threw. */
export async function patiently(change: () => void, patience: Patience): Promise<void> {
  const { signal, limitMs = 60_000, onWait, wait = waitMs } = patience;
  let pauseMs = firstPauseMs;
  for (let waitedMs = 0; ; waitedMs += pauseMs, pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return change();
    } catch (error) {
      if (!passing.has(systemCode(error) ?? '') || waitedMs >= limitMs) throw error;
      if (waitedMs === 0) onWait?.(error);
    }
    try {
      signal.throwIfAborted();
      await wait(pauseMs, signal);
    } catch (error) {
      // Why the step ends says more than that the wait ended.
      signal.throwIfAborted();
      throw error;
    }
  }
}

const waitMs = (ms: number, signal: AbortSignal): Promise<unknown> => pause(ms, undefined, { signal });
