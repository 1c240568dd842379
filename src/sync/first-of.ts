/** One for all who stop waiting: an error of its own for each takes longer to make than there was to wait. */
const overReason = new DOMException('Something else was waited for as well, and came first', 'AbortError');

/**
 * Resolves with what comes first; the others are told by the signal handed to them that nobody waits any more. It fires
 * with `signal` too. Thousands of links wait like this, each for several things.
 */
export async function firstOf<T>(
  signal: AbortSignal,
  waits: (over: AbortSignal) => readonly Promise<T>[],
): Promise<T> {
  const over = new AbortController();
  const end = (): void => over.abort(overReason);
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race(waits(over.signal));
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}
