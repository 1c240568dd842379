import { describe, expect, test } from 'vitest';
import { refusal, set } from './support.ts';

const file = 'a.properties';

describe('structured variables in Java properties', () => {
  test.each([
    ['a value over several lines', 'a=1,\\\n   2\nb=3\n', 'a=x\nb=3\n'],
    ['a separator over several lines', 'a \\\n = 1\n', 'a \\\n = x\n'],
    ['a key with escapes', '\\u0061 = 1\n', '\\u0061 = x\n'],
    ['a key alone', 'a', 'a:x'],
    ['a key and blanks', '  a  \n', '  a  x\n'],
    ['a separator without value', 'a=\nb=1', 'a=x\nb=1'],
    ['line ends of all kinds', 'a=1\r\na=2\ra=3\n', 'a=x\r\na=x\ra=x\n'],
    ['comments that look like entries', '#a=1\n!a=2\n', '#a=1\n!a=2\n'],
    ['a backslash at the end', 'a=1\\', 'a=x'],
  ])('%s', (_what, before, after) => {
    expect(set(file, before, { a: 'x' })).toBe(after);
  });

  test('a variable without a value changes nothing', () => {
    expect(set(file, 'a=1', { a: null })).toBe('a=1');
  });

  test('characters outside the basic plane are written as two units, U+00FE as it is', () => {
    expect(set(file, 'a=1', { a: '\u00fe\u00ff😀' })).toBe('a=\u00fe\\u00ff\\ud83d\\ude00');
  });

  test('an escape that is none is refused with its place', () => {
    expect(refusal(file, 'b=1\na=\\u12G4')).toMatchObject({
      code: 'PROPERTIES_NOT_WELL_FORMED',
      details: { line: 2, column: 3 },
    });
  });
});
