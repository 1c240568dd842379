/** Where the present comes from: milliseconds since 1970, UTC. Tests hold it still. */
export interface Clock {
  now(): number;
}

/** The machine's own clock. Order and validity never depend on it; it only dates things. */
export const systemClock: Clock = { now: () => Date.now() };
