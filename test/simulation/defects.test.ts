import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Defect } from './defects.ts';
import { firstFound, seedsFrom } from './seeds.ts';
import { makeTemplate, type Template } from './world.ts';

vi.mock('../../src/faults.ts', () => import('./crashes.ts'));

let template: Template;
beforeAll(async () => {
  template = await makeTemplate();
});
afterAll(() => template[Symbol.dispose]());

const invariants: readonly [Defect, string][] = [
  ['acknowledges before it commits', 'ACK'],
  ['skips the check of the chain', 'INV-2'],
  ['never sends again', 'INV-5'],
  ['loses what it committed', 'INV-1'],
  ['has a view that follows the clock', 'INV-6'],
];

test.each(invariants)(
  'a program that %s is found by %s within a hundred worlds',
  async (defect, invariant) => {
    const found = await firstFound(template, seedsFrom(1, 100), defect);
    expect(found?.violation.invariant).toBe(invariant);
  },
);
