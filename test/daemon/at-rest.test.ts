import { describe, expect, test } from 'vitest';
import { lookForRest } from '../../src/daemon/at-rest.ts';

const mebibyte = 1024 * 1024;

/** A process whose work and room are given, look by look. */
function looks(
  ...given: readonly { readonly worked: number; readonly young: number; readonly used?: number }[]
) {
  let at = 0;
  let givenBack = 0;
  const look = lookForRest({
    worked: () => given[at]!.worked,
    room: () => ({ young: given[at]!.young, used: given[at]!.used ?? 20 * mebibyte }),
    giveBack: () => (givenBack += 1),
  });
  for (; at < given.length; at += 1) look();
  return givenBack;
}

describe('a daemon', () => {
  const young = 9 * mebibyte;

  test('gives room back once it is at rest', () => {
    expect(looks({ worked: 700_000, young }, { worked: 710_000, young })).toBe(1);
  });

  test('does not while it works', () => {
    expect(looks({ worked: 700_000, young }, { worked: 900_000, young })).toBe(0);
    expect(looks({ worked: 700_000, young })).toBe(0);
  });

  test('does not where there is little to give back, or so much in use that it would be in the way', () => {
    const little = { worked: 700_000, young: 3 * mebibyte };
    expect(looks(little, little, little)).toBe(0);
    const much = { worked: 700_000, young, used: 300 * mebibyte };
    expect(looks(much, much)).toBe(0);
  });

  test('does it again after it worked again', () => {
    const after = { worked: 720_000, young: mebibyte };
    const grown = { worked: 1_400_000, young };
    expect(looks({ worked: 700_000, young }, { worked: 710_000, young }, after, grown, grown)).toBe(2);
  });
});
