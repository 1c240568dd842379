import { setTimeout as timer } from 'node:timers/promises';

/** Resolves after a time, or as soon as the signal fires: who waited looks at the signal next. */
export async function waitOut(timeMs: number, signal: AbortSignal): Promise<void> {
  try {
    await timer(timeMs, undefined, { signal });
  } catch (error) {
    // Anything else would make whoever waits in a loop go round without ever waiting.
    if (!signal.aborted) throw error;
  }
}
