import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OctopusError } from '../../src/octopus/index.ts';
import { readOcl, type OclValue } from '../../src/octopus/read-ocl.ts';

const valueOf = (text: string): OclValue | undefined => readOcl(`a = ${text}\n`, 'x.ocl').attributes.get('a');

test.each<[string, OclValue]>([
  ['"text"', 'text'],
  [String.raw`"C:\\inetpub \"x\" \n\r\t"`, 'C:\\inetpub "x" \n\r\t'],
  ['12', '12'],
  ['-1.50', '-1.50'],
  ['true', true],
  ['false', false],
  ['null', null],
  ['[]', []],
  ['["a", "b"]', ['a', 'b']],
  ['[\n  "a",\n  "b"\n]', ['a', 'b']],
  ['<<EOT\nThis\n   is\n\nEOT', 'This\n   is\n'],
  ['<<-EOT\n      This\n         is\n\n        the "value"\n    EOT', 'This\n   is\n\n  the "value"'],
  ['<<-EOT\r\n  a\r\n  b\r\n  EOT', 'a\r\nb'],
  ['<<EOT\nEOT', ''],
])('%j is read', (text, value) => {
  expect(valueOf(text)).toEqual(value);
});

test('a dictionary keeps its names as they are written, quoted or not', () => {
  const value = valueOf('{\n    Octopus.Action.Script.Syntax = "Bash"\n    "Octopus.Action[Web].X" = "y"\n}');
  expect([...(value as ReadonlyMap<string, OclValue>)]).toEqual([
    ['Octopus.Action.Script.Syntax', 'Bash'],
    ['Octopus.Action[Web].X', 'y'],
  ]);
});

test('blocks have labels, lines and blocks of their own', () => {
  const document = readOcl(
    '# comment\n\nstep "a" "b" {\n    x = 1 // one\n    inner {}\n}\nstep "c" { }\n',
    'x.ocl',
  );
  expect(document.blocks.map(({ name, labels, line }) => [name, labels, line])).toEqual([
    ['step', ['a', 'b'], 3],
    ['step', ['c'], 7],
  ]);
  expect(document.blocks[0]!.attributes.get('x')).toBe('1');
  expect(document.blocks[0]!.blocks.map(({ name }) => name)).toEqual(['inner']);
});

describe('what is wrong is told with line and column', () => {
  test.each([
    ['a = "x', 'line 1, column 7: the text is not ended on its line'],
    [String.raw`a = "\q"`, 'line 1, column 6: this escape is not known'],
    ['a = <<EOT\nx\n', 'line 3, column 1: the text is not ended by EOT'],
    ['step "x" {\n  a = 1\n', 'line 3, column 1: the file ends within a block'],
    ['step "x"\n', 'line 1, column 9: after step an = or a { is expected'],
    ['a = 1\na = 2\n', 'line 2, column 4: a stands here a second time'],
    ['a = what\n', 'line 1, column 9: a value is expected here'],
    ['}\n', 'line 1, column 1: the name of an attribute or a block is expected here'],
    [`a = ${'['.repeat(60)}`, 'more than 50 values stand in one another'],
    ['b {\n'.repeat(60), 'more than 50 blocks stand in one another'],
  ])('%j', (text, because) => {
    expect(() => readOcl(text, 'x.ocl')).toThrow(because);
  });
});

test('any text is read or refused in words, and what is written is read back', () => {
  const pieces = fc.constantFrom(
    'a',
    ' ',
    '=',
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    '\n',
    '<<',
    '-',
    'EOT',
    '#',
    ',',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (some) => {
      try {
        readOcl(some.join(''), 'x.ocl');
      } catch (error) {
        expect(error).toBeInstanceOf(OctopusError);
      }
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      const escaped = text
        .replaceAll(/["\\]/g, String.raw`\$&`)
        .replaceAll('\n', String.raw`\n`)
        .replaceAll('\r', String.raw`\r`);
      expect(valueOf(`"${escaped}"`)).toBe(text);
    }),
  );
});
