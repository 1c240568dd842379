/** How many links do something at once, and for how long one may keep others from it. */
export type TurnLimits = { readonly atOnce: number; readonly atMostMs: number };

const usualLimits: TurnLimits = { atOnce: 200, atMostMs: 10_000 };

export interface LinkTurns {
  /** Resolves when it is this one's turn, with how to say that it is over; a fired signal is a turn too. */
  turn(signal: AbortSignal): Promise<() => void>;
}

/**
 * Lets thousands of links do what they have to do some at a time: what each looks through and sends is in memory together
 * else. One that stands still (a folder that does not answer) holds nobody up for long.
 */
export function linkTurns({ atOnce, atMostMs }: TurnLimits = usualLimits): LinkTurns {
  let free = atOnce;
  const waiting = new Set<() => void>();
  const giveBack = (): void => {
    const [next] = waiting;
    if (next === undefined) free += 1;
    else next();
  };
  /** A turn that ends once, by itself at the latest. */
  const taken = (): (() => void) => {
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      giveBack();
    };
    const timer = setTimeout(end, atMostMs);
    timer.unref();
    return end;
  };
  return {
    turn(signal) {
      if (signal.aborted) return Promise.resolve(() => {});
      if (free > 0) {
        free -= 1;
        return Promise.resolve(taken());
      }
      return new Promise((resolve) => {
        const go = (): void => {
          waiting.delete(go);
          signal.removeEventListener('abort', over);
          resolve(taken());
        };
        const over = (): void => {
          waiting.delete(go);
          resolve(() => {});
        };
        waiting.add(go);
        signal.addEventListener('abort', over, { once: true });
      });
    },
  };
}
