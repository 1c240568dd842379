import { describe, expect, test } from 'vitest';
import { isInRange, isSemVer2Range, parseRange, parseVersion, rangeText } from '../../src/packages/index.ts';

describe('a range of versions', () => {
  const versions = ['0.9', '1.0.0-rc', '1.0', '1.5', '2.0.0-rc', '2.0', '3.0'];
  test.each([
    ['1.0', '[1.0.0, )', ['1.0', '1.5', '2.0.0-rc', '2.0', '3.0']],
    [' [1.0] ', '[1.0.0, 1.0.0]', ['1.0']],
    ['(1.0,)', '(1.0.0, )', ['1.5', '2.0.0-rc', '2.0', '3.0']],
    ['[1.0,]', '[1.0.0, )', ['1.0', '1.5', '2.0.0-rc', '2.0', '3.0']],
    ['[1.0,2.0)', '[1.0.0, 2.0.0)', ['1.0', '1.5', '2.0.0-rc']],
    ['[1.0, 2.0]', '[1.0.0, 2.0.0]', ['1.0', '1.5', '2.0.0-rc', '2.0']],
    ['(1.0,2.0)', '(1.0.0, 2.0.0)', ['1.5', '2.0.0-rc']],
    ['(,1.0]', '(, 1.0.0]', ['0.9', '1.0.0-rc', '1.0']],
    ['(,1.0)', '(, 1.0.0)', ['0.9', '1.0.0-rc']],
    ['( , )', '(, )', versions],
    ['[1.0.0-RC.1+x,2)', '[1.0.0-RC.1, 2.0.0)', ['1.0', '1.5', '2.0.0-rc']],
    ['(1.0,1.0)', '(1.0.0, 1.0.0)', []],
  ])('%j is %s', (text, written, inside) => {
    const range = parseRange(text)!;
    expect(rangeText(range)).toBe(written);
    expect(versions.filter((each) => isInRange(range, parseVersion(each)!))).toEqual(inside);
    expect(rangeText(parseRange(written)!)).toBe(written);
  });

  const wrong = [
    '',
    '(1.0)',
    '[1.0)',
    '(1.0]',
    '(,)',
    '[]',
    '[1.0',
    '1.0]',
    '[2.0,1.0]',
    '[1.0,1.0)',
    '(1.0,1.0]',
  ];
  test.each([...wrong, '[1,2,3]', '[a,2]', '[1,b]', '1.*', '*', '[1.*,2]', '[1.0]x'])(
    '%j is none',
    (text) => {
      expect(parseRange(text)).toBeUndefined();
    },
  );

  test('belongs to SemVer 2 where one of its ends does', () => {
    const second = ['1.0.0-a.1', '[1.0,2.0+x]', '(,1.0.0-a.1)'];
    const first = ['1.0.0-a', '[1.0,2.0.0-b)', '( , )'];
    expect(second.filter((text) => !isSemVer2Range(parseRange(text)!))).toEqual([]);
    expect(first.filter((text) => isSemVer2Range(parseRange(text)!))).toEqual([]);
  });
});
