import { expect, test } from 'vitest';
import { ago, commandLine, count, moment, size, span } from '../../src/cli/words.ts';

const noon = Date.UTC(2026, 2, 3, 12);

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [45_000_000, '45.0 MB'],
  [999_960, '1.0 MB'],
  [123_456_789_000, '123 GB'],
])('%i bytes are %s', (bytes, words) => {
  expect(size(bytes)).toBe(words);
});

test.each([
  [59, '59 s'],
  [60, '1 min'],
  [3600, '1 h'],
  [48 * 3600, '2 days'],
  [90 * 86_400, '2 months'],
])('%i seconds are %s', (seconds, words) => {
  expect(span(seconds)).toBe(words);
});

test('a time that lies ahead comes from another clock and is said so', () => {
  expect(ago('2026-03-03T11:57:00.000Z', noon)).toBe('3 min ago');
  expect(ago('2026-03-03T11:59:58.000Z', noon)).toBe('just now');
  expect(ago('2029-03-03T12:00:00.000Z', noon)).toBe('36 months ahead of this clock');
});

test('a moment is UTC to the second', () => {
  expect(moment(noon)).toBe('2026-03-03 12:00:00 UTC');
});

test('one is not many', () => {
  expect([count(1, 'entry', 'entries'), count(2, 'entry', 'entries')]).toEqual(['1 entry', '2 entries']);
});

test('a word that a shell would read otherwise is quoted in a command to copy', () => {
  expect(commandLine('input', 'set', "a'b; rm -rf $HOME")).toBe(`crossgap input set 'a'\\''b; rm -rf $HOME'`);
  expect(commandLine('deploy', 'acme:Orders/1.0.0')).toBe('crossgap deploy acme:Orders/1.0.0');
});
