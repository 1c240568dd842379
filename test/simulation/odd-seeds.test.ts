import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { explain, firstFound, seedsFrom } from './seeds.ts';
import { makeTemplate, type Template } from './world.ts';

vi.mock('../../src/faults.ts', () => import('./crashes.ts'));

let template: Template;
beforeAll(async () => {
  template = await makeTemplate();
});
afterAll(() => template[Symbol.dispose]());

/** Half of all; the other half is in the other file, so that two cores share them. */
const count = Math.ceil(Number(process.env['CROSSGAP_SEEDS'] ?? 200) / 2);

test(`T-02 T-11 T-23 T-30 T-35 T-40 T-41 T-43 T-56 in ${count} worlds full of faults nothing is lost, forked or doubled`, async () => {
  const found = await firstFound(template, seedsFrom(1, count, 2));
  expect(found && (await explain(template, found))).toBeUndefined();
});
