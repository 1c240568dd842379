import type { Defect } from './defects.ts';
import type { Violation } from './ledger.ts';
import type { Way } from './carriages.ts';
import { play, storyOfSeed, type Ending } from './simulate.ts';
import type { Step, Story, Weather } from './story.ts';
import type { Template } from './world.ts';

/** A seed in whose world an invariant does not hold. */
export type Found = { readonly seed: number; readonly violation: Violation };

/** Plays the worlds of these seeds until one goes wrong. */
export async function firstFound(
  template: Template,
  seeds: Iterable<number>,
  {
    defect,
    weather,
    way,
  }: { readonly defect?: Defect; readonly weather?: Partial<Weather>; readonly way?: Way } = {},
): Promise<Found | undefined> {
  for (const seed of seeds) {
    const { violation } = await play(template, storyOfSeed(seed, weather, way), defect);
    if (violation) return { seed, violation };
  }
  return undefined;
}

/** Every seed from `first` on, `count` of them, in steps of `by`. */
export function* seedsFrom(first: number, count: number, by = 1): Generator<number> {
  for (let at = 0; at < count; at++) yield first + at * by;
}

/** What to tell a person who has to find out why: the shortest story that still goes wrong, and how to see it again. */
export async function explain(template: Template, { seed, violation }: Found): Promise<string> {
  const story = await shortened(template, storyOfSeed(seed), violation.invariant);
  const { trace, violation: last = violation } = await play(template, story);
  return [
    `seed ${seed} violates ${violation.message}`,
    `CROSSGAP_SEED=${seed} npx vitest run test/simulation/replay.test.ts`,
    `after ${story.steps.length} steps it still violates ${last.message}`,
    ...trace,
  ].join('\n');
}

/** Leaves out steps, first many and then few, as long as the same invariant does not hold. */
async function shortened(template: Template, story: Story, invariant: string): Promise<Story> {
  const fails = async (steps: readonly Step[]): Promise<boolean> => {
    const ending: Ending = await play(template, { ...story, steps });
    return ending.violation?.invariant === invariant;
  };
  let { steps } = story;
  let triesLeft = 150;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let at = 0; at < steps.length && triesLeft > 0;) {
      const fewer = steps.toSpliced(at, size);
      triesLeft -= 1;
      if (await fails(fewer)) steps = fewer;
      else at += size;
    }
  return { ...story, steps };
}
