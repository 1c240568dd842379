/** Makes the text of ASCII bytes; undefined where one of them is not ASCII. */
export type KnownTexts = (bytes: Buffer, from: number, to: number) => string | undefined;

/**
 * Makes words that come again and again in entries once. They are found by a sum over their bytes and compared letter
 * by letter; those that share a slot push each other out, so that it never grows.
 */
export function knownTexts(
  make: (bytes: Buffer, from: number, to: number) => string = asciiText,
): KnownTexts {
  const slots = 1024;
  const known: string[] = Array.from({ length: slots }, () => '');
  return (bytes, from, to) => {
    let sum = to - from;
    let united = 0;
    for (let at = from; at < to; at += 1) {
      const byte = bytes[at]!;
      united |= byte;
      sum = (Math.imul(sum, 31) + byte) | 0;
    }
    if (united >= 0x80) return undefined;
    const slot = (sum ^ (sum >>> 11)) & (slots - 1);
    const before = known[slot]!;
    if (before.length === to - from && spells(before, bytes, from)) return before;
    return (known[slot] = make(bytes, from, to));
  };
}

function spells(text: string, bytes: Buffer, from: number): boolean {
  for (let at = 0; at < text.length; at += 1) if (bytes[from + at] !== text.charCodeAt(at)) return false;
  return true;
}

function asciiText(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('latin1', from, to);
}

/** Texts that become names of properties: made in the form in which the engine keeps such names. */
export function asName(bytes: Buffer, from: number, to: number): string {
  return Object.keys({ [asciiText(bytes, from, to)]: 0 })[0]!;
}
