/*
 * The body of an entry: MessagePack in one canonical form, so that a value has exactly one encoding.
 *
 *   - nil, booleans, integers within ±(2^53 - 1), strings in UTF-8, byte strings, arrays, maps; nothing else:
 *     no floats, no extensions, no timestamps
 *   - every length and every integer in the shortest form there is; integers beyond 32 bits as int64 (0xd3), also
 *     positive ones, never as uint64
 *   - the keys of a map are strings, each once, in ascending order of their UTF-8 bytes; `__proto__` is no key
 *   - nothing follows the value; at most 32 levels deep, at most 65,536 values and keys in all
 *
 * body-writer.ts writes this form; body-reader.ts takes it and nothing else, and no general decoder sees bytes from
 * outside.
 */
import { EventError, type EventErrorCode } from './errors.ts';

export const bodyDepthMax = 32;
export const bodyElementsMax = 65_536;

/** Why the body of an entry is not read. */
export function unreadable(code: EventErrorCode, why: string): EventError {
  return new EventError(code, `Cannot read the body of an entry: ${why}`, {
    hint: 'The author has to write it again with a correct program; this entry is not taken.',
  });
}

export function tooDeep(): EventError {
  return unreadable('BODY_TOO_DEEP', `it is nested deeper than ${bodyDepthMax} levels`);
}

export function tooMany(): EventError {
  return unreadable('BODY_TOO_MANY_ELEMENTS', `there are more than ${bodyElementsMax} values in it`);
}
