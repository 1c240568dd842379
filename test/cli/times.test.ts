import { expect, test } from 'vitest';
import { timeNamed } from '../../src/cli/given/times.ts';

test.each([
  ['2027-02-01', '2027-02-01T00:00:00.000Z'],
  ['2027-02-01T12:30', '2027-02-01T12:30:00.000Z'],
  ['2027-02-01T12:30:15Z', '2027-02-01T12:30:15.000Z'],
  ['2027-02-01T12:30:00+02:00', '2027-02-01T10:30:00.000Z'],
])('%s is a time', (text, iso) => {
  expect(timeNamed(text, '--until').toISOString()).toBe(iso);
});

test.each(['', 'tomorrow', '2027', '2027-13-01', '2026-02-30', '2027-02-01 12:00', '2027-02-01T25:00', '1'])(
  '%j is refused',
  (text) => {
    expect(() => timeNamed(text, '--until')).toThrow(
      /Cannot understand --until .*: it is not a day or a time/,
    );
  },
);
