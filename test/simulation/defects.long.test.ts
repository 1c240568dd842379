import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Side } from './carriage.ts';
import type { Way } from './carriages.ts';
import type { Defect } from './defects.ts';
import { firstFound, seedsFrom } from './seeds.ts';
import { play } from './simulate.ts';
import type { Step, Story, Weather } from './story.ts';
import { makeTemplate, type Template } from './world.ts';

vi.mock('../../src/faults.ts', () => import('./crashes.ts'));

let template: Template;
beforeAll(async () => {
  template = await makeTemplate();
});
afterAll(() => template[Symbol.dispose]());

const calm: Weather = { crash: 0, mischief: 0, restore: 0, disk: 0 };
const invariants: readonly [Defect, invariants: string, Weather, way?: Way][] = [
  ['acknowledges before it commits', 'ACK', calm],
  ['skips the check of the chain', 'INV-2 or ACK', { ...calm, mischief: 60 }],
  ['signs at once after a restore', 'INV-3', { ...calm, restore: 60 }],
  ['never sends again', 'INV-5', { ...calm, mischief: 60 }],
  ['loses what it committed', 'INV-1', { ...calm, crash: 30 }],
  ['has a view that follows the clock', 'INV-6', calm],
  ['believes its server for ever', 'INV-5', { ...calm, mischief: 60 }, 'hub'],
  ['presumes that a bundle arrives', 'INV-5', { ...calm, mischief: 60 }, 'bundles'],
];

test.each(invariants)(
  'a program that %s is found by %s within fifty worlds, and one that does not is fine in the same',
  async (defect, invariant, weather, way) => {
    const how = { weather, ...(way && { way }) };
    const found = await firstFound(template, seedsFrom(1, 50), { defect, ...how });
    expect(invariant.split(' or ')).toContain(found?.violation.invariant);
    expect(await firstFound(template, [found!.seed], how)).toBeUndefined();
  },
);

/** All know each other and a server loses the end of a stream, or all of it, after somebody read from it. */
function lossAfterReading(luck: number, from: Side): Story {
  const exchange = (who: number): Step => ({ luck, does: 'exchange', who, link: 0 });
  const tell = (who: number): Step => ({ luck, does: 'deed', who, deed: 'value' });
  const meet = [exchange(0), exchange(1), exchange(0), exchange(1)];
  const lose: Step = { luck, does: 'mischief', link: 0, from, what: 'forget some' };
  const steps = [tell(0), tell(1), ...meet, lose, ...meet];
  return { seed: luck, met: true, kinds: ['hub', 'hub', 'hub'], steps };
}

test.each<Side>([0, 1])(
  'a program that leaves a durable where it stands is found by INV-5 when a stream goes back, and one that does not is fine, from side %i',
  async (from) => {
    const stories = Array.from({ length: 12 }, (_, luck) => lossAfterReading(luck, from));
    const found: Story[] = [];
    for (const story of stories) {
      const { violation } = await play(template, story, 'leaves a durable where it stands');
      if (violation?.invariant === 'INV-5') found.push(story);
    }
    expect(found).not.toEqual([]);
    for (const story of found) expect((await play(template, story)).violation).toBeUndefined();
  },
);
