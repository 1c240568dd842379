/** Characters of a transformed document: references read, and everything escaped as Microsoft's writer does. */

/** `amp` last: what it gives is not read again. */
const predefined: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

/** A stretch of text with its references replaced, or a reference to a declared entity, which stays one. */
export type TextPiece =
  | {
      readonly text: string;
      readonly entity: undefined;
      /** Whether a part of it was written as a reference; then it is text even if it is all white space. */
      readonly referenced: boolean;
    }
  | { readonly text: ''; readonly entity: string };

/** What stands in the source between two tags or quotes. */
export function piecesOf(raw: string): readonly TextPiece[] {
  return piecesWithEntities(raw, plainText(raw));
}

const otherReference = /&(?!(?:amp|lt|gt|quot|apos);)/;

/** The text where every reference stands for a character, in one flat string; undefined where one does not. */
function plainText(raw: string): string | undefined {
  if (!otherReference.test(raw)) {
    let text = raw;
    for (const [name, character] of Object.entries(predefined)) text = replaced(text, `&${name};`, character);
    return text;
  }
  let isPlain = true;
  const text = raw.replaceAll(/&([^;]*);/g, (_, name: string) => {
    const character = characterOf(name);
    isPlain &&= character !== undefined;
    return character ?? '';
  });
  return isPlain ? text : undefined;
}

function piecesWithEntities(raw: string, plain: string | undefined): readonly TextPiece[] {
  if (plain !== undefined) {
    return plain === '' ? [] : [{ text: plain, entity: undefined, referenced: raw.includes('&') }];
  }
  const pieces: TextPiece[] = [];
  let text = '';
  let referenced = false;
  let at = 0;
  for (let found = raw.indexOf('&'); found >= 0; found = raw.indexOf('&', at)) {
    const end = raw.indexOf(';', found);
    const name = raw.slice(found + 1, end);
    text += raw.slice(at, found);
    at = end + 1;
    const plain = characterOf(name);
    if (plain !== undefined) {
      text += plain;
      referenced = true;
      continue;
    }
    if (text !== '') pieces.push({ text, entity: undefined, referenced });
    pieces.push({ text: '', entity: name });
    text = '';
    referenced = false;
  }
  text += raw.slice(at);
  if (text !== '') pieces.push({ text, entity: undefined, referenced });
  return pieces;
}

/** The character that a reference stands for; undefined where it is no character, or an entity of the document. */
function characterOf(name: string): string | undefined {
  const [, hexadecimal, decimal] = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/.exec(name) ?? [];
  if (hexadecimal === undefined && decimal === undefined) {
    return Object.hasOwn(predefined, name) ? predefined[name] : undefined;
  }
  const point = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16);
  const isCharacter = point > 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  return isCharacter ? String.fromCodePoint(point) : undefined;
}

export function isSpace(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return false;
  }
  return true;
}

// oxlint-disable-next-line no-control-regex -- characters that are written as references
const inValue = /[&<>"\u0000-\u0008\u000a-\u001f\ufffe\uffff]/;
// oxlint-disable-next-line no-control-regex -- the same
const inText = /[&<>\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
// oxlint-disable-next-line no-control-regex -- what XML has no characters for
const unwritable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

// oxlint-disable-next-line no-control-regex -- the same
const unlikeWritten = /[<>"\u0000-\u0008\u000a-\u001f\ufffe\uffff]|&(?!(?:amp|lt|gt|quot);)/;

/** `value` as it stands between double quotes; tabs and apostrophes stay, line ends become references. */
export function escapedValue(value: string): string {
  if (!inValue.test(value)) return value;
  const escaped = replaced(replaced(escapedText(value), '"', '&quot;'), '\n', '&#xA;');
  return replaced(escaped, '\r', '&#xD;');
}

/** Whether a value as it stands in the source would be written in the same characters again. */
export function isWrittenAlike(raw: string): boolean {
  return !unlikeWritten.test(raw);
}

/** `text` as it stands between two tags; line ends and quotes stay. */
export function escapedText(text: string): string {
  if (!inText.test(text)) return text;
  const escaped = replaced(replaced(replaced(text, '&', '&amp;'), '<', '&lt;'), '>', '&gt;');
  return escaped.replaceAll(
    unwritable,
    (character) => `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`,
  );
}

/** `replaceAll` as one flat string: the engine's own leaves a chain of pieces, ten times the size. */
function replaced(text: string, from: string, to: string): string {
  return text.includes(from) ? text.split(from).join(to) : text;
}
