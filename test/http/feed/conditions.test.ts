import { describe, expect, test } from 'vitest';
import { isKnown, rangeAsked, wantsGzip } from '../../../src/http/feed/conditions.ts';

test('a client has what it names by its tag, weak or among others, and by a star', () => {
  const has = ['"a"', 'W/"a"', '"b", "a"', '*', ' "a" '];
  const lacks = [undefined, '', '"b"', 'a', '"A"', '"a-gz"'];
  expect(has.filter((header) => !isKnown(header, '"a"'))).toEqual([]);
  expect(lacks.filter((header) => isKnown(header, '"a"'))).toEqual([]);
});

describe('of a file of 10 bytes', () => {
  const file = { size: 10, etag: '"a"' };
  test.each([
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=2-5', { start: 2, end: 5 }],
    ['bytes=2-', { start: 2, end: 9 }],
    ['bytes=2-99', { start: 2, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-99', { start: 0, end: 9 }],
    ['bytes=10-', 'outside'],
    ['bytes=99-100', 'outside'],
    ['bytes=-0', 'outside'],
    ['bytes=5-2', undefined],
    ['bytes=-', undefined],
    ['bytes=0-1,4-5', undefined],
    ['chunks=0-1', undefined],
    ['bytes=a-b', undefined],
    ['', undefined],
  ])('%j asks for %j', (range, part) => {
    expect(rangeAsked({ range }, file)).toEqual(part);
  });

  test('a part is given only of the version the client has', () => {
    const range = 'bytes=2-5';
    expect(rangeAsked({ range, 'if-range': '"a"' }, file)).toEqual({ start: 2, end: 5 });
    for (const other of ['"b"', 'W/"a"', 'Wed, 21 Oct 2015 07:28:00 GMT'])
      expect(rangeAsked({ range, 'if-range': other }, file)).toBeUndefined();
  });
});

test.each([
  [undefined, false, true],
  ['', false, true],
  ['gzip', true, true],
  ['gzip, deflate', true, true],
  ['GZIP;q=0.5', true, true],
  ['*', true, true],
  ['br', false, false],
  ['identity', false, false],
  ['gzip;q=0', false, false],
  ['*;q=0, gzip', true, true],
])(
  'for Accept-Encoding %j an answer is compressed: %s, one that is so as a rule: %s',
  (header, usually, asRule) => {
    expect([wantsGzip(header, false), wantsGzip(header, true)]).toEqual([usually, asRule]);
  },
);
