import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unifiedLines } from '../../src/process/index.ts';

const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `line ${at + 1}`);

test('J2.15: a difference shows each place with three lines around it and where it stands', () => {
  const before = numbered(20);
  const after = before.toSpliced(9, 1, 'line ten', 'and more').toSpliced(0, 1);
  expect(unifiedLines(before.join('\n'), after.join('\n'))).toEqual([
    '@@ -1,4 +1,3 @@',
    '-line 1',
    ' line 2',
    ' line 3',
    ' line 4',
    '@@ -7,7 +6,8 @@',
    ' line 7',
    ' line 8',
    ' line 9',
    '-line 10',
    '+line ten',
    '+and more',
    ' line 11',
    ' line 12',
    ' line 13',
  ]);
});

test('texts that are the same have no difference, and all of a new one is added', () => {
  expect(unifiedLines('a\nb\n', 'a\nb')).toEqual([]);
  expect(unifiedLines('', 'a\nb\n')).toEqual(['@@ -1,0 +1,2 @@', '+a', '+b']);
});

test('what is taken away and what is added makes one text of the other', () => {
  const text = fc.array(fc.constantFrom<string>('a', 'b', 'c', 'd'), { maxLength: 12 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const out = unifiedLines(before.join('\n'), after.join('\n'));
      const old = [...before];
      let moved = 0;
      let at = 0;
      for (const line of out) {
        const hunk = /^@@ -(\d+),\d+ \+(\d+),\d+ @@$/.exec(line);
        if (hunk !== null) {
          at = Number(hunk[1]) - 1 + moved;
          expect(at).toBe(Number(hunk[2]) - 1);
        } else if (line.startsWith('+')) {
          old.splice(at, 0, line.slice(1));
          at += 1;
          moved += 1;
        } else {
          expect(old[at]).toBe(line.slice(1));
          if (line.startsWith('-')) {
            old.splice(at, 1);
            moved -= 1;
          } else at += 1;
        }
      }
      expect(old).toEqual(after);
    }),
  );
});
