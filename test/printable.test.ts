import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonLine, printable } from '../src/printable.ts';
import { anyCharacter } from './support/any-character.ts';

test('control characters are written so that a terminal shows and does not obey them', () => {
  expect(printable('a\u001b[2Jb\u0007\r\u009bc')).toBe('a\\u{1b}[2Jb\\u{7}\\u{d}\\u{9b}c');
});

test('characters that turn the direction of writing are spelled out', () => {
  expect(printable('gpj.\u202eexe')).toBe('gpj.\\u{202e}exe');
});

test('line breaks, tabs and our own colours stay', () => {
  expect(printable('a\tb\n\u001b[31mred\u001b[39m')).toBe('a\tb\n\u001b[31mred\u001b[39m');
});

test('a colour that hides text is not one of ours', () => {
  expect(printable('\u001b[8mhidden')).toBe('\\u{1b}[8mhidden');
});

test('a document keeps its meaning and has no control character, whatever is in it', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string({ unit: anyCharacter })), (document) => {
      const line = jsonLine(document);
      expect(line).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(document)));
    }),
  );
});

test('bytes in a document are shown as hex', () => {
  expect(jsonLine({ hash: new Uint8Array([1, 171]) })).toBe('{"hash":"01ab"}');
});
