import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  evaluatesTrue,
  expand,
  unsupportedIn,
  VariableError,
  VariableSet,
} from '../../src/variables/index.ts';

type Case = {
  readonly name: string;
  readonly group: string;
  readonly mode?: 'continue' | 'truthy';
  readonly variables: Readonly<Record<string, string>>;
  readonly template: string;
  readonly expected: string | null;
  readonly missing?: readonly string[];
  readonly error?: true;
};

const file = join(import.meta.dirname, '../vectors/octostache/cases.json');
const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[];
const isPlain = (one: Case): boolean =>
  one.group !== 'json' &&
  [one.template, ...Object.values(one.variables)].every((text) => unsupportedIn(text).length === 0);
const plain = cases.filter(isPlain);
const later = cases.filter((one) => !isPlain(one));

describe('the plain part of the template language', () => {
  process.stdout.write(
    `not due yet: ${later.length} of ${cases.length} template vectors need the full language\n`,
  );

  test.each(plain)('$name', (one) => {
    const variables = new VariableSet(Object.entries(one.variables));
    if (one.mode === 'truthy') {
      expect(String(evaluatesTrue(one.template, variables))).toBe(one.expected);
      return;
    }
    if (one.expected === null) {
      expect(() => expand(one.template, variables)).toThrow(VariableError);
      return;
    }
    const result = expand(one.template, variables, one.mode === 'continue' ? 'continue' : 'halt');
    expect(result.text).toBe(one.expected);
    expect(result.missing).toEqual(one.missing ?? []);
    expect(result.failedAt !== undefined).toBe(one.error ?? false);
  });
});

describe('what is not evaluated yet', () => {
  test('no vector that uses it is answered with a wrong result: it is refused, or its result is right', () => {
    for (const one of later) {
      const variables = new VariableSet(Object.entries(one.variables));
      let text: string | null = null;
      try {
        text = expand(one.template, variables, one.mode === 'continue' ? 'continue' : 'halt').text;
      } catch (error) {
        expect(error, one.name).toBeInstanceOf(VariableError);
        continue;
      }
      if (one.mode !== 'truthy') expect(text, one.name).toBe(one.expected);
    }
  });
});
