/**
 * Characters as .NET classifies them, one UTF-16 code unit at a time: half a surrogate pair is never a name
 * character, and a letter outside the basic plane therefore isn't either.
 */

const nonAsciiName = /^[\p{L}\p{Nd}]$/u;
/** By code unit, since a large file asks for each of its characters. */
const asciiName = Array.from({ length: 0x80 }, (_, unit) =>
  /[A-Za-z0-9_\-:/~()@]/.test(String.fromCharCode(unit)),
);

/** Whether .NET's `Char.IsWhiteSpace` holds: unlike `\s` it has U+0085 and lacks U+FEFF. */
export function isWhiteSpace(unit: number): boolean {
  if (unit < 0x80) return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
  return (
    unit === 0x85 ||
    unit === 0xa0 ||
    unit === 0x1680 ||
    (unit >= 0x2000 && unit <= 0x200a) ||
    unit === 0x2028 ||
    unit === 0x2029 ||
    unit === 0x202f ||
    unit === 0x205f ||
    unit === 0x3000
  );
}

/** Whether the code unit may stand in a name: a letter, a decimal digit or one of `_ - : / ~ ( ) @`. */
export function isNameCharacter(unit: number): boolean {
  return unit < 0x80 ? asciiName[unit]! : nonAsciiName.test(String.fromCharCode(unit));
}

/** `text` without the white space around it, as .NET's `Trim` leaves it. */
export function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhiteSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isWhiteSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/**
 * The form under which two names are the same when they differ only in case: ordinal, one code unit at a time, no
 * culture. A character beyond ASCII never folds to an ASCII one.
 */
export function folded(name: string): string {
  if (/^[\0-\x7f]*$/.test(name)) return name.toUpperCase();
  let out = '';
  for (let i = 0; i < name.length; i += 1) {
    const upper = name[i]!.toUpperCase();
    const keeps = upper.length !== 1 || (name.charCodeAt(i) > 0x7f && upper.charCodeAt(0) <= 0x7f);
    out += keeps ? name[i]! : upper;
  }
  return out;
}
