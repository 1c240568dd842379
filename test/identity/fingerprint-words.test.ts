import { expect, test } from 'vitest';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { fingerprintWords, sameWords, wordOfNone } from '../../src/identity/index.ts';

test('six words carry the first 66 bits of the SHA-256', () => {
  // SHA-256 of "abc" begins ba7816bf8f01cfea41; read by hand in groups of eleven bits.
  const bits = BigInt('0xba7816bf8f01cfea41').toString(2).padStart(72, '0');
  const words = [0, 11, 22, 33, 44, 55].map((at) => wordlist[Number.parseInt(bits.slice(at, at + 11), 2)]);
  expect(fingerprintWords(Buffer.from('abc'))).toBe(words.join(' '));
  expect(fingerprintWords(Buffer.from('abc'))).toBe('risk scheme quiz bulk brother vivid');
});

test('other bytes have other words', () => {
  const seen = new Set(
    Array.from({ length: 2000 }, (_, at) => fingerprintWords(Buffer.from([at >> 8, at & 255]))),
  );
  expect(seen.size).toBe(2000);
});

test('words are the same however they are typed, and other words are not', () => {
  expect(sameWords('round gap diet', '  Round-GAP,  diet\n')).toBe(true);
  expect(sameWords('round gap diet', 'round gap')).toBe(false);
  expect(sameWords('round gap diet', 'round diet gap')).toBe(false);
  expect(sameWords('round gap diet', 'roundgap diet')).toBe(false);
  expect(sameWords('', ' ')).toBe(false);
  // A digit makes it another word, and is not passed over.
  expect(sameWords('round gap diet', 'round gap2 diet')).toBe(false);
  expect(sameWords('round gap diet', '1 round 2 gap 3 diet')).toBe(false);
});

test.each([
  ['round gap diet', undefined],
  ['Round-GAP,  diet', undefined],
  ['round gap2 diet', 'gap2'],
  ['round, gapp, diett', 'gapp'],
  ['7 round', '7'],
])('of %s what no certificate has as a word is %s', (told, word) => {
  expect(wordOfNone(told)).toBe(word);
});
