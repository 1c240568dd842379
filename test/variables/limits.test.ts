import { describe, expect, test } from 'vitest';
import { expand, VariableError, VariableSet } from '../../src/variables/index.ts';

const outcome = (text: string, values: Readonly<Record<string, string>>): string => {
  try {
    return expand(text, new VariableSet(Object.entries(values)), 'continue').text;
  } catch (error) {
    if (error instanceof VariableError) return error.code;
    throw error;
  }
};

describe('T-71 a hostile template', () => {
  test('of loops in loops is ended by the work it does, even where it writes nothing', () => {
    const list = 'a,'.repeat(2000);
    const loops = '#{each a in L}#{each b in L}#{each c in L}#{if a == b}#{/if}#{/each}#{/each}#{/each}';
    expect(outcome(loops, { L: list })).toBe('TEMPLATE_TOO_COSTLY');
    expect(outcome('#{each a in L}#{each b in L}x#{/each}#{/each}', { L: 'a,b,c' })).toBe('x'.repeat(9));
  });

  test('that hashes a long value again and again is ended by the work it does', () => {
    const text = '#{each x in L}#{Long | Sha256}#{/each}';
    expect(outcome(text, { L: ','.repeat(5000), Long: 'x'.repeat(100_000) })).toBe('TEMPLATE_TOO_COSTLY');
  });

  test.each([
    ['open brackets', '#{A['],
    ['parentheses', '#{calc ('],
    ['blocks', '#{if A}'],
    ['options', '#{A | B '],
  ])('of %s nested beyond the stack is refused or kept, never a crash', (_what, unit) => {
    const text = unit.repeat(50_000);
    expect(['TEMPLATE_TOO_DEEP', text]).toContain(outcome(text, { A: '1' }));
  });

  test.each(['#{', '#{A.', '#{ ', '#{A | B "', '#{A | B \\"', '#{each x in L}', '[', '#{/if}'])(
    '%s twenty thousand times over stays as it is written, in one pass',
    (unit) => {
      const text = unit.repeat(20_000);
      expect(['TEMPLATE_TOO_DEEP', text]).toContain(outcome(text, { A: '1', L: 'a' }));
    },
  );

  test('whose JSON refers to itself by members that double is ended', () => {
    const members = Array.from({ length: 30 }, (_, n) => `"k${n}":"#{C.k${n + 1}}#{C.k${n + 1}}"`);
    expect(outcome('#{C.k0}', { C: `{${members.join(',')},"k30":"x"}` })).toMatch(/^TEMPLATE_TOO_/);
  });
});

describe('T-72 a costly pattern', () => {
  test.each(['^(a+)+$', '(?=(a|aa)+b)', '^(a*)*\\1b$'])(
    '%s is ended by its steps, the same on each machine',
    (pattern) => {
      expect(outcome(`#{T | Match "${pattern}"}`, { T: `${'a'.repeat(60)}!` })).toBe('TEMPLATE_TOO_COSTLY');
    },
  );

  test('a replacement that multiplies is ended by the length of its result', () => {
    const text = '#{T | Replace "a" #{W} | Replace "a" #{W}}'.replaceAll('#{W} |', '#{W}|');
    expect(outcome(text, { T: 'a'.repeat(2000), W: 'a'.repeat(2000) })).toMatch(/^TEMPLATE_TOO_/);
  });

  test('an ordinary one on a long text is no matter', () => {
    const result = outcome('#{T | Replace "(\\w+)=(\\d+)" "$2=$1"}', { T: 'ab=12 '.repeat(20_000) });
    expect(result).toBe('12=ab '.repeat(20_000));
  });
});
