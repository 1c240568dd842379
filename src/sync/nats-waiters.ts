/** Those who wait for the next time something happens; who gives up waiting leaves nothing behind. */
export interface Waiters {
  /** Resolves at the next `wake`, or when the signal fires. */
  wait(signal: AbortSignal): Promise<void>;
  wake(): void;
}

export function waiters(): Waiters {
  const waiting = new Set<() => void>();
  return {
    wait: (signal) =>
      new Promise((resolve) => {
        const over = (): void => {
          waiting.delete(over);
          signal.removeEventListener('abort', over);
          resolve();
        };
        waiting.add(over);
        signal.addEventListener('abort', over, { once: true });
        if (signal.aborted) over();
      }),
    wake() {
      for (const over of waiting) over();
    },
  };
}
