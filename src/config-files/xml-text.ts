/** Characters of XML documents: which are allowed, how they are escaped, and in which encoding they are stored. */
import { ConfigFileError } from './errors.ts';
import {
  byByteOrderMark,
  decodeAs,
  encodeText,
  type DecodedText,
  type EncodingName,
  type TextEncoding,
} from './text-file.ts';

// oxlint-disable-next-line no-control-regex -- the very characters that XML forbids
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u;

/** Whether XML 1.0 can express every character of `text`. */
export function isXmlText(text: string): boolean {
  return !forbidden.test(text);
}

/** `text` as it stands between two quotes of this kind. */
export function escapedAttribute(text: string, quote: '"' | "'"): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(quote, quote === '"' ? '&quot;' : '&apos;')
    .replaceAll('\t', '&#x9;')
    .replaceAll('\n', '&#xA;')
    .replaceAll('\r', '&#xD;');
}

/** `text` as it stands between two tags. */
export function escapedText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#xD;');
}

const declared: Readonly<Record<string, EncodingName>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  ascii: 'utf-8',
  'windows-1252': 'windows-1252',
  'iso-8859-1': 'windows-1252',
  latin1: 'windows-1252',
};

/**
 * The text of an XML file: by its byte order mark, by the zero bytes of UTF-16, by its declaration, else UTF-8.
 * Throws ConfigFileError `TEXT_NOT_DECODABLE` or `XML_ENCODING_NOT_SUPPORTED`.
 */
export function decodeXml(bytes: Uint8Array): DecodedText {
  const marked = byByteOrderMark(bytes);
  if (marked !== undefined) return marked;
  const name = bytes[0] === 0x3c && bytes[1] === 0 ? 'utf-16le' : bytes[0] === 0 ? 'utf-16be' : named(bytes);
  return { text: decodeAs(bytes, name), encoding: { name, byteOrderMark: false } };
}

/** The bytes of an XML file; a character that the encoding lacks becomes a reference such as `&#x20AC;`. */
export function encodeXml(text: string, encoding: TextEncoding): Uint8Array {
  const bytes = encodeText(text, encoding);
  if (bytes !== undefined) return bytes;
  const referenced = text.replaceAll(/[^]/gu, (character) =>
    encodeText(character, encoding) === undefined
      ? `&#x${character.codePointAt(0)!.toString(16).toUpperCase()};`
      : character,
  );
  return encodeText(referenced, encoding)!;
}

function named(bytes: Uint8Array): EncodingName {
  const beginning = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  const label = /^<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(beginning)?.[1];
  if (label === undefined) return 'utf-8';
  const name = declared[label.toLowerCase()];
  if (name !== undefined) return name;
  throw new ConfigFileError(
    'XML_ENCODING_NOT_SUPPORTED',
    `Cannot read the XML: its declaration names the encoding ${label}`,
    { hint: 'Save the file as UTF-8 and let the declaration say so.', details: { encoding: label } },
  );
}
