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
 * Bytes from outside are walked by `checkBody` before a decoder sees them.
 */
import { isUtf8 } from 'node:buffer';
import { Packr } from 'msgpackr';
import { EventError, type EventErrorCode } from './errors.ts';

export const bodyDepthMax = 32;
export const bodyElementsMax = 65_536;

const protoKey = Buffer.from('__proto__');

const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  mapsAsObjects: true,
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

/**
 * The value of bytes from outside.
 *
 * @throws {EventError} BODY_MALFORMED, BODY_TOO_DEEP, BODY_TOO_MANY_ELEMENTS, BODY_NOT_CANONICAL
 */
export function decodeBody(bytes: Uint8Array): unknown {
  checkBody(bytes);
  return decodeCheckedBody(bytes);
}

/** The value of bytes that were checked before, such as those in the log. */
export function decodeCheckedBody(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
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

/** Order of the UTF-8 bytes; below the surrogates that of the UTF-16 units is the same. */
function compareUtf8(a: string, b: string): number {
  if (/[\ud800-\uffff]/.test(a) || /[\ud800-\uffff]/.test(b))
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Walks bytes from outside without making anything of them, and refuses what is not the canonical form above.
 *
 * @throws {EventError} BODY_MALFORMED, BODY_TOO_DEEP, BODY_TOO_MANY_ELEMENTS, BODY_NOT_CANONICAL
 */
export function checkBody(bytes: Uint8Array): void {
  const walk = new Walk(bytes);
  walk.value(bodyDepthMax);
  walk.end();
}

/** A position in bytes that are being checked. */
class Walk {
  readonly #bytes: Buffer;
  #at = 0;
  #elementsLeft = bodyElementsMax;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw refuse('BODY_MALFORMED', 'something follows its value');
  }

  value(depthLeft: number): void {
    this.#elementsLeft -= 1;
    if (this.#elementsLeft < 0) throw tooMany();
    const tag = this.#unsigned(1);
    if (tag <= 0x7f || tag >= 0xe0) return;
    if (tag <= 0x8f) return this.#map(tag & 0x0f, depthLeft);
    if (tag <= 0x9f) return this.#array(tag & 0x0f, depthLeft);
    if (tag <= 0xbf) return this.#text(tag & 0x1f);
    switch (tag) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return;
      case 0xc4:
        return this.#binary(this.#length(1, 0), depthLeft);
      case 0xc5:
        return this.#binary(this.#length(2, 0x100), depthLeft);
      case 0xc6:
        return this.#binary(this.#length(4, 0x1_0000), depthLeft);
      case 0xcc:
        return void this.#length(1, 0x80);
      case 0xcd:
        return void this.#length(2, 0x100);
      case 0xce:
        return void this.#length(4, 0x1_0000);
      case 0xd0:
        return this.#signed(1, -0x80, -0x20);
      case 0xd1:
        return this.#signed(2, -0x8000, -0x80);
      case 0xd2:
        return this.#signed(4, -0x8000_0000, -0x8000);
      case 0xd3:
        return this.#long();
      case 0xd9:
        return this.#text(this.#length(1, 0x20));
      case 0xda:
        return this.#text(this.#length(2, 0x100));
      case 0xdb:
        return this.#text(this.#length(4, 0x1_0000));
      case 0xdc:
        return this.#array(this.#length(2, 0x10), depthLeft);
      case 0xdd:
        return this.#array(this.#length(4, 0x1_0000), depthLeft);
      case 0xde:
        return this.#map(this.#length(2, 0x10), depthLeft);
      case 0xdf:
        return this.#map(this.#length(4, 0x1_0000), depthLeft);
      case 0xca:
      case 0xcb:
        throw refuse('BODY_MALFORMED', 'there is a floating-point number in it');
      case 0xcf:
        throw refuse('BODY_NOT_CANONICAL', 'there is an integer in another form than the one agreed');
      default:
        throw refuse('BODY_MALFORMED', 'there is an extension or an unused type in it');
    }
  }

  #array(count: number, depthLeft: number): void {
    if (depthLeft === 0) throw tooDeep();
    for (let left = count; left > 0; left -= 1) this.value(depthLeft - 1);
  }

  #map(count: number, depthLeft: number): void {
    if (depthLeft === 0) throw tooDeep();
    let before: Buffer | undefined;
    for (let left = count; left > 0; left -= 1) {
      const key = this.#key();
      if (before !== undefined && before.compare(key) >= 0)
        throw refuse('BODY_NOT_CANONICAL', 'the keys of a map are not in order, or one stands twice');
      before = key;
      this.value(depthLeft - 1);
    }
  }

  #key(): Buffer {
    this.#elementsLeft -= 1;
    const tag = this.#unsigned(1);
    const start = (length: number): Buffer => {
      this.#text(length);
      return this.#bytes.subarray(this.#at - length, this.#at);
    };
    let key: Buffer;
    if (tag >= 0xa0 && tag <= 0xbf) key = start(tag & 0x1f);
    else if (tag === 0xd9) key = start(this.#length(1, 0x20));
    else if (tag === 0xda) key = start(this.#length(2, 0x100));
    else if (tag === 0xdb) key = start(this.#length(4, 0x1_0000));
    else throw refuse('BODY_MALFORMED', 'a key of a map is not text');
    if (key.equals(protoKey)) throw refuse('BODY_MALFORMED', 'a key of a map is __proto__');
    return key;
  }

  #text(length: number): void {
    const from = this.#skip(length);
    const bytes = this.#bytes;
    for (let at = from; at < this.#at; at += 1)
      if (bytes[at]! >= 0x80) {
        if (isUtf8(bytes.subarray(from, this.#at))) return;
        throw refuse('BODY_MALFORMED', 'there is text in it that is not UTF-8');
      }
  }

  #binary(length: number, depthLeft: number): void {
    if (depthLeft === 0) throw tooDeep();
    this.#skip(length);
  }

  /** An unsigned number of `size` bytes that a shorter form could not hold. */
  #length(size: 1 | 2 | 4, atLeast: number): number {
    const number = this.#unsigned(size);
    if (number < atLeast) throw notShortest();
    return number;
  }

  #signed(size: 1 | 2 | 4, atLeast: number, below: number): void {
    const from = this.#skip(size);
    const number = this.#bytes.readIntBE(from, size);
    if (number < atLeast || number >= below) throw notShortest();
  }

  #long(): void {
    const number = this.#bytes.readBigInt64BE(this.#skip(8));
    if (number > BigInt(Number.MAX_SAFE_INTEGER) || number < BigInt(Number.MIN_SAFE_INTEGER))
      throw refuse('BODY_MALFORMED', 'there is an integer beyond ±2^53 in it');
    if (number >= -0x8000_0000n && number <= 0xffff_ffffn) throw notShortest();
  }

  #unsigned(size: 1 | 2 | 4): number {
    const from = this.#skip(size);
    return size === 1 ? this.#bytes[from]! : this.#bytes.readUIntBE(from, size);
  }

  /** Moves on and returns where it stood. */
  #skip(length: number): number {
    const from = this.#at;
    if (from + length > this.#bytes.length) throw refuse('BODY_MALFORMED', 'it ends too early');
    this.#at = from + length;
    return from;
  }
}

function refuse(code: EventErrorCode, why: string): EventError {
  return new EventError(code, `Cannot read the body of an entry: ${why}`, {
    hint: 'The author has to write it again with a correct program; this entry is not taken.',
  });
}

function notShortest(): EventError {
  return refuse('BODY_NOT_CANONICAL', 'there is a number or a length in it that is longer than need be');
}

function tooDeep(): EventError {
  return refuse('BODY_TOO_DEEP', `it is nested deeper than ${bodyDepthMax} levels`);
}

function tooMany(): EventError {
  return refuse('BODY_TOO_MANY_ELEMENTS', `there are more than ${bodyElementsMax} values in it`);
}

function unfit(what: string): EventError {
  return new EventError('BODY_VALUE_UNFIT', `Cannot write an event: there is ${what} in it`, {
    hint: 'Put text, integers, booleans, bytes, lists and plain objects into events, nothing else.',
  });
}
