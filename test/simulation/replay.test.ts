import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { explain } from './seeds.ts';
import { digestOf, play, storyOfSeed } from './simulate.ts';
import { makeTemplate, type Template } from './world.ts';

vi.mock('../../src/faults.ts', () => import('./crashes.ts'));

const given = process.env['CROSSGAP_SEED'];
const seeds = given === undefined ? [3, 1001] : [Number(given)];

let template: Template;
beforeAll(async () => {
  template = await makeTemplate();
});
afterAll(() => template[Symbol.dispose]());

test.each(seeds)('seed %i tells the same story each time, and it ends well', async (seed) => {
  const first = await play(template, storyOfSeed(seed));
  using other = await makeTemplate();
  const again = await play(other, storyOfSeed(seed));
  expect(again.trace).toEqual(first.trace);
  expect(digestOf(again.trace)).toBe(digestOf(first.trace));
  if (given !== undefined) process.stdout.write(`${first.trace.join('\n')}\n`);
  const { violation } = first;
  expect(violation && (await explain(template, { seed, violation }))).toBeUndefined();
});
