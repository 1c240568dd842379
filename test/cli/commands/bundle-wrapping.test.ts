import { expect, test } from 'vitest';
import { readWish } from '../../../src/cli/bundles/bundle-wish.ts';
import { readWrapping } from '../../../src/cli/bundles/bundle-wrapping.ts';
import { codeOf, refusal } from '../../support/refusal.ts';

const nothing = {
  'part-size': undefined,
  after: undefined,
  bundle: undefined,
  part: undefined,
  release: undefined,
  again: false,
  whole: false,
  preview: false,
  installer: undefined,
  runner: undefined,
  runtime: [],
};

test('a bundle comes alone where no program is asked for', () => {
  expect(readWrapping(nothing)).toBeUndefined();
});

test('an installer is of a release, a runner of none in particular', () => {
  expect(readWrapping({ ...nothing, installer: 'win-x64', release: '3.2.0' })).toEqual({
    kind: 'installer',
    platform: 'win-x64',
  });
  expect(readWrapping({ ...nothing, runner: 'linux-x64' })).toEqual({
    kind: 'runner',
    platform: 'linux-x64',
  });
});

test.each([
  [
    'both at once',
    { installer: 'linux-x64', runner: 'linux-x64', release: '3.2.0' },
    'USAGE_INVALID misused',
  ],
  ['an installer of no release', { installer: 'linux-x64' }, 'USAGE_INVALID misused'],
  ['one part of an installer', { installer: 'linux-x64', release: '1', part: '2' }, 'USAGE_INVALID misused'],
  ['a runtime for nothing', { runtime: ['node.tgz'] }, 'USAGE_INVALID misused'],
  ['a platform that is none', { installer: 'linux', release: '1' }, 'PLATFORM_UNKNOWN misused'],
])('%s is refused', (_, given, code) => {
  expect(codeOf(refusal(() => readWrapping({ ...nothing, ...given })))).toBe(code);
});

test('an unknown platform is answered with those there are', () => {
  const error = refusal(() => readWrapping({ ...nothing, runner: 'sparc' }));
  expect(error.hint).toBe('Say one of linux-x64, linux-arm64, win-x64.');
});

test('a bundle that is made again is called after its release only where a program is around it', () => {
  const again = { ...nothing, bundle: '3', release: '3.2.0' };
  expect(codeOf(refusal(() => readWish(again)))).toBe('USAGE_INVALID misused');
  expect(readWish(again, true)).toMatchObject({ bundle: 3 });
  expect(codeOf(refusal(() => readWish({ ...again, whole: true }, true)))).toBe('USAGE_INVALID misused');
});
