import { array, assert as assertLaw, constantFrom, property, record, shuffledSubarray } from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addEnvironment,
  CommandError,
  findEnvironment,
  removeEnvironment,
  type Environment,
} from '../../src/commands/index.ts';
import { codeOf, refusal } from '../support/refusal.ts';
import { dataOf, decided } from './decided.ts';

const environment = (name: string, after: string[] = [], tags: string[] = []): Environment => ({
  name,
  after,
  tags,
});
const lifecycle = [
  environment('integration'),
  environment('qa', ['integration']),
  environment('uat', ['qa']),
];

describe('an environment', () => {
  test('is added after those that come before it', () => {
    const decision = addEnvironment(lifecycle, environment('production', ['uat'], ['live']));
    expect(dataOf(decision, 'environment.added')).toEqual({
      name: 'production',
      after: ['uat'],
      tags: ['live'],
    });
  });

  test('that is there as asked changes nothing, whatever the order of its lists', () => {
    const there = [environment('a'), environment('b'), environment('c', ['a', 'b'], ['x', 'y'])];
    expect(addEnvironment(there, environment('c', ['b', 'a'], ['y', 'x']))).toEqual([]);
  });

  test('is what was asked for, also where a name was given twice', () => {
    const there = [environment('a'), environment('b'), environment('c', ['a', 'b'], ['x', 'y'])];
    const decision = addEnvironment(there, environment('c', ['a', 'a'], ['y', 'y']));
    expect(dataOf(decision, 'environment.added')).toEqual({ name: 'c', after: ['a'], tags: ['y'] });
  });

  test('can be put elsewhere in the lifecycle', () => {
    expect(decided(addEnvironment(lifecycle, environment('uat', ['integration'])))).toEqual([
      'self environment.added',
    ]);
  });

  test('after one that is not there is refused, and the ones there are named', () => {
    const error = refusal(() => addEnvironment(lifecycle, environment('production', ['stagging'])));
    expect(codeOf(error)).toBe('ENVIRONMENT_UNKNOWN misused');
    expect(error.message).toContain('stagging');
    expect(error.hint).toContain('integration, qa, uat');
  });

  test('after itself is refused', () => {
    expect(codeOf(refusal(() => addEnvironment(lifecycle, environment('qa', ['qa']))))).toBe(
      'LIFECYCLE_CYCLE misused',
    );
  });

  test('that would come after itself by way of others is refused', () => {
    const error = refusal(() => addEnvironment(lifecycle, environment('integration', ['uat'])));
    expect(codeOf(error)).toBe('LIFECYCLE_CYCLE misused');
  });

  test('that others come after is not removed, and they are named', () => {
    const error = refusal(() => removeEnvironment(lifecycle, 'integration'));
    expect(codeOf(error)).toBe('ENVIRONMENT_IN_USE refused');
    expect(error.details).toEqual({ followers: ['qa'] });
  });

  test('at the end of the lifecycle is removed; one that is not there need not be', () => {
    expect(decided(removeEnvironment(lifecycle, 'uat'))).toEqual(['self environment.removed']);
    expect(removeEnvironment(lifecycle, 'production')).toEqual([]);
  });

  test('is found by its exact name', () => {
    expect(findEnvironment(lifecycle, 'qa')).toBe(lifecycle[1]);
    expect(codeOf(refusal(() => findEnvironment(lifecycle, 'QA')))).toBe('ENVIRONMENT_UNKNOWN misused');
  });

  test('that is missing where there is none says so', () => {
    expect(refusal(() => findEnvironment([], 'qa')).hint).toContain('This side has: none');
  });
});

test('whatever is asked in whatever order, no environment ever comes after itself', () => {
  const names = ['a', 'b', 'c', 'd'];
  const intents = array(record({ name: constantFrom(...names), after: shuffledSubarray(names) }), {
    maxLength: 20,
  });
  assertLaw(
    property(intents, (asked) => {
      let there: Environment[] = [];
      for (const { name, after } of asked) {
        try {
          const changes = addEnvironment(there, environment(name, after)).length > 0;
          if (changes) there = [...there.filter((one) => one.name !== name), environment(name, after)];
        } catch (error) {
          if (!(error instanceof CommandError)) throw error;
        }
      }
      // Whoever comes after nobody can be taken away, again and again, until none is left.
      for (let left = there; left.length > 0;) {
        const free = left.filter(({ after }) =>
          after.every((name) => left.every((one) => one.name !== name)),
        );
        expect(free).not.toEqual([]);
        left = left.filter((one) => !free.includes(one));
      }
    }),
  );
});
