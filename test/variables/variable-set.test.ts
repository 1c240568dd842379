import { describe, expect, test } from 'vitest';
import { flag, list, pathList, truthy, VariableError, VariableSet } from '../../src/variables/index.ts';

describe('a variable set', () => {
  test('finds names in any case, and keeps the first spelling and place of a name that is set again', () => {
    const variables = new VariableSet([
      ['Site.Port', '80'],
      ['Other', 'x'],
    ]);
    variables.set('SITE.port', '8080');
    expect(variables.names()).toEqual(['Site.Port', 'Other']);
    expect(variables.get('site.PORT')).toBe('8080');
    expect(variables.raw('Site.Port')).toBe('8080');
  });

  test('tells a variable without a value from one that is not there', () => {
    const variables = new VariableSet([['Empty', null]]);
    expect([variables.has('empty'), variables.raw('empty'), variables.get('empty')]).toEqual([
      true,
      null,
      undefined,
    ]);
    expect([variables.has('x'), variables.raw('x'), variables.get('x')]).toEqual([
      false,
      undefined,
      undefined,
    ]);
  });

  test('evaluates a value, and never one that a person typed', () => {
    const variables = new VariableSet([['Host', 'db']]);
    variables.set('Url', 'https://#{Host}/#{Path}');
    variables.setLiteral('Password', '#{Host}##{x}');
    variables.set('Copy', '[#{Password}]');
    expect(variables.evaluate('Url')).toEqual({ text: 'https://db/#{Path}', missing: ['#{Path}'] });
    expect(variables.get('Password')).toBe('#{Host}##{x}');
    expect(variables.get('Copy')).toBe('[#{Host}##{x}]');
  });

  test('gives today’s value after a variable changed', () => {
    const variables = new VariableSet([
      ['A', '#{B}'],
      ['B', '1'],
    ]);
    expect(variables.get('A')).toBe('1');
    variables.set('B', '2');
    expect(variables.get('A')).toBe('2');
  });

  test('can be copied, and the copy changes by itself', () => {
    const variables = new VariableSet([['A', '1']]);
    variables.setLiteral('L', '#{A}');
    const copy = variables.copy();
    copy.set('A', '2');
    expect([variables.get('A'), copy.get('A'), copy.get('L'), copy.isLiteral('l')]).toEqual([
      '1',
      '2',
      '#{A}',
      true,
    ]);
  });

  test('names such as __proto__ and constructor are names like any other', () => {
    const variables = new VariableSet([['__proto__', 'p']]);
    expect(variables.get('__proto__')).toBe('p');
    expect(variables.get('constructor')).toBeUndefined();
    expect(variables.has('toString')).toBe(false);
  });

  test('a letter beyond ASCII never stands for an ASCII one', () => {
    const variables = new VariableSet([['KEY.I', '1']]);
    expect(variables.has('\u212aEY.I')).toBe(false);
    expect(variables.has('KEY.\u0131')).toBe(false);
  });

  test('refuses a name with a token as an index', () => {
    expect(() => new VariableSet([['A[#{B}]', 'x']])).toThrow(VariableError);
  });
});

describe('values as flags and lists', () => {
  const variables = new VariableSet([
    ['Yes', 'TRUE'],
    ['No', 'False'],
    ['Odd', 'yes'],
    ['List', ' a, ,b ,c#{X}'],
    ['X', ',d'],
    ['Paths', 'one\r\n two \n\n'],
  ]);

  test('a flag is true or false in any case, anything else its default', () => {
    expect([flag(variables, 'yes', false), flag(variables, 'NO', true)]).toEqual([true, false]);
    expect([
      flag(variables, 'Odd', true),
      flag(variables, 'Odd', false),
      flag(variables, 'None', true),
    ]).toEqual([true, false, true]);
  });

  test('lists are evaluated, then split, trimmed, and lose their empty items', () => {
    expect(list(variables, 'List')).toEqual(['a', 'b', 'c', 'd']);
    expect(pathList(variables, 'Paths')).toEqual(['one', 'two']);
    expect(list(variables, 'None')).toEqual([]);
  });

  test('a text is true unless it is empty, exactly 0, or no or false', () => {
    expect(['', '0', 'no', ' FALSE\t'].map(truthy)).toEqual([false, false, false, false]);
    expect([' 0 ', '0.0', ' ', 'off', 'null', '1'].map(truthy)).toEqual([true, true, true, true, true, true]);
  });
});
