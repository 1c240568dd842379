import fc from 'fast-check';
import { expect, test } from 'vitest';
import { longestLineBytes, scriptLines } from '../../src/executor/script-lines.ts';
import { anyCharacter } from '../support/any-character.ts';

/** The lines of bytes that came in these pieces. */
function read(...pieces: Buffer[]): string[] {
  const lines = scriptLines();
  return [...pieces.flatMap((piece) => lines.take(piece)), ...lines.end()];
}

/** One byte after the other, which cuts everything that can be cut. */
const byteByByte = (bytes: Buffer): Buffer[] => Array.from(bytes, (byte) => Buffer.from([byte]));

const wide = (text: string): Buffer => Buffer.from(text, 'utf16le');
const narrow = (text: string): Buffer => Buffer.from(text, 'utf8');

test.each([
  ['nothing', narrow(''), []],
  ['an empty line', narrow('\n'), ['']],
  ['lines of UTF-8', narrow('Grüße\r\n中🚀\n'), ['Grüße', '中🚀']],
  ['a last line without end', narrow('a\nb'), ['a', 'b']],
  ['only the last carriage return of a line as its end', narrow('a\r\r\nb\rc\n'), ['a\r', 'b\rc']],
  ['bytes that are no UTF-8', Buffer.from([0x61, 0xff, 0x62, 0x0a]), ['a\ufffdb']],
  ['UTF-8 with a mark', narrow('\ufeffa\nb\n'), ['a', 'b']],
  ['a mark inside as the character it is', narrow('a\ufeff\n'), ['a\ufeff']],
  ['half a mark', Buffer.from([0xff]), ['\ufffd']],
  ['UTF-16 LE with a mark', wide('\ufeffGrüße\r\n上海\nlast'), ['Grüße', '上海', 'last']],
  ['UTF-16 BE with a mark', wide('\ufeffGrüße\r\n上海\nlast').swap16(), ['Grüße', '上海', 'last']],
  ['UTF-16 LE without a mark', wide('one\r\nzwei ö\r\n'), ['one', 'zwei ö']],
  ['UTF-16 LE without a mark or an end', wide('only'), ['only']],
  ['line feeds that are half a character', wide('a 上海 Њ\r\nb\n'), ['a 上海 Њ', 'b']],
  [
    'UTF-16 between lines of UTF-8',
    Buffer.concat([narrow('é\n'), wide('é\r\n\r\nx\r\n'), narrow('ü\nz')]),
    ['é', 'é', '', 'x', 'ü', 'z'],
  ],
  ['NULs that are no UTF-16', Buffer.from('a\0\nb\nab\0c\n\0x\n'), ['a\0', 'b', 'ab\0c', '\0x']],
  ['names that end in NUL', Buffer.from('one\0two\0\n'), ['one\0two\0']],
])('%s is read, in one piece and byte by byte', (_, bytes, lines) => {
  expect(read(bytes)).toEqual(lines);
  expect(read(...byteByByte(bytes))).toEqual(lines);
});

test('a line comes as soon as its end is there', () => {
  const lines = scriptLines();
  expect(lines.take(narrow('one\ntw'))).toEqual(['one']);
  expect(lines.take(narrow('o\n'))).toEqual(['two']);
  expect(lines.take(wide('wide\n'))).toEqual(['wide']);
  expect(lines.end()).toEqual([]);
});

test('what is written comes back, however it is cut into pieces', () => {
  const line = fc
    .string({ unit: anyCharacter, maxLength: 12 })
    .map((text) => text.replaceAll(/[\0\r\n\ufeff]/g, ''));
  const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 });
  const pieces = (bytes: Buffer, sizes: readonly number[]): Buffer[] => {
    const cut: Buffer[] = [];
    for (let at = 0, n = 0; at < bytes.length; n += 1) {
      const size = sizes[n % sizes.length]!;
      cut.push(bytes.subarray(at, at + size));
      at += size;
    }
    return cut;
  };
  fc.assert(
    fc.property(fc.array(line), cuts, (lines, sizes) => {
      const text = lines.map((one) => `${one}\n`).join('');
      expect(read(...pieces(narrow(text), sizes))).toEqual(lines);
      for (const marked of [wide(`\ufeff${text}`), wide(`\ufeff${text}`).swap16()])
        expect(read(...pieces(marked, sizes))).toEqual(lines);
      const ascii = lines.map((_, n) => `line ${n}`);
      expect(read(...pieces(wide(ascii.map((one) => `${one}\r\n`).join('')), sizes))).toEqual(ascii);
    }),
  );
});

test.each([
  ['UTF-8', Buffer.alloc(1024 * 1024, 'a'), Buffer.from('\nnext\n'), longestLineBytes],
  [
    'UTF-16',
    Buffer.concat([wide('\ufeff'), wide('a'.repeat(512 * 1024))]),
    wide('\nnext\n'),
    longestLineBytes / 2,
  ],
])(
  'a line without end in %s takes no more memory than is told, and how much is left out is known',
  (_, first, last, most) => {
    const lines = scriptLines();
    const filler = first.subarray(first.length % (1024 * 1024));
    expect(lines.take(first)).toEqual([]);
    for (let n = 1; n < 20; n += 1) expect(lines.take(filler)).toEqual([]);
    const read = lines.take(last);
    expect(read.map((line) => line.length)).toEqual([most, 4]);
    expect(lines.leftOut).toBe(4 * 1024 * 1024);
  },
);
