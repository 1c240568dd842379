import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ConfigFileError,
  decodeText,
  encodeText,
  encodeTextOrUtf8,
  replaceFile,
  type EncodingName,
} from '../../src/config-files/index.ts';

describe('a text file', () => {
  test.each<[string, string, EncodingName, boolean]>([
    ['UTF-8', '68c3a9', 'utf-8', false],
    ['UTF-8 with a mark', 'efbbbf68c3a9', 'utf-8', true],
    ['windows-1252', '68e9', 'windows-1252', false],
    ['UTF-16 little-endian', 'fffe6800e900', 'utf-16le', true],
    ['UTF-16 big-endian', 'feff006800e9', 'utf-16be', true],
    ['UTF-32 little-endian', 'fffe000068000000e9000000', 'utf-32le', true],
    ['UTF-32 big-endian', '0000feff00000068000000e9', 'utf-32be', true],
  ])('in %s is known by its bytes and written back the same', (_name, hex, name, byteOrderMark) => {
    const bytes = Buffer.from(hex, 'hex');
    const { text, encoding } = decodeText(bytes);
    expect({ text, encoding }).toEqual({ text: 'hé', encoding: { name, byteOrderMark } });
    expect(Buffer.from(encodeText(text, encoding)!).toString('hex')).toBe(hex);
  });

  test('of any bytes is either written back the same or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          const { text, encoding } = decodeText(bytes);
          expect(Buffer.from(encodeText(text, encoding)!)).toEqual(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigFileError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test.each(['efbbbfff', 'fffe41', 'fffe000041', '0000feff00110000'])(
    'that breaks the promise of its mark is refused (%s)',
    (hex) => {
      expect(() => decodeText(Buffer.from(hex, 'hex'))).toThrow(
        expect.objectContaining({ code: 'TEXT_NOT_DECODABLE' }),
      );
    },
  );

  test('becomes UTF-8 when its encoding lacks a character, and says so', () => {
    const encoding = { name: 'windows-1252', byteOrderMark: false } as const;
    expect(encodeTextOrUtf8('€', encoding)).toEqual({ bytes: Buffer.of(0x80), encodingChanged: false });
    expect(encodeTextOrUtf8('你', encoding)).toEqual({ bytes: Buffer.from('你'), encodingChanged: true });
  });

  test('is replaced in one step, with its mode kept and nothing left beside it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'replace-'));
    const path = join(folder, 'app.config');
    writeFileSync(path, 'old');
    chmodSync(path, 0o640);
    await replaceFile(path, Buffer.from('new'));
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    await expect(replaceFile(join(folder, 'missing'), Buffer.from('x'))).rejects.toMatchObject({
      code: 'ENOENT',
    });
    expect(readdirSync(folder)).toEqual(['app.config']);
    rmSync(folder, { recursive: true });
  });
});
