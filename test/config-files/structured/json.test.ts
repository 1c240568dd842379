import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { outcome, refusal, set } from './support.ts';

const file = 'a.json';

describe('structured variables in JSON', () => {
  test('only the values change: comments, commas, spacing, escapes and line ends stay', () => {
    const before = '// top\r\n{ "a" : 1.10,\r\n\t"b":/* in */"x\\u0041", "c": [ 1E5 , ], }\r\n// end';
    expect(set(file, before, { b: 'y' })).toBe(before.replace('"x\\u0041"', '"y"'));
  });

  test.each([
    ['+007', '7'],
    [' 12 ', '12'],
    ['-0', '0'],
    ['12345678901234567890', '12345678901234567890'],
    ['.5', '0.5'],
    ['5.', '5.0'],
    ['-1.50e3', '-1.50e3'],
    ['1,000', '"1,000"'],
    ['NaN', '"NaN"'],
    ['Infinity', '"Infinity"'],
    ['1e999', '"1e999"'],
    ['0x10', '"0x10"'],
    ['', '""'],
  ])('in the place of a number %j becomes %s', (value, written) => {
    expect(set(file, '{"a": 1}', { a: value })).toBe(`{"a": ${written}}`);
  });

  test.each([
    [' TRUE ', 'true'],
    ['False', 'false'],
    ['yes', '"yes"'],
  ])('in the place of true or false %j becomes %s', (value, written) => {
    expect(set(file, '{"a": true}', { a: value })).toBe(`{"a": ${written}}`);
  });

  test('a variable without a value is null for text and null, and a warning elsewhere', () => {
    const { bytes, warnings } = outcome(file, '{"a":"x","b":null,"c":1,"d":{}}', {
      a: null,
      b: null,
      c: null,
      d: null,
    });
    expect(Buffer.from(bytes).toString()).toBe('{"a":null,"b":null,"c":1,"d":{}}');
    expect(warnings).toEqual([expect.stringMatching(/^c: /), expect.stringMatching(/^d: /)]);
  });

  test('parent and child given: the parent wins, unless its value is no JSON', () => {
    expect(set(file, '{"a":{"b":1}}', { 'a:b': '2', a: '{"b":3}' })).toBe('{"a":{"b":3}}');
    expect(set(file, '{"a":{"b":1}}', { 'a:b': '2', a: '{b:3}' })).toBe('{"a":{"b":2}}');
  });

  test('of two places with one path the last is set', () => {
    expect(set(file, '{"a:b":1,"a":{"B":1}}', { 'a:b': '2' })).toBe('{"a:b":1,"a":{"B":2}}');
  });

  test('a member without a name is a level of the path like others', () => {
    expect(set(file, '{"":{"a":1},"a":1}', { ':a': '2', a: '3' })).toBe('{"":{"a":2},"a":3}');
  });

  test('the root can’t be set, and nothing is added', () => {
    const text = '{"a":1}';
    expect(set(file, text, { '': '2', b: '3', 'a:b': '4' })).toBe(text);
  });

  test('a value of several lines is written as strict JSON, with the file’s line ends and indentation', () => {
    expect(set(file, '{\r\n  "a": {}\r\n}', { a: '{\n  "b": 1, // no comment\n}' })).toBe(
      '{\r\n  "a": {\r\n    "b": 1 \r\n  }\r\n}',
    );
  });

  test.each([
    ['single quotes', "{'a': 1}", 1, 2],
    ['a name without quotes', '{a: 1}', 1, 2],
    ['a number with a leading zero', '{"a":\n 01}', 2, 3],
    ['a second value', '{} {}', 1, 4],
    ['an open object', '{"a": 1', 1, 8],
    ['an open string', '{"a": "x', 1, 7],
    ['a control character', '{"a": "\u0000"}', 1, 8],
    ['a comma alone', '[,]', 1, 2],
    ['blanks only', '  ', 1, 3],
    ['an open comment', '/* x', 1, 1],
  ])('%s is refused with its place', (_what, text, line, column) => {
    expect(refusal(file, text)).toMatchObject({ code: 'JSON_NOT_WELL_FORMED', details: { line, column } });
  });

  test('an empty file stays empty, whatever its name', () => {
    for (const name of ['a.json', 'a.yaml', 'a.xml', 'a.properties', 'a.conf']) {
      expect(outcome(name, '', { a: 'x' })).toMatchObject({ changed: false, format: undefined });
    }
  });

  test('a hundred thousand levels are read without a stack', () => {
    const deep = 100_000;
    expect(outcome(file, `${'['.repeat(deep)}${']'.repeat(deep)}`, { '0:0': '1' }).replaced).toEqual(['0:0']);
    expect(refusal(file, '{"a":'.repeat(deep)).code).toBe('JSON_NOT_WELL_FORMED');
  });

  test('one line of many megabytes is set like any other', () => {
    const long = 'x'.repeat(8_000_000);
    expect(set(file, `{"a":"${long}","b":1}`, { b: '2' }).endsWith('"b":2}')).toBe(true);
  });

  test('bytes in another encoding keep it; where it lacks a character the file becomes UTF-8, and that is told', () => {
    const latin = Buffer.from('{"a":"ä","b":"x"}', 'latin1');
    expect(Buffer.from(outcome(file, latin, { b: 'ö' }).bytes)).toEqual(
      Buffer.from('{"a":"ä","b":"ö"}', 'latin1'),
    );
    const { bytes, warnings } = outcome(file, latin, { b: '你' });
    expect(Buffer.from(bytes).toString('utf8')).toBe('{"a":"ä","b":"你"}');
    expect(warnings).toEqual([expect.stringContaining('is now UTF-8')]);
    const utf16 = Buffer.from('\uFEFF{"a":1}', 'utf16le');
    expect(Buffer.from(outcome(file, utf16, { a: '2' }).bytes).toString('utf16le')).toBe('\uFEFF{"a":2}');
  });

  test('any JSON reads back as it was, with the one value changed', () => {
    fc.assert(
      fc.property(fc.json(), fc.string(), (inner, value) => {
        const after = set(file, `{"z": "old", "rest": ${inner}}`, { z: value });
        expect(JSON.parse(after)).toEqual({ z: value, rest: JSON.parse(inner) });
      }),
    );
  });
});
