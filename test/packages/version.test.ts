import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareVersions,
  fullVersionText,
  isSemVer2,
  normalizedVersion,
  parseVersion,
  versionText,
  type PackageVersion,
} from '../../src/packages/index.ts';

const version = (text: string): PackageVersion => {
  const parsed = parseVersion(text);
  if (parsed === undefined) throw new Error(`no version: ${text}`);
  return parsed;
};

describe('two equal versions have one normal form', () => {
  test.each([
    ['1', '1.0.0'],
    ['1.0', '1.0.0'],
    ['1.2', '1.2.0'],
    ['1.00', '1.0.0'],
    ['01.0.0', '1.0.0'],
    ['1.2.3', '1.2.3'],
    ['01.002.3', '1.2.3'],
    ['1.01.1', '1.1.1'],
    ['1.0.0.0', '1.0.0'],
    ['1.2.3.4', '1.2.3.4'],
    ['1.00.0.1', '1.0.0.1'],
    ['1.0.01.0', '1.0.1'],
    ['1.0.7+r3456', '1.0.7'],
    ['1.0.0-Beta.1', '1.0.0-beta.1'],
    ['1.0.0-x-y.z', '1.0.0-x-y.z'],
    ['1.0.0+build.5', '1.0.0'],
    ['1.0.0+007', '1.0.0'],
    ['1.0.0-rc.1+build', '1.0.0-rc.1'],
    ['1.0.0-rc.0a', '1.0.0-rc.0a'],
    ['1.0.0-0', '1.0.0-0'],
    [' 1 . 2 ', '1.2.0'],
    ['2147483647.0.0', '2147483647.0.0'],
    ['000000000001.0', '1.0.0'],
  ])('%j is %s', (text, normal) => {
    expect(normalizedVersion(text)).toBe(normal);
  });

  const none = [
    '',
    ' ',
    'a',
    '1.',
    '.1',
    '1..2',
    '1.2.3.4.5',
    '-1',
    '+1',
    '1.0.0-',
    '1.0.0-01',
    '1.0.0-a..b',
  ];
  const others = ['1.0.0+', '1.0.0-a b', '1.0.0-a.', '1.0.0-a+b+c', '1,0', 'v1.0', '1.0.0-ä', '１.0', '1 0'];
  const large = ['9999999999', '2147483648.0', '1.0.0.2147483648', `1.0.0-${'a'.repeat(600)}`];
  test.each([...none, ...others, ...large])('%j is no version', (text) => {
    expect(normalizedVersion(text)).toBeUndefined();
  });
});

test('a version is shown with its labels as they were written, and with its build metadata where asked', () => {
  expect(versionText(version('1.0-Beta.1+Build.7'))).toBe('1.0.0-Beta.1');
  expect(fullVersionText(version('1.0-Beta.1+Build.7'))).toBe('1.0.0-Beta.1+Build.7');
  expect(fullVersionText(version('1.0.0.0'))).toBe('1.0.0');
});

test('versions have the order in which NuGet puts them', () => {
  const ordered = [
    '0.9',
    '1.0.0--5',
    '1.0.0-1',
    '1.0.0-2',
    '1.0.0-10',
    '1.0.0-99999999999',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.1.0',
    '1.0.0-alpha.beta',
    '1.0.0-alpha10',
    '1.0.0-alpha2',
    '1.0.0-BETA',
    '1.0.0-rc.2',
    '1.0.0-rc.10',
    '1.0.0',
    '1.0.0.1',
    '1.0.1-a',
    '1.0.1',
    '1.2',
    '1.10',
    '2',
  ];
  const shuffled = ordered.toReversed().map(version);
  expect(shuffled.toSorted(compareVersions).map(versionText)).toEqual(
    ordered.map((text) => versionText(version(text))),
  );
});

test('spelling, case and build metadata make no difference to the order', () => {
  const same: [string, string][] = [
    ['1.0', '1.0.0.0'],
    ['1.0.0-RC.1', '1.0.0-rc.1'],
    ['1.0.0+a', '1.0.0+b'],
  ];
  expect(same.map(([a, b]) => compareVersions(version(a), version(b)))).toEqual([0, 0, 0]);
});

test('the order is one: turned round it is the opposite, and it has no circles', () => {
  const label = fc.constantFrom('0', '1', '10', '-1', 'a', 'A', 'b', 'rc', '99999999999');
  const any = fc.record({
    numbers: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
    labels: fc.array(label, { maxLength: 3 }),
    metadata: fc.constant(undefined),
  });
  fc.assert(
    fc.property(any, any, any, (a, b, c) => {
      expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
        expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      expect(compareVersions(a, b) === 0).toBe(versionText(a).toLowerCase() === versionText(b).toLowerCase());
      expect(parseVersion(versionText(a))).toEqual(a);
    }),
    { numRuns: 300 },
  );
});

test('more than one label or build metadata makes it a version of SemVer 2', () => {
  const second = ['1.0.0-a.1', '1.0.0+x', '1.0.0-a+x'];
  const first = ['1.0.0', '1.0.0-a', '1.0.0.1', '1.0.0-a-1'];
  expect(second.filter((text) => !isSemVer2(version(text)))).toEqual([]);
  expect(first.filter((text) => isSemVer2(version(text)))).toEqual([]);
});

test('a long text is judged at once', () => {
  expect(parseVersion(`1.0.0-${'a.'.repeat(100_000)}!`)).toBeUndefined();
  expect(parseVersion(`1.0.0-${'a'.repeat(500)}!`)).toBeUndefined();
});
