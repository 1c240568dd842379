import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ago, command, count, exact, since, size, span } from '../../src/http/words.ts';

const now = '2026-03-03T14:05:11.000Z';

describe('ages are told in the largest unit that fits', () => {
  test.each([
    [0, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [3599, '59 min'],
    [3600, '1 h'],
    [47 * 3600, '47 h'],
    [48 * 3600, '2 days'],
    [60 * 86_400, '60 days'],
    [61 * 86_400, '2 months'],
    [400 * 86_400, '13 months'],
  ])('%d seconds are %s', (seconds, words) => {
    expect(span(seconds)).toBe(words);
  });

  test('a moment ago is now, and a time ahead comes from another clock', () => {
    expect(ago('2026-03-03T14:05:09.000Z', now)).toBe('just now');
    expect(ago('2026-03-03T14:02:11.000Z', now)).toBe('3 min ago');
    expect(ago('2026-03-03T15:05:11.000Z', now)).toBe('1 h ahead of this clock');
    expect(ago('yesterday', now)).toBe('at an unreadable time');
  });

  test('the exact time stands behind the words', () => {
    expect(since('2026-03-03T14:02:11.000Z', now).markup).toBe(
      '<time datetime="2026-03-03T14:02:11.000Z" title="2026-03-03 14:02:11 UTC">3 min ago</time>',
    );
    expect(exact('yesterday')).toBe('yesterday');
  });
});

test('sizes and counts read as people write them', () => {
  expect([999, 1000, 48_213, 41_900_000, 999_000_000_000].map(size)).toEqual([
    '999 B',
    '1.0 kB',
    '48.2 kB',
    '41.9 MB',
    '999 GB',
  ]);
  expect([count(1, 'entry', 'entries'), count(2100, 'entry', 'entries')]).toEqual([
    '1 entry',
    '2,100 entries',
  ]);
});

describe('a command to copy', () => {
  test('is plain where its words are plain', () => {
    expect(command('deploy', 'acme:Orders/1.0.0', '--env', 'uat')).toBe(
      'crossgap deploy acme:Orders/1.0.0 --env uat',
    );
  });

  test('hands any name to a POSIX shell as one word that does nothing', () => {
    const noNul = fc.string({ unit: 'binary' }).map((text) => text.toWellFormed().replaceAll('\0', ''));
    fc.assert(
      fc.property(fc.array(noNul, { minLength: 1, maxLength: 5 }), (words) => {
        const line = command(...words).replace(/^crossgap/, String.raw`printf '%s\0'`);
        const output = execFileSync('sh', ['-c', line], { encoding: 'utf8' });
        expect(output.split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 20 },
    );
  });
});
