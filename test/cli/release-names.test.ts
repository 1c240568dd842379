import { expect, test } from 'vitest';
import { packageNamed, refuseUnfitNumber } from '../../src/cli/given/release-names.ts';

test.each(['Orders.Web@1.0.0', 'Orders.Web=1.0.0'])('%s names a package', (text) => {
  expect(packageNamed(text)).toEqual({ id: 'Orders.Web', version: '1.0.0' });
});

test('a version may be a pre-release with build metadata', () => {
  expect(packageNamed('A@1.0.0-rc.1+sha.5').version).toBe('1.0.0-rc.1+sha.5');
});

test.each(['Orders.Web', '@1.0.0', 'Orders.Web@', 'Orders.Web@latest', 'a/b@1.0.0', ''])(
  '%j is refused as a package',
  (text) => {
    expect(() => packageNamed(text)).toThrow(/it is not ID@VERSION/);
  },
);

test.each(['1.0.0', '2026.03', '1.0.0-rc.1', '7'])('%s can be the number of a release', (number) => {
  expect(() => refuseUnfitNumber(number)).not.toThrow();
});

test.each(['', 'v1', 'latest', 'a/b', 'acme:1', '1 0', '-1', 'x'.repeat(101), '1\u001b[2J'])(
  '%j can not be the number of a release',
  (number) => {
    expect(() => refuseUnfitNumber(number)).toThrow(/Cannot call a release/);
  },
);
