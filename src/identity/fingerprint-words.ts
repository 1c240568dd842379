import { createHash } from 'node:crypto';
import { wordlist } from '@scure/bip39/wordlists/english.js';

const wordCount = 6;
const bitsPerWord = 11;

/**
 * A certificate's fingerprint as six words to compare by telephone: the first 66 bits of the SHA-256 of its DER,
 * 11 bits a word, from the English list of BIP-39.
 */
export function fingerprintWords(der: Uint8Array): string {
  const digest = createHash('sha256').update(der).digest();
  const bits = BigInt(`0x${digest.subarray(0, 9).toString('hex')}`) >> 6n;
  const words = Array.from({ length: wordCount }, (_, at) => {
    const shift = BigInt((wordCount - 1 - at) * bitsPerWord);
    return wordlist[Number((bits >> shift) & 0x7ffn)]!;
  });
  return words.join(' ');
}

/** Whether two people mean the same words: case, spaces, hyphens and commas between them don't matter. */
export function sameWords(a: string, b: string): boolean {
  const [plain, other] = [plainWords(a).join(' '), plainWords(b).join(' ')];
  return plain === other && plain !== '';
}

/** The first of the words told that no fingerprint has: it was misheard, or mistyped. */
export function wordOfNone(told: string): string | undefined {
  return plainWords(told).find((word) => !wordlist.includes(word));
}

/** What has a digit in it is no word less for that, but another one. */
function plainWords(told: string): string[] {
  return told
    .normalize('NFKC')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}
