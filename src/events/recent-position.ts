/** The last position of the log as it was a moment ago, for who asks for it again and again. */
export type RecentPosition = {
  get(): number;
  /** This process has written. */
  forget(): void;
};

/**
 * Asks once in each round of the event loop, and always inside a transaction, which sees what others wrote until it began.
 */
export function recentPosition(read: () => number, inTransaction: () => boolean): RecentPosition {
  let seen: number | undefined;
  const forget = (): void => {
    seen = undefined;
  };
  return {
    get() {
      if (inTransaction()) return read();
      if (seen === undefined) {
        seen = read();
        setImmediate(forget).unref();
      }
      return seen;
    },
    forget,
  };
}
