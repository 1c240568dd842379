import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ago,
  amount,
  commandLine,
  count,
  durationOf,
  lastingFor,
  moment,
  size,
  span,
  took,
} from '../src/words.ts';
import { anyCharacter } from './support/any-character.ts';

const now = '2026-03-03T14:05:11.000Z';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [48_213, '48.2 kB'],
  [99_960, '100 kB'],
  [999_960, '1.0 MB'],
  [41_900_000, '41.9 MB'],
  [999_000_000_000, '999 GB'],
  [5_000_000_000_000_000, '5000 TB'],
])('%i bytes are %s', (bytes, words) => {
  expect(size(bytes)).toBe(words);
});

test.each([
  [0, '0.0 s'],
  [-400, '0.0 s'],
  [949, '0.9 s'],
  [9940, '9.9 s'],
  [9960, '10 s'],
  [59_700, '1 min'],
  [250_000, '4 min 10 s'],
  [3_600_000, '1 h'],
  [7_500_000, '2 h 5 min'],
  [48 * 3_600_000, '2 days'],
])('%i ms took %s', (milliseconds, words) => {
  expect(took(milliseconds)).toBe(words);
});

test('how long something took is known where it began and ended', () => {
  const [startedAt, endedAt] = ['2026-03-03T14:05:11.000Z', '2026-03-03T14:05:15.200Z'];
  expect(durationOf({ startedAt, endedAt })).toBe('4.2 s');
  expect(durationOf({ startedAt, endedAt: null })).toBeNull();
  expect(durationOf({ endedAt })).toBeNull();
});

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [-1_234_567, '-1,234,567'],
  [12_345_678_901, '12,345,678,901'],
])('%i is written %s, as in English, whatever the language of the machine', (number, words) => {
  expect(amount(number)).toBe(words);
  expect(amount(number)).toBe(number.toLocaleString('en-US'));
});

test.each([
  [0, 'just now'],
  [5, 'for 5 s'],
  [180, 'for 3 min'],
])('what began %i s ago lasts %s', (seconds, words) => {
  expect(lastingFor(Date.parse(now) - seconds * 1000, now)).toBe(words);
  expect(lastingFor('yesterday', now)).toBe('since an unreadable time');
});

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
  expect(ago('2026-03-03T14:02:11.000Z', Date.parse(now))).toBe('3 min ago');
  expect(ago('2026-03-03T15:05:11.000Z', now)).toBe('1 h ahead of this clock');
  expect(ago('yesterday', now)).toBe('at an unreadable time');
});

test('a moment is UTC to the second, and what is none stands as it is', () => {
  expect([moment(now), moment(Date.parse(now))]).toEqual(Array(2).fill('2026-03-03 14:05:11 UTC'));
  expect(moment('yesterday')).toBe('yesterday');
});

test('one is not many, and many are grouped', () => {
  expect(count(1, 'entry', 'entries')).toBe('1 entry');
  expect(count(2, 'release')).toBe('2 releases');
  expect(count(2100, 'entry', 'entries')).toBe('2,100 entries');
});

describe('a command to copy', () => {
  test('is plain where its words are plain', () => {
    expect(commandLine('deploy', 'acme:Orders/1.0.0', '--env', 'uat')).toBe(
      'crossgap deploy acme:Orders/1.0.0 --env uat',
    );
  });

  test('quotes a word that a shell would read otherwise', () => {
    const line = commandLine('input', 'set', "a'b; rm -rf $HOME");
    expect(line).toBe(`crossgap input set 'a'\\''b; rm -rf $HOME'`);
  });

  test('hands any name to a POSIX shell as one word that does nothing', () => {
    const noNul = fc.string({ unit: anyCharacter }).map((text) => text.toWellFormed().replaceAll('\0', ''));
    fc.assert(
      fc.property(fc.array(noNul, { minLength: 1, maxLength: 5 }), (words) => {
        const line = commandLine(...words).replace(/^crossgap/, String.raw`printf '%s\0'`);
        const output = execFileSync('sh', ['-c', line], { encoding: 'utf8' });
        expect(output.split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 20 },
    );
  });
});
