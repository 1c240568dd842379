import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { crashPoints } from './story.ts';
import { passes } from './crashes.ts';
import { explain, firstFound, seedsFrom } from './seeds.ts';
import { makeTemplate, type Template } from './world.ts';

vi.mock('../../src/faults.ts', () => import('./crashes.ts'));

const count = Number(process.env['CROSSGAP_SEEDS'] ?? 10_000);
const first = Number(process.env['CROSSGAP_SEED'] ?? Date.now() % 1_000_000_000);

let template: Template;
beforeAll(async () => {
  template = await makeTemplate();
});
afterAll(() => template[Symbol.dispose]());

test(
  `T-02 T-11 T-23 T-30 T-35 T-40 T-41 T-43 T-56 in ${count} worlds from seed ${first} on nothing is lost, forked or doubled`,
  async () => {
    const found = await firstFound(template, seedsFrom(first, count));
    expect(found && (await explain(template, found))).toBeUndefined();
    expect(crashPoints.filter((point) => !passes.has(point))).toEqual([]);
  },
  4 * 3_600_000,
);
