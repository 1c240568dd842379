import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  namesUnknownHere,
  resolveVariables,
  stepApplies,
  type ScopedValue,
} from '../../src/process/index.ts';
import { orders, read } from './orders.ts';

const value = (
  name: string,
  text: string,
  environments: string[] = [],
  tags: string[] = [],
): ScopedValue => ({
  name,
  value: text,
  environments,
  tags,
});
const resolve = (
  variables: ScopedValue[],
  environment: string,
  tags: string[] = [],
  local: ScopedValue[] = [],
) =>
  Object.fromEntries(
    resolveVariables({ variables }, local, { environment, tags }).map((one) => [one.name, one.value]),
  );

describe('the value of a variable', () => {
  const level = [value('L', 'debug', ['uat']), value('L', 'verbose', [], ['test']), value('L', 'warning')];

  test('is the one for the environment, else for a tag, else for everywhere', () => {
    expect(resolve(level, 'UAT', ['test'])).toEqual({ L: 'debug' });
    expect(resolve(level, 'qa', ['TEST'])).toEqual({ L: 'verbose' });
    expect(resolve(level, 'production', ['live'])).toEqual({ L: 'warning' });
  });

  test('is not there where none of its values holds', () => {
    expect(resolve(level.slice(0, 1), 'qa')).toEqual({});
  });

  test('with environment and tag needs both, and wins over either', () => {
    const both = [...level, value('l', 'both', ['uat'], ['test'])];
    expect(resolve(both, 'uat', ['test'])).toEqual({ L: 'both' });
    expect(resolve(both, 'uat')).toEqual({ L: 'debug' });
  });

  test('can be one that stays at home', () => {
    expect(resolve(level, 'dev', [], [value('L', 'trace', ['dev']), value('Key', 'abc')])).toEqual({
      L: 'trace',
      Key: 'abc',
    });
  });

  test('is refused where an environment carries two tags that each have one, unless a better one holds', () => {
    const tagged = [value('A', '1', [], ['x']), value('A', '2', [], ['y'])];
    expect(resolve(tagged, 'e', ['y'])).toEqual({ A: '2' });
    expect(() => resolve(tagged, 'e', ['x', 'y'])).toThrow(
      expect.objectContaining({ code: 'SCOPE_AMBIGUOUS', exitCode: 3 }),
    );
    expect(resolve([...tagged, value('a', '3', ['e'])], 'e', ['x', 'y'])).toEqual({ A: '3' });
  });

  test('depends on environment and tags alone, not on case or on the order of values', () => {
    const scope = fc.subarray(['dev', 'uat', 'live']);
    const values = fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('A', 'B'),
        value: fc.string(),
        environments: scope,
        tags: fc.constant<string[]>([]),
      }),
      // At most one value an environment, and one for everywhere: what publishing guarantees.
      {
        comparator: (a, b) =>
          a.name === b.name &&
          (a.environments.length === 0
            ? b.environments.length === 0
            : a.environments.some((one) => b.environments.includes(one))),
      },
    );
    fc.assert(
      fc.property(values, fc.constantFrom('dev', 'uat', 'live', 'other'), (given, environment) => {
        const found = resolve(given, environment);
        expect(resolve(given.toReversed(), environment.toUpperCase())).toEqual(found);
        for (const [name, text] of Object.entries(found)) {
          const own = given.filter((one) => one.name === name);
          const best =
            own.find((one) => one.environments.includes(environment)) ??
            own.find((one) => one.environments.length === 0);
          expect(text).toBe(best?.value);
        }
      }),
    );
  });
});

describe('whether a step runs', () => {
  const step = (environments: string[], tags: string[] = [], exceptEnvironments: string[] = []) => ({
    environments,
    tags,
    exceptEnvironments,
  });
  const place = { environment: 'UAT', tags: ['test'] };

  test.each([
    ['without scopes', step([]), undefined],
    ['for this environment', step(['uat']), undefined],
    ['for another', step(['qa', 'live']), 'it is only for qa, live'],
    ['not for this', step([], [], ['uat']), 'it is not for UAT'],
    ['not for another', step([], [], ['live']), undefined],
    ['for a tag it has', step([], ['TEST']), undefined],
    ['for tags it has not', step([], ['live', 'eu']), 'it is only for environments tagged live or eu'],
  ])('%s', (_what, scopes, reason) => {
    expect(stepApplies(scopes, place)).toBe(reason);
  });
});

test('environments and tags that a receiver lacks are named once, in order', () => {
  const { revision } = read(orders);
  expect(namesUnknownHere(revision, ['UAT'], [])).toEqual({
    environments: ['production', 'integration'],
    tags: ['test'],
  });
  expect(namesUnknownHere(revision, ['uat', 'production', 'integration'], ['Test'])).toEqual({
    environments: [],
    tags: [],
  });
});
