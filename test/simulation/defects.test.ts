import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Way } from './carriages.ts';
import type { Defect } from './defects.ts';
import { firstFound, seedsFrom } from './seeds.ts';
import type { Weather } from './story.ts';
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
  300_000,
);
