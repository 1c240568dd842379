/** Numbers that follow from a seed and from nothing else. */
export type Chance = {
  /** A whole number from 0 to just below `limit`. */
  below(limit: number): number;
  one<T>(list: readonly T[]): T;
};

/** The generator known as mulberry32: small, and the same on every machine. */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { below, one: (list) => list[below(list.length)]! };
}
