/** Numbers that follow from a seed alone: the same seed makes the same package on every machine. */
export type Random = {
  /** A whole number from 0 to below `end`. */
  below(end: number): number;
  /** Whether something of this likelihood happens. */
  chance(likelihood: number): boolean;
  pick<T>(list: readonly T[]): T;
  bytes(length: number): Buffer;
};

export function randomFrom(seed: number): Random {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  // Mulberry32: small, and good enough to choose by.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number): number => Math.floor(next() * end);
  return {
    below,
    chance: (likelihood) => next() < likelihood,
    pick: <T>(list: readonly T[]): T => list[below(list.length)]!,
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  };
}
