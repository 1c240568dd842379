import { describe, expect, test } from 'vitest';
import { checkInput, missingInputs, type InputDefinition } from '../../src/process/index.ts';
import { orders, read } from './orders.ts';

type Type = InputDefinition['type'];
const check = (type: Type, value: string) =>
  checkInput({ name: 'X', type, choices: ['red', 'green'] }, value);

describe('a value for an input', () => {
  test.each<[Type, string]>([
    ['text', ''],
    ['text', 'a\n#{b}'],
    ['integer', '-12'],
    ['port', '65535'],
    ['boolean', 'True'],
    ['choice', 'red'],
    ['path', '/srv/a b'],
    ['path', 'C:\\x'],
    ['path', '\\\\server\\share'],
    ['url', 'https://h:1/p?q#f'],
    ['url', 'net.tcp://host/x'],
  ])('of type %s may be %j', (type, value) => {
    expect(check(type, value)).toBeUndefined();
  });

  test.each<[Type, string, string]>([
    ['text', 'a\0b', 'X must not hold a NUL character'],
    ['integer', '1.5', 'X must be a whole number'],
    ['integer', '', 'X must be a whole number'],
    ['port', '0', 'X must be a port, 1 to 65535'],
    ['port', '65536', 'X must be a port, 1 to 65535'],
    ['port', '080', 'X must be a port, 1 to 65535'],
    ['boolean', 'yes', 'X must be true or false'],
    ['choice', 'Red', 'X must be one of red, green'],
    ['path', 'srv', 'X must be an absolute path on one line'],
    ['path', '/a\n/b', 'X must be an absolute path on one line'],
    ['url', 'host', 'X must be a URL'],
    ['url', 'http://', 'X must be a URL'],
    ['url', 'http://a b/', 'X must be a URL'],
  ])('of type %s may not be %j', (type, value, message) => {
    expect(check(type, value)).toContain(message);
  });
});

test('what is missing is told all at once, the required ones first, those with a default never', () => {
  const { revision } = read(orders);
  const missing = (given: string[]) =>
    missingInputs(revision, (name) => given.includes(name)).map((one) => one.name);
  expect(missing([])).toEqual(['ConnectionStrings.Main', 'Colour', 'Plain', 'Smtp.Host']);
  expect(missing(['Colour', 'Smtp.Host'])).toEqual(['ConnectionStrings.Main', 'Plain']);
});
