/** Wakes a loop that waits. A ring while nobody waits is kept, and many of them are one. */
export interface Doorbell {
  ring(): void;
  /** Resolves at the next ring, or when the signal fires. */
  rung(signal: AbortSignal): Promise<void>;
}

export function doorbell(): Doorbell {
  let rings = false;
  let answer: (() => void) | undefined;
  return {
    ring() {
      rings = true;
      answer?.();
    },
    async rung(signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      answer = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (!rings && !signal.aborted) await promise;
      // A ring that came with the abort stays for the next one who asks.
      if (!signal.aborted) rings = false;
    },
  };
}
