import { describe, expect, test } from 'vitest';
import { clashingNames, decodedName, unsafeName } from '../../../src/packages/zip/entry-names.ts';

const refused = [
  '',
  '/',
  '/etc/passwd',
  '//server/share/file',
  '../file',
  'a/../b',
  'a/..',
  '..',
  '.',
  './a',
  'a/./b',
  'a//b',
  'a/b//',
  '..\\file',
  'a\\b',
  '\\\\server\\share',
  '\\absolute',
  'C:/file',
  'c:file',
  'C:\\file',
  'Z:',
  'file:stream',
  'a/file.txt::$DATA',
  'nul\0byte',
  'bell\u0007',
  'line\nfeed',
  'delete\u007f',
  'c1\u0085',
  'soft\u00adhyphen',
  'right\u202etxt.exe',
  'zero\u200bwidth',
  'bom\ufeff',
  'line\u2028',
  'trailing.',
  'trailing ',
  'folder./file',
  'folder /file',
  '...',
  'CON',
  'con.txt',
  'a/Aux',
  'a/nul/b',
  'prn.tar.gz',
  'com1',
  'COM9.log',
  'com¹',
  'lpt0',
  'LPT3.',
  'CONIN$',
  'clock$',
  'con .txt',
  'star*',
  'what?',
  'pipe|',
  'less<',
  'more>',
  'quote"',
  '%2e%2e/file',
  '..%2ffile',
  'a%2fb',
  'a%5cb',
  '%2Fetc/passwd',
  '%00',
  'con%2etxt',
  'C%3A/file',
  'trailing%20',
  'lone\ud800',
  'x'.repeat(256),
  `${'d/'.repeat(600)}x`,
  `${'d/'.repeat(64)}x`,
];

describe('a name that no file may have on some system is refused on all', () => {
  test.each(refused)('%j', (name) => {
    expect(unsafeName(name)).toBeTypeOf('string');
  });
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
  `${'d/'.repeat(63)}x`,
];

test.each(accepted)('%j is an ordinary name', (name) => {
  expect(unsafeName(name)).toBeUndefined();
});

const clashes: [string, string[]][] = [
  ['the same name twice', ['a.txt', 'a.txt']],
  ['names that differ in case', ['Web.config', 'web.config']],
  ['names that differ in case beyond ASCII', ['Ä.txt', 'ä.txt']],
  ['a composed and a decomposed name', ['caf\u00e9', 'cafe\u0301']],
  ['an encoded and a plain name', ['a%20b', 'a b']],
  ['a file where another needs a folder', ['a', 'a/b']],
  ['a folder where another is a file', ['a/b', 'A']],
  ['a file and a folder of one name', ['a', 'a/']],
  ['a deep file below a file', ['a/b', 'a/b/c/d']],
  ['one folder twice', ['a/', 'A/']],
  ['folders spelt differently', ['lib/a', 'Lib/b']],
  ['a German sharp s and its capitals', ['straße', 'STRASSE']],
];

test.each(clashes)('%s would meet in one place', (_what, names) => {
  expect(clashingNames(names)).toBeDefined();
  expect(clashingNames(names.toReversed())).toBeDefined();
});

test('names that only look alike at the start do not clash', () => {
  expect(clashingNames(['a', 'ab', 'a.b', 'b/', 'b/a', 'b/c/', 'b/c/d', 'ab.txt'])).toBeUndefined();
});

test('a name is decoded once, and only where that gives text', () => {
  expect(decodedName('a%20b%252e%C3%BC%ff%E2%82%AC')).toBe('a b%2eü%ff€');
  expect(decodedName('%C3%ED%A0%80 %zz %')).toBe('%C3%ED%A0%80 %zz %');
});
