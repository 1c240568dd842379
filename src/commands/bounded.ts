import { entryBytesMax } from '../events/index.ts';

/** Room for the rest of the entry: header, signature, and what stands beside the bounded value. */
const roomBytes = entryBytesMax - 32 * 1024;

/** Text an entry can hold, of at most `lengthMax` UTF-16 units; an ellipsis shows a cut, never within a character. */
export function cut(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text.toWellFormed();
  const start = text.slice(0, lengthMax - 1).replace(/[\uD800-\uDBFF]$/u, '');
  return `${start.toWellFormed()}…`;
}

/** The first of `versions`, the fullest one first, that fits into an entry; the last one where none does. */
export function firstThatFits<T>(versions: readonly (() => T)[]): T {
  const fits = (value: T): boolean => Buffer.byteLength(JSON.stringify(value)) <= roomBytes;
  const last = versions.at(-1)!;
  for (const version of versions.slice(0, -1)) {
    const value = version();
    if (fits(value)) return value;
  }
  return last();
}
