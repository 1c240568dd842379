/**
 * Text files of an application, read and written back so that only what was changed changes. A byte order mark
 * decides the encoding; without one the bytes are UTF-8 if they are strictly that, else windows-1252, in which every
 * byte is a character.
 */
import { randomUUID } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConfigFileError } from './errors.ts';

export type EncodingName = 'utf-8' | 'utf-16le' | 'utf-16be' | 'utf-32le' | 'utf-32be' | 'windows-1252';
export type TextEncoding = { readonly name: EncodingName; readonly byteOrderMark: boolean };
export type DecodedText = { readonly text: string; readonly encoding: TextEncoding };

/** UTF-32 first: its little-endian mark begins with that of UTF-16. */
const marks: readonly (readonly [EncodingName, readonly number[]])[] = [
  ['utf-32le', [0xff, 0xfe, 0, 0]],
  ['utf-32be', [0, 0, 0xfe, 0xff]],
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** The text without its byte order mark, and how it was encoded. Throws ConfigFileError `TEXT_NOT_DECODABLE`. */
export function decodeText(bytes: Uint8Array): DecodedText {
  const marked = byByteOrderMark(bytes);
  if (marked !== undefined) return marked;
  try {
    return { text: decodeAs(bytes, 'utf-8'), encoding: { name: 'utf-8', byteOrderMark: false } };
  } catch (error) {
    if (!(error instanceof ConfigFileError)) throw error;
    return {
      text: decodeAs(bytes, 'windows-1252'),
      encoding: { name: 'windows-1252', byteOrderMark: false },
    };
  }
}

/** The text of a file that begins with a byte order mark, undefined where it has none. Throws as `decodeText`. */
export function byByteOrderMark(bytes: Uint8Array): DecodedText | undefined {
  const found = marks.find(([, mark]) => mark.every((byte, n) => bytes[n] === byte));
  if (found === undefined) return undefined;
  const [name, mark] = found;
  return { text: decodeAs(bytes.subarray(mark.length), name), encoding: { name, byteOrderMark: true } };
}

/** `bytes` read as one encoding, without looking for a mark. Throws ConfigFileError `TEXT_NOT_DECODABLE`. */
export function decodeAs(bytes: Uint8Array, name: EncodingName): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (name) {
    case 'utf-8':
    case 'windows-1252':
      try {
        return new TextDecoder(name, { fatal: true, ignoreBOM: true }).decode(bytes);
      } catch (error) {
        throw notDecodable(name, 'a byte sequence in it is not valid', error);
      }
    case 'utf-16le':
    case 'utf-16be':
      if (bytes.length % 2 === 1) throw notDecodable(name, 'its length is odd');
      return (name === 'utf-16le' ? buffer : Buffer.from(buffer).swap16()).toString('utf16le');
    case 'utf-32le':
    case 'utf-32be': {
      if (bytes.length % 4 !== 0) throw notDecodable(name, 'its length is not a multiple of four');
      const parts: string[] = [];
      for (let at = 0; at < bytes.length; at += 4) {
        const point = name === 'utf-32le' ? buffer.readUInt32LE(at) : buffer.readUInt32BE(at);
        if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
          throw notDecodable(name, 'a character in it is not valid');
        }
        parts.push(String.fromCodePoint(point));
      }
      return parts.join('');
    }
  }
}

/** The bytes of `text` in `encoding`, undefined where a character of it can't be expressed there. */
export function encodeText(text: string, encoding: TextEncoding): Uint8Array | undefined {
  if (encoding.name === 'windows-1252') return encodeWindows1252(text);
  if (!text.isWellFormed() && !encoding.name.startsWith('utf-16')) return undefined;
  const mark = encoding.byteOrderMark ? marks.find(([name]) => name === encoding.name)![1] : [];
  return Buffer.concat([Uint8Array.from(mark), encodeUnicode(text, encoding.name)]);
}

/** As `encodeText`; where the encoding lacks a character, UTF-8 without a mark, and `encodingChanged` says so. */
export function encodeTextOrUtf8(
  text: string,
  encoding: TextEncoding,
): { readonly bytes: Uint8Array; readonly encodingChanged: boolean } {
  const bytes = encodeText(text, encoding);
  return bytes === undefined
    ? { bytes: Buffer.from(text, 'utf8'), encodingChanged: true }
    : { bytes, encodingChanged: false };
}

/**
 * Puts `bytes` in the place of the file at `path` in one step: a temporary sibling is written, synced and renamed, so
 * that a power cut leaves the old file or the new one. Mode is kept, owner where this process may set it.
 */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const before = await stat(path);
  const beside = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomUUID()}.tmp`);
  try {
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      if (process.getuid?.() === 0) await file.chown(before.uid, before.gid);
      await file.chmod(before.mode & 0o7777);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

function encodeUnicode(text: string, name: Exclude<EncodingName, 'windows-1252'>): Uint8Array {
  switch (name) {
    case 'utf-8':
      return Buffer.from(text, 'utf8');
    case 'utf-16le':
      return Buffer.from(text, 'utf16le');
    case 'utf-16be':
      return Buffer.from(text, 'utf16le').swap16();
    case 'utf-32le':
    case 'utf-32be': {
      const points = Array.from(text, (character) => character.codePointAt(0)!);
      const out = Buffer.alloc(points.length * 4);
      for (const [n, point] of points.entries()) {
        if (name === 'utf-32le') out.writeUInt32LE(point, n * 4);
        else out.writeUInt32BE(point, n * 4);
      }
      return out;
    }
  }
}

let windows1252: ReadonlyMap<string, number> | undefined;

function encodeWindows1252(text: string): Uint8Array | undefined {
  windows1252 ??= new Map(
    Array.from({ length: 256 }, (_, byte) => [decodeAs(Uint8Array.of(byte), 'windows-1252'), byte]),
  );
  const out = Buffer.alloc(text.length);
  for (let n = 0; n < text.length; n += 1) {
    const byte = windows1252.get(text[n]!);
    if (byte === undefined) return undefined;
    out[n] = byte;
  }
  return out;
}

function notDecodable(name: EncodingName, why: string, cause?: unknown): ConfigFileError {
  return new ConfigFileError('TEXT_NOT_DECODABLE', `Cannot read the text as ${name}: ${why}`, {
    hint: 'Save the file again in the encoding that its first bytes announce.',
    details: { encoding: name },
    cause,
  });
}
