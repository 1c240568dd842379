import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { outcome, refusal, set } from './support.ts';

const file = 'a.yaml';

describe('structured variables in YAML', () => {
  test.each([
    ['plain', 'a: x # c\n', 'y', 'a: y # c\n'],
    ['single quotes', "a: 'x'\n", "it's", "a: 'it''s'\n"],
    ['double quotes', 'a: "x"\n', 'l1\nl2"', 'a: "l1\\nl2\\""\n'],
    ['tag and anchor', 'a: !!str &n x\nb: *n\n', '5', 'a: !!str &n 5\nb: *n\n'],
    ['a literal block', 'a: |  # c\n    x\n    y\nb: 1\n', 'p\n\nq\n', 'a: |  # c\n    p\n\n    q\nb: 1\n'],
    ['a literal block without a last line end', 'a: |\n  x\n', 'y', 'a: |-\n  y\n'],
    ['a block of text that begins with a blank', 'a: |\n  x\n', ' y', 'a: " y"\n'],
    ['a value that is not there', 'a:\nb: 1\n', 'x', 'a: x\nb: 1\n'],
    ['a value that is not there before a comment', 'a: # c\nb: 1\n', 'x', 'a: x # c\nb: 1\n'],
    ['an empty value', 'a: x\nb: 1\n', '', 'a: \nb: 1\n'],
    ['an empty value between brackets', '{a: x}\n', '', "{a: ''}\n"],
    ['a key without a value between brackets', '{a, b: 1}\n', 'x', '{a: x, b: 1}\n'],
    ['text with a comma between brackets', '{a: x}\n', 'p,q', "{a: 'p,q'}\n"],
    ['CR LF', 'a: x\r\nb: |\r\n  l\r\n', 'y', 'a: y\r\nb: |\r\n  l\r\n'],
    ['several documents', 'a: 1\n---\na: 2\n', '3', 'a: 3\n---\na: 3\n'],
  ])('%s', (_what, before, value, after) => {
    expect(set(file, before, { a: value })).toBe(after);
  });

  test.each([
    ['a block mapping by flow', 'a:\n  b: 1 # gone\nc: 2\n', '{x: 1}', 'a: {x: 1}\nc: 2\n'],
    [
      'a block mapping by block',
      'a: # kept\n    b: 1\nc: 2\n',
      'x: 1\ny:\n- z',
      'a: # kept\n    x: 1\n    y:\n    - z\nc: 2\n',
    ],
    ['flow by block', 'a: [1, 2]\nc: 2\n', 'x: 1', 'a:\n  x: 1\nc: 2\n'],
    ['a sequence by a sequence', 'a:\n- 1\n- 2\nc: 2\n', '- p\n- q', 'a:\n- p\n- q\nc: 2\n'],
    ['a sequence by a mapping', 'a:\n- 1\nc: 2\n', 'x: 1', 'a:\n  x: 1\nc: 2\n'],
    ['with anchor and tag', 'a: !!map &n\n  b: 1\nc: 2\n', '[1]', 'a: [1]\nc: 2\n'],
    ['inside brackets', 'o: {a: [1, 2], c: 2}\n', 'x: [1]\ny: "p"', 'o: {a: [1, 2], c: 2}\n'],
    ['by a scalar', 'a: [1]\n', 'Host=db01', 'a: Host=db01\n'],
    ['by text in quotes', 'a: [1]\n', '"5"', 'a: "5"\n'],
    ['by a comment alone', 'a: [1]\n', '# x', 'a: "# x"\n'],
    ['by two documents', 'a: [1]\n', 'x: 1\n---\ny: 2', 'a: "x: 1\\n---\\ny: 2"\n'],
    ['by one document with its marker', 'a: [1]\n', '---\nx: 1\n', 'a:\n  x: 1\n'],
    ['by what can’t be read', 'a: [1]\n', 'a: b: c', 'a: "a: b: c"\n'],
  ])('a structure is replaced: %s', (_what, before, value, after) => {
    expect(set(file, before, { a: value })).toBe(after);
  });

  test('structures inside brackets and in items of a sequence', () => {
    expect(parse(set(file, 'o: {a: [1, 2], c: 2}\n', { 'o:a': 'x: [1]\ny: "p,q"' }))).toEqual({
      o: { a: { x: [1], y: 'p,q' }, c: 2 },
    });
    expect(set(file, 'o:\n  - a: 1\n    b: 2\n  - c\n', { 'o:0': 'x: 1\ny: 2', 'o:1': 'z' })).toBe(
      'o:\n  - x: 1\n    y: 2\n  - z\n',
    );
    expect(set(file, 'a:\n  b: 1\n', { a: null })).toBe('a: null\n');
  });

  test('parent and child given: the parent wins', () => {
    expect(set(file, 'a:\n  b: 1\n', { 'a:b': '2', a: '{b: 3}' })).toBe('a: {b: 3}\n');
  });

  test('an alias is an item like others and is never replaced', () => {
    const before = 'x: &x 1\nl:\n- *x\n- 2\nm:\n  <<: *x\n  k: 3\n';
    expect(set(file, before, { 'l:0': '8', 'l:1': '9', 'm:k': '4' })).toBe(
      before.replace('- 2', '- 9').replace('k: 3', 'k: 4'),
    );
  });

  test.each([
    ['an open bracket', 'a: [1\n', 2],
    ['wrong indentation', 'a:\n  - b\n c: d\n', 3],
    ['a control character', 'a: b\nc: \u0000\n', 2],
  ])('%s is refused with its place', (_what, text, line) => {
    expect(refusal(file, text)).toMatchObject({ code: 'YAML_NOT_WELL_FORMED', details: { line } });
  });

  test.each([
    ['[', 100_000],
    ['{a: ', 10_000],
    ['- ', 10_000],
    ['? ', 10_000],
  ])('levels without end are refused: %j, %i times', (part, times) => {
    expect(refusal(file, part.repeat(times)).code).toMatch(/STRUCTURED_FILE_TOO_LARGE|YAML_NOT_WELL_FORMED/);
  });

  test('more lines than memory should be spent on are refused', () => {
    expect(refusal(file, '\n'.repeat(250_001)).message).toContain('lines and items');
  });

  test('entities that multiply are not multiplied: aliases stay', () => {
    const bomb = 'a: &a [x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: 1\n';
    expect(set(file, bomb, { d: '2' })).toBe(bomb.replace('d: 1', 'd: 2'));
  });

  test('any text in any style comes back as one scalar, beside what was there', () => {
    const styles = ['x', "'x'", '"x"', '|\n     x', '>\n     x'];
    const part = fc.constantFrom(
      'a',
      ' ',
      '\n',
      ':',
      '#',
      '-',
      "'",
      '"',
      '{',
      ']',
      ',',
      '\t',
      'é',
      '😀',
      '%',
      '&',
      '\r',
      '1',
    );
    const value = fc.array(part, { minLength: 1 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(value, fc.constantFrom(...styles), fc.boolean(), (text, style, inSeq) => {
        const before = inSeq ? `l:\n- ${style}\n- 1\n` : `l:\n  k: ${style}\n  z: 1\n`;
        const after = set(file, before, { 'l:0': text, 'l:k': text });
        const read = parse(after, { schema: 'failsafe' }) as { l: unknown };
        expect(read.l).toEqual(inSeq ? [text, '1'] : { k: text, z: '1' });
      }),
    );
  });

  test('any YAML put in the place of a structure is read there as it is read alone', () => {
    const leaf = fc.constantFrom('x', 'two words', '5', '', 'a: b', '- c', '# d', 'l1\nl2\n');
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie('value'), { minLength: 1, maxLength: 3 }),
        fc.dictionary(fc.constantFrom('p', 'q', 'r'), tie('value'), { minKeys: 1 }),
      ),
    }));
    const places = ['a:\n  b: 1\nz: 1\n', 'a: [1]\nz: 1\n', 'a:\n- 1\nz: 1\n', '{a: {b: 1}, z: 1}\n'];
    fc.assert(
      fc.property(value, fc.constantFrom(...places), fc.boolean(), (given, place, asJson) => {
        const yaml = asJson ? JSON.stringify(given, null, 1) : stringified(given);
        if (yaml.trim() === '') return;
        const after = parse(set(file, place, { a: yaml }), { schema: 'failsafe' }) as {
          a: unknown;
          z: string;
        };
        expect(after).toEqual({ a: parse(yaml, { schema: 'failsafe' }), z: '1' });
      }),
    );
  });

  test('nothing matched: every byte stays, and what was tried before is told', () => {
    const told = outcome('a.conf', 'a: 1\n', { b: 'x' });
    expect(told).toMatchObject({ changed: false, format: 'YAML', replaced: [] });
    expect(told.notRead).toHaveLength(2);
  });
});

function stringified(value: unknown, indent = ''): string {
  if (Array.isArray(value)) {
    return value.map((item) => `${indent}-\n${stringified(item, `${indent}  `)}`).join('\n');
  }
  if (typeof value !== 'object' || value === null) return `${indent}${JSON.stringify(value)}`;
  return Object.entries(value)
    .map(([key, item]) => `${indent}${key}: # c\n${stringified(item, `${indent}   `)}`)
    .join('\n');
}
