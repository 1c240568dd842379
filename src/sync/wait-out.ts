/** Resolves after a time, or as soon as the signal fires: who waited looks at the signal next. */
export function waitOut(timeMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    // The timer would take it for no time at all, and whoever waits in a loop would go round without ever waiting.
    if (typeof timeMs !== 'number' || Number.isNaN(timeMs))
      return reject(new TypeError(`${timeMs} is no time to wait for`));
    if (signal.aborted) return resolve();
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, timeMs);
    signal.addEventListener('abort', over, { once: true });
  });
}
