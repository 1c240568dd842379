/** Those who wait for the next time something happens; who gives up waiting leaves nothing behind. */
export interface Waiters {
  /** Resolves at the next `wake`, when the signal fires, or after so many milliseconds where it is told how many. */
  wait(signal: AbortSignal, atMostMs?: number): Promise<void>;
  wake(): void;
}

export function waiters(): Waiters {
  const waiting = new Set<() => void>();
  return {
    wait: (signal, atMostMs) =>
      new Promise((resolve) => {
        const over = (): void => {
          clearTimeout(timer);
          waiting.delete(over);
          signal.removeEventListener('abort', over);
          resolve();
        };
        const timer = atMostMs === undefined ? undefined : setTimeout(over, atMostMs);
        waiting.add(over);
        signal.addEventListener('abort', over, { once: true });
        if (signal.aborted) over();
      }),
    wake() {
      for (const over of waiting) over();
    },
  };
}
