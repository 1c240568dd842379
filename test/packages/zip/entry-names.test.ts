import fc from 'fast-check';
import { posix, win32 } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  clashingNames,
  decodedName,
  hasMoreFolders,
  unsafeName,
} from '../../../src/packages/zip/entry-names.ts';
import { hostileNames, twinNames } from '../../support/hostile-names.ts';

describe('T-60 a name that no file may have on some system is refused on all', () => {
  const corpus = Object.entries(hostileNames).flatMap(([what, names]) =>
    names.map((name): [string, string] => [what, name]),
  );

  test('there are enough of them', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(60);
  });

  test.each(corpus)('one that %s: %j', (_what, name) => {
    expect(unsafeName(name)).toBeTypeOf('string');
    if (name !== '') expect(unsafeName(`folder/${name}`)).toBeTypeOf('string');
  });
});

test('T-60 whatever name is let through lies in its folder, for Windows too, part by part', () => {
  const part = fc.constantFrom(
    '.',
    '..',
    '/',
    '\\',
    ':',
    ' ',
    '%2e',
    '%2f',
    '%5c',
    'con',
    'C',
    'a',
    '\uff0e',
    '~',
    '$',
  );
  const names = fc.array(part, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
  let through = 0;
  fc.assert(
    fc.property(names, (name) => {
      if (unsafeName(name) !== undefined) return;
      through += 1;
      const path = decodedName(name).replace(/\/$/, '');
      expect(posix.relative('/apps/x', posix.resolve('/apps/x', path))).toBe(path);
      expect(win32.relative('C:\\apps\\x', win32.resolve('C:\\apps\\x', path))).toBe(
        path.replaceAll('/', '\\'),
      );
      for (const segment of path.split('/')) expect(segment).toMatch(/[^. ]$/);
    }),
    { numRuns: 3000 },
  );
  expect(through).toBeGreaterThan(100);
});

const accepted = [
  'a',
  'a/b.txt',
  'content/index.html',
  'folder/',
  '[Content_Types].xml',
  '.signature.p7s',
  '.config/x',
  'a b/c d.txt',
  'a%20b.txt',
  '100%.txt',
  '50%zz',
  'content/übersicht.txt',
  'console.txt',
  'nullable/aux1.cs',
  'com10',
  'x..y',
  'x'.repeat(255),
  '日本語/ファイル.txt',
  '❤️.png',
  ' leading',
  'm².txt',
];

test.each(accepted)('%j is an ordinary name', (name) => {
  expect(unsafeName(name)).toBeUndefined();
});

test.each(Object.entries(twinNames))('T-63 %s would meet in one place', (_what, names) => {
  expect(clashingNames(names)).toBeDefined();
  expect(clashingNames(names.toReversed())).toBeDefined();
  const within = names.map((name) => `folder/${name}`);
  expect(clashingNames(within)).toBeDefined();
});

test('T-63 every letter meets its small and its capital form', () => {
  const apart: string[] = [];
  for (let code = 0x80; code <= 0x1ffff; code += 1) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const letter = String.fromCodePoint(code);
    for (const form of [letter.toLowerCase(), letter.toUpperCase(), letter.normalize('NFD')])
      if (form !== letter && clashingNames([letter, form]) === undefined) apart.push(letter);
  }
  expect(apart).toEqual([]);
});

test('the folders that names imply are counted once each', () => {
  expect(hasMoreFolders(['a/b/c', 'a/d', 'a/b/e', 'f'], 2)).toBe(false);
  expect(hasMoreFolders(['a/b/c', 'd/e'], 2)).toBe(true);
});

test('names that only look alike at the start do not clash', () => {
  expect(clashingNames(['a', 'ab', 'a.b', 'b/', 'b/a', 'b/c/', 'b/c/d', 'ab.txt'])).toBeUndefined();
});

test('a name is decoded once, and only where that gives text', () => {
  expect(decodedName('a%20b%252e%C3%BC%ff%E2%82%AC')).toBe('a b%2eü%ff€');
  expect(decodedName('%C3%ED%A0%80 %zz %')).toBe('%C3%ED%A0%80 %zz %');
});
