import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldLines } from '../src/fold-lines.ts';
import { widthOf } from '../src/text-width.ts';

test('a long line goes on below, broken between words and a little deeper', () => {
  expect(foldLines('  one two three four', 12)).toBe('  one two\n    three\n    four');
});

test('the last cell of a row goes on below itself', () => {
  expect(foldLines('error:  it did not go well here', 20)).toBe('error:  it did not\n        go well here');
});

test('a command stays whole, so that it can be copied', () => {
  const typed = '  crossgap input set Database.Password --env test --secret';
  expect(foldLines(typed, 20)).toBe(typed);
  expect(foldLines('try: `crossgap deploy 1.0.0 --env uat` now', 20)).toBe(
    'try:\n  `crossgap deploy 1.0.0 --env uat`\n  now',
  );
});

test('what fits stays as it is, a word that is too long too, and colours take no room', () => {
  const red = '\u001b[31mfailed\u001b[39m here';
  expect(foldLines(`${red}\n${'x'.repeat(30)}\n`, 11)).toBe(`${red}\n${'x'.repeat(30)}\n`);
});

test('nothing but blanks is lost, and no line is too long that could be broken', () => {
  const words = fc.array(fc.stringMatching(/^[a-z`:]{1,9}$/), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(words, fc.constantFrom(' ', '  '), (all, between) => {
      const line = all.join(between);
      const folded = foldLines(line, 40);
      expect(folded.replaceAll(/\s+/g, ' ')).toBe(line.replaceAll(/\s+/g, ' '));
      if (!line.includes('`'))
        for (const one of folded.split('\n')) expect(widthOf(one)).toBeLessThanOrEqual(40);
    }),
  );
});
