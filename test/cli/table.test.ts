import { expect, test } from 'vitest';
import { facts, indented, section, table } from '../../src/cli/table.ts';

test('columns are aligned and no blanks stand at the ends', () => {
  expect(
    table([
      ['A', 'LONGER', ''],
      ['wide', 'b', 'c'],
      ['x', '', ''],
    ]),
  ).toEqual(['A     LONGER', 'wide  b       c', 'x']);
});

test('where a table is too wide its widest cells go on below, never within a word', () => {
  const rows = [
    ['NAME', 'WHY'],
    ['contoso', 'rolled back to 1.0.0'],
  ];
  expect(table(rows, 20)).toEqual(['NAME     WHY', 'contoso  rolled back', '         to 1.0.0']);
  expect(table(rows, 5)).toEqual([
    'NAME     WHY',
    'contoso  rolled',
    '         back',
    '         to',
    '         1.0.0',
  ]);
  expect(table(rows, 80)).toEqual(table(rows));
});

test('colours take no room', () => {
  const [red, plain] = table([
    ['\u001b[31mab\u001b[39m', '1'],
    ['abcd', '2'],
  ]);
  expect(red).toBe('\u001b[31mab\u001b[39m    1');
  expect(plain).toBe('abcd  2');
});

test('a character of several code units takes one place', () => {
  expect(
    table([
      ['👩‍🔬', '1'],
      ['ab', '2'],
    ]),
  ).toEqual(['👩‍🔬   1', 'ab  2']);
});

test('facts without a value are left out', () => {
  expect(
    facts([
      ['name', 'acme'],
      ['reason', null],
      ['note', ''],
      ['until', undefined],
    ]),
  ).toEqual(['name:  acme']);
});

test('a section with nothing in it is not there', () => {
  expect(section('Packages', [])).toEqual([]);
  expect(section('Packages', ['a', ''])).toEqual(['', 'Packages', '  a', '']);
  expect(indented(['', 'a'])).toEqual(['', '  a']);
});
