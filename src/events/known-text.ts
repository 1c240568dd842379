/**
 * Short texts by a sum over their bytes. Texts that share a slot push each other out, so that it never grows, and what
 * it holds is compared letter by letter before it is used.
 */
const known: string[] = Array.from({ length: 1024 }, () => '');

/**
 * The text of ASCII bytes; undefined where one of them is not ASCII. Words that come again and again in entries are
 * made once.
 */
export function knownText(bytes: Buffer, from: number, to: number): string | undefined {
  let sum = to - from;
  let united = 0;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at]!;
    united |= byte;
    sum = (Math.imul(sum, 31) + byte) | 0;
  }
  if (united >= 0x80) return undefined;
  const slot = (sum ^ (sum >>> 11)) & (known.length - 1);
  const before = known[slot]!;
  if (before.length === to - from && spells(before, bytes, from)) return before;
  return (known[slot] = bytes.toString('latin1', from, to));
}

function spells(text: string, bytes: Buffer, from: number): boolean {
  for (let at = 0; at < text.length; at += 1) if (bytes[from + at] !== text.charCodeAt(at)) return false;
  return true;
}
