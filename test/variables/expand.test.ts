import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expand, namesIn, VariableError, VariableSet } from '../../src/variables/index.ts';

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof VariableError) return error.code;
    throw error;
  }
  return 'none';
};

describe('a text with tokens', () => {
  test('without #{ expands to itself, whatever it holds', () => {
    const text = fc.string({ unit: fc.constantFrom('#', '{', '}', 'a', '\n', '\u0000', '😀') });
    fc.assert(
      fc.property(
        text.filter((one) => !one.includes('#{')),
        (one) => {
          expect(expand(one, new VariableSet())).toEqual({ text: one, missing: [] });
        },
      ),
    );
  });

  test('whatever it holds, the answer is a text or a VariableError, and halting keeps what does not parse', () => {
    const variables = new VariableSet([
      ['a', '1'],
      ['b.c', '#{a}'],
      ['d[x]', '2'],
      ['j', '{"k":["#{a}",{}],"1":"#{j.k}"}'],
    ]);
    const unit = fc.constantFrom(
      '#',
      '{',
      '}',
      '#{',
      '##{',
      '[',
      ']',
      '.',
      '|',
      ' ',
      'a',
      'b.c',
      'd[x]',
      '"',
      '/',
      '#{if a}',
      '#{elseif b.c == "1"}',
      '#{else}',
      '#{/if}',
      '#{unless d[x] | Trim}',
      '#{/unless}',
      '#{each x in j}',
      '#{x.k | Replace "a*" a}',
      '#{/each}',
      '#{calc (1+{a})*2}',
      '#{j.k[0]}',
      '#{j[#{a}]}',
      '| Format N2',
      '| null',
      '==',
      '\\"',
      ' in ',
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 30 }), (text) => {
        try {
          const halted = expand(text, variables);
          if (halted.failedAt !== undefined) expect(halted.text).toBe(text);
          else expect(expand(text, variables, 'continue')).toEqual(halted);
        } catch (error) {
          expect(error).toBeInstanceOf(VariableError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('a text twice is its result twice: a token reads the same wherever it stands', () => {
    const variables = new VariableSet([
      ['a', '1'],
      ['b.c', '#{a}'],
      ['d[x]', '2'],
    ]);
    const unit = fc.constantFrom(
      '#{a}',
      '#{ b.c }',
      '#{d[x]}',
      '#{d[#{a}]}',
      '#{no}',
      '##{',
      '#',
      '[',
      ']',
      '}',
      ' ',
      'x',
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
        const once = expand(text, variables);
        fc.pre(once.failedAt === undefined);
        expect(expand(`${text} ${text}`, variables)).toEqual({ ...once, text: `${once.text} ${once.text}` });
      }),
      { numRuns: 1000 },
    );
  });

  test('what is missing is written back and listed once, in order, also from inside a value', () => {
    const variables = new VariableSet([['A', '#{Lost} #{B}']]);
    expect(expand('#{Gone} #{A} #{Gone}', variables)).toEqual({
      text: '#{Gone} #{Lost} #{B} #{Gone}',
      missing: ['#{Gone}', '#{Lost}', '#{B}'],
    });
  });
});

describe('a text that can’t be evaluated', () => {
  test('a value that leads back to itself is refused by its name and the way round', () => {
    const variables = new VariableSet([
      ['A', '#{B}'],
      ['B', 'x#{C[1]}'],
      ['C[1]', '#{A}'],
    ]);
    try {
      expand('#{A}', variables);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'TEMPLATE_RECURSION', details: { variable: 'A' } });
      expect(String(error)).toContain('A -> B -> C[1] -> A');
    }
    expect(codeOf(() => variables.get('C[1]'))).toBe('TEMPLATE_RECURSION');
  });

  test('values that double sixty times are refused by name, quickly and without the memory', () => {
    const variables = new VariableSet([['V0', 'x'.repeat(100)]]);
    for (let n = 1; n <= 60; n += 1) variables.set(`V${n}`, `#{V${n - 1}}#{V${n - 1}}`);
    expect(codeOf(() => expand('#{V60}', variables))).toBe('TEMPLATE_TOO_LARGE');
    expect(expand('#{V10}', variables).text).toHaveLength(102_400);
  });

  test('a chain of values longer than two hundred, and tokens nested a hundred deep, are refused', () => {
    const variables = new VariableSet([['V0', 'x']]);
    for (let n = 1; n <= 300; n += 1) variables.set(`V${n}`, `#{V${n - 1}}`);
    expect(codeOf(() => expand('#{V300}', variables))).toBe('TEMPLATE_TOO_DEEP');
    expect(expand('#{V150}', variables).text).toBe('x');
    expect(codeOf(() => expand('#{A['.repeat(5000), variables, 'continue'))).toBe('TEMPLATE_TOO_DEEP');
  });
});

test('a step below a value that leads back is missing, not a loop', () => {
  const variables = new VariableSet([
    ['A', '#{B.x}'],
    ['B', '#{A}'],
  ]);
  expect(expand('#{A}', variables)).toEqual({ text: '#{B.x}', missing: ['#{B.x}'] });
});

describe('what a text uses', () => {
  test('names are listed once, those inside an index too', () => {
    expect(namesIn('#{A.b} #{A.b} #{C[#{D}].e} #{F | X #{G}} ##{H}')).toEqual(['A.b', 'D', 'F', 'G']);
  });

  test('names in tests, branches, sums and collections count; what a loop gives its body does not', () => {
    const text =
      '#{if A == B}#{C}#{elseif D | Trim}#{E}#{else}#{F}#{/if}#{unless G}x#{/unless}#{calc {H}-1*(2+{I})}' +
      '#{each x in J.k}#{x}#{x.y}#{L[#{x}]}#{Octopus.Template.Each.Index}#{M}#{/each}#{x}';
    expect(namesIn(text)).toEqual(['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J.k', 'M', 'x']);
  });
});
