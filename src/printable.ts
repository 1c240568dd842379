/** What our own colours are made of; everything else that a terminal obeys is spelled out. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const colour = /(\u001b\[(?:0|1|2|22|31|32|33|39)m)/;

/**
 * Text that a terminal shows and does not obey: names, notes and reasons come from the other side. Line breaks and
 * tabs stay, as do our own colours; other control characters and those that turn the direction of writing are
 * written as `\u{…}`.
 */
export function printable(text: string): string {
  return text
    .split(colour)
    .map((part, at) => (at % 2 === 1 ? part : part.replaceAll(obeyed, spelledOut)))
    .join('');
}

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/g;

/** A document as one line of JSON, in which those characters stand escaped as JSON escapes them. */
export function jsonLine(document: unknown): string {
  return JSON.stringify(document, plainly).replaceAll(
    obeyed,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
}

/** Bytes are shown as hex; JSON has no form for them. */
function plainly(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

function spelledOut(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
