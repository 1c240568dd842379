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
 * The reader in body-reader.ts takes this form and nothing else; no general decoder sees bytes from outside.
 */
// The whole library would read a native part of its own, which only its reader has a use for.
import { Packr } from 'msgpackr/pack';
import { EventError, type EventErrorCode } from './errors.ts';

export const bodyDepthMax = 32;
export const bodyElementsMax = 65_536;

const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  moreTypes: false,
  int64AsType: 'number',
  bundleStrings: false,
  encodeUndefinedAsNil: false,
});

/**
 * The bytes of a value. Properties that are undefined are left out; the order of properties does not matter.
 *
 * @throws {EventError} BODY_VALUE_UNFIT (a float, a lone surrogate, a class …), BODY_TOO_DEEP, BODY_TOO_MANY_ELEMENTS
 */
export function encodeBody(value: unknown): Uint8Array {
  const count = { left: bodyElementsMax };
  return packr.pack(prepare(value, bodyDepthMax, count));
}

function prepare(value: unknown, depthLeft: number, count: { left: number }): unknown {
  count.left -= 1;
  if (count.left < 0) throw tooMany();
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw unfit('text with half of a surrogate pair');
    return value;
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value))
      throw unfit(`the number ${value}, which is not an integer within ±2^53`);
    // msgpackr writes what exceeds 32 bits as a float unless it is a bigint.
    return value > 0xffff_ffff || value < -0x8000_0000 ? BigInt(value) : value;
  }
  if (typeof value !== 'object') throw unfit(`a ${typeof value}`);
  if (depthLeft === 0) throw tooDeep();
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item) => prepare(item, depthLeft - 1, count));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw unfit('an object of a class');
  return prepareMap(value as Record<string, unknown>, depthLeft, count);
}

function prepareMap(value: Record<string, unknown>, depthLeft: number, count: { left: number }): unknown {
  // A Map keeps its order also for keys that look like array indexes, which an object would put first.
  const sorted = new Map<string, unknown>();
  for (const key of Object.keys(value).toSorted(compareUtf8)) {
    const item = value[key];
    if (item === undefined) continue;
    if (key === '__proto__' || !key.isWellFormed()) throw unfit(`a property named ${JSON.stringify(key)}`);
    count.left -= 1;
    sorted.set(key, prepare(item, depthLeft - 1, count));
  }
  return sorted;
}

/** Order of the UTF-8 bytes: that of the UTF-16 units, but that surrogates stand behind all others. */
function compareUtf8(a: string, b: string): number {
  const both = Math.min(a.length, b.length);
  for (let at = 0; at < both; at += 1) {
    const difference = utf8Rank(a.charCodeAt(at)) - utf8Rank(b.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function utf8Rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit;
}

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

function unfit(what: string): EventError {
  return new EventError('BODY_VALUE_UNFIT', `Cannot write an event: there is ${what} in it`, {
    hint: 'Put text, integers, booleans, bytes, lists and plain objects into events, nothing else.',
  });
}
