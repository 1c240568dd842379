import { expect, test } from 'vitest';
import { bytesNamed, numberNamed } from '../../src/cli/given/byte-size.ts';
import { codeOf, refusal } from '../support/refusal.ts';

test.each([
  ['4400MB', 4_400_000_000],
  ['4095MiB', 4_293_918_720],
  ['4.7GB', 4_700_000_000],
  ['700m', 700_000_000],
  ['64 KiB', 65_536],
  ['20000', 20_000],
])('%s are %i bytes', (text, bytes) => {
  expect(bytesNamed(text, '--part-size')).toBe(bytes);
});

test.each(['', 'much', '-5MB', '0', '5 apples', '99999999999GB'])('%j is no size', (text) => {
  expect(codeOf(refusal(() => bytesNamed(text, '--part-size')))).toBe('USAGE_INVALID misused');
});

test.each(['0', '1.5', '-1', 'two', '1e3'])('%j is no number of a bundle', (text) => {
  expect(codeOf(refusal(() => numberNamed(text, '--bundle')))).toBe('USAGE_INVALID misused');
});
