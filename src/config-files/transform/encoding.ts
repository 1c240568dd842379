/**
 * Bytes of the two inputs and of the result, by the library's rules: a byte order mark decides; without one a file is
 * UTF-8, and is written in the encoding that its XML declaration names, with a mark where that is UTF-8 or UTF-16.
 */
import { ConfigFileError } from '../errors.ts';
import { byByteOrderMark, decodeAs, type EncodingName } from '../text-file.ts';
import { encodeXml } from '../xml-text.ts';
import type { Sink } from './write-tree.ts';

/** How the result is written: an encoding of text files, or one of single bytes up to a highest character. */
export type WrittenEncoding =
  | { readonly name: EncodingName; readonly byteOrderMark: boolean }
  | { readonly name: 'bytes'; readonly highest: number };

export type DecodedXml = { readonly text: string; readonly encoding: WrittenEncoding };

type NamedBytes = { readonly name: string; readonly bytes: Uint8Array };

const declared: Readonly<Record<string, WrittenEncoding>> = {
  'utf-8': { name: 'utf-8', byteOrderMark: true },
  'utf-16': { name: 'utf-16le', byteOrderMark: true },
  'utf-16le': { name: 'utf-16le', byteOrderMark: true },
  'utf-16be': { name: 'utf-16be', byteOrderMark: true },
  'us-ascii': { name: 'bytes', highest: 0x7f },
  'iso-8859-1': { name: 'bytes', highest: 0xff },
  latin1: { name: 'bytes', highest: 0xff },
  'windows-1252': { name: 'windows-1252', byteOrderMark: false },
};

/** Throws ConfigFileError `TEXT_NOT_DECODABLE` or `XML_ENCODING_NOT_SUPPORTED`, with the file's name. */
export function decodeSource({ name, bytes }: NamedBytes): DecodedXml {
  return named(name, () => {
    const marked = byByteOrderMark(bytes);
    if (marked !== undefined) return marked;
    const wide = wideWithoutMark(bytes);
    if (wide !== undefined) {
      return { text: decodeAs(bytes, wide), encoding: { name: wide, byteOrderMark: true } };
    }
    const label = declaredEncoding(bytes);
    const encoding = label === undefined ? undefined : declared[label.toLowerCase()];
    if (label !== undefined && encoding === undefined) {
      throw new ConfigFileError(
        'XML_ENCODING_NOT_SUPPORTED',
        `Cannot read the text: its declaration names the encoding ${label}`,
        { hint: 'Save the file as UTF-8 and let the declaration say so.', details: { encoding: label } },
      );
    }
    return {
      text: decodeWithoutMark(bytes, encoding),
      encoding: encoding ?? { name: 'utf-8', byteOrderMark: false },
    };
  });
}

/** The text of a transform; its declaration takes no part. Throws ConfigFileError `TEXT_NOT_DECODABLE`. */
export function decodeTransform({ name, bytes }: NamedBytes): string {
  return named(name, () => {
    const wide = wideWithoutMark(bytes);
    const label = declaredEncoding(bytes)?.toLowerCase() ?? '';
    return (
      byByteOrderMark(bytes)?.text ??
      (wide === undefined ? decodeWithoutMark(bytes, declared[label]) : decodeAs(bytes, wide))
    );
  });
}

/** Takes text as it comes and keeps bytes only; characters that the encoding lacks become references. */
export function byteSink(encoding: WrittenEncoding, bytesExpected: number): Sink & { bytes(): Uint8Array } {
  let buffer = Buffer.allocUnsafe(Math.ceil(bytesExpected * 1.05) + 4096);
  let used = 0;
  const room = (bytes: number): void => {
    if (used + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(used + bytes, buffer.length * 2));
    buffer.copy(larger, 0, 0, used);
    buffer = larger;
  };
  const add = (bytes: Uint8Array): void => {
    room(bytes.length);
    buffer.set(bytes, used);
    used += bytes.length;
  };
  if (encoding.name !== 'bytes' && encoding.byteOrderMark) {
    add(encodeXml('', { name: encoding.name, byteOrderMark: true }));
  }
  return {
    write(text) {
      if (encoding.name === 'utf-8') {
        room(Buffer.byteLength(text));
        used += buffer.write(text, used, 'utf8');
      } else if (encoding.name === 'bytes') {
        add(singleBytes(text, encoding.highest));
      } else {
        add(encodeXml(text, { name: encoding.name, byteOrderMark: false }));
      }
    },
    bytes: () => buffer.subarray(0, used),
  };
}

function decodeWithoutMark(bytes: Uint8Array, encoding: WrittenEncoding | undefined): string {
  try {
    return decodeAs(bytes, 'utf-8');
  } catch (error) {
    // The library would read these as UTF-8 too and lose what is not; the declaration says what was meant.
    if (encoding?.name === 'windows-1252') return decodeAs(bytes, 'windows-1252');
    if (encoding?.name === 'bytes' && encoding.highest === 0xff) return Buffer.from(bytes).toString('latin1');
    throw error;
  }
}

function singleBytes(text: string, highest: number): Uint8Array {
  const referenced = text.replaceAll(/[\u0080-\u{10FFFF}]/gu, (character) => {
    const point = character.codePointAt(0)!;
    return point > highest ? `&#x${point.toString(16).toUpperCase()};` : character;
  });
  return Buffer.from(referenced, 'latin1');
}

function wideWithoutMark(bytes: Uint8Array): EncodingName | undefined {
  if (bytes[0] === 0x3c && bytes[1] === 0) return 'utf-16le';
  return bytes[0] === 0 && bytes[1] === 0x3c ? 'utf-16be' : undefined;
}

function declaredEncoding(bytes: Uint8Array): string | undefined {
  const beginning = Buffer.from(bytes.subarray(0, 400)).toString('latin1');
  return /^<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(beginning)?.[1];
}

function named<Result>(name: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigFileError)) throw error;
    const { code, hint, details, cause } = error;
    throw new ConfigFileError(code, error.message.replace('the text', name), { hint, details, cause });
  }
}
