/** Small steps over the text of an XML document that `check-xml.ts` has passed. Offsets are UTF-16 units. */
import { notWellFormed } from './xml-position.ts';

export function qualified(name: string): { prefix: string; localName: string } {
  const colon = name.indexOf(':');
  return { prefix: colon < 0 ? '' : name.slice(0, colon), localName: name.slice(colon + 1) };
}

const predefined: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

export function unescaped(text: string): string {
  const lines = text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text;
  if (!lines.includes('&')) return lines;
  return lines.replaceAll(/&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([^;]+));/g, (whole, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(String(hex), 16));
    if (decimal !== undefined) return String.fromCodePoint(Number.parseInt(String(decimal), 10));
    return predefined[String(name)] ?? whole;
  });
}

export function doctypeEnd(source: string, start: number): number {
  let depth = 0;
  for (let at = start; at < source.length; at += 1) {
    const character = source[at];
    if (character === '"' || character === "'") at = upTo(source, character, at + 1) - 1;
    else if (source.startsWith('<!--', at)) at = upTo(source, '-->', at) - 1;
    else if (source.startsWith('<?', at)) at = upTo(source, '?>', at) - 1;
    else if (character === '[') depth += 1;
    else if (character === ']') depth -= 1;
    else if (character === '>' && depth === 0) return at + 1;
  }
  throw notWellFormed(source, start, 'the document type has no end');
}

export function upTo(source: string, closing: string, from: number): number {
  const found = source.indexOf(closing, from);
  if (found < 0) throw notWellFormed(source, from, `${closing} is missing`);
  return found + closing.length;
}

export function endOfName(source: string, from: number): number {
  let at = from;
  while (at < source.length && !' \t\r\n=/>'.includes(source[at]!)) at += 1;
  return at;
}

export function skipSpace(source: string, from: number): number {
  let at = from;
  while (at < source.length && ' \t\r\n'.includes(source[at]!)) at += 1;
  return at;
}
