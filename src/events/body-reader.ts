import { isUtf8 } from 'node:buffer';
import { unfit, type BodyPlan, type ListPlan, type ObjectPlan } from './body-plan.ts';
import { bodyDepthMax, bodyElementsMax, tooDeep, tooMany, unreadable } from './encoding.ts';
import type { EventError } from './errors.ts';
import { asBuffer } from './header.ts';
import { asName, knownTexts, type KnownTexts } from './known-text.ts';

/** Longer texts seldom come twice. */
const knownBytesMax = 24;
const knownWord = knownTexts();
const knownName = knownTexts(asName);

/**
 * The value of a body's bytes, whoever wrote them: they are checked and read in one pass. Byte strings are views of
 * the bytes given.
 *
 * @throws {EventError} BODY_MALFORMED, BODY_TOO_DEEP, BODY_TOO_MANY_ELEMENTS, BODY_NOT_CANONICAL
 */
export function decodeBody(bytes: Uint8Array): unknown {
  const reader = new BodyReader(asBuffer(bytes));
  const value = reader.value(bodyDepthMax);
  reader.end();
  return value;
}

/**
 * The value of a body as a schema gives it, made in one pass; `unfit` settles nothing: then the body is to be read without
 * a plan, and its value held against the schema.
 *
 * @throws {EventError} as `decodeBody` does
 */
export function readBody(plan: BodyPlan, bytes: Uint8Array): unknown {
  const reader = new BodyReader(asBuffer(bytes));
  const value = reader.planned(plan, bodyDepthMax);
  if (value !== unfit) reader.end();
  return value;
}

/** A position in bytes that are being read. */
class BodyReader {
  readonly #bytes: Buffer;
  #at = 0;
  #elementsLeft = bodyElementsMax;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw unreadable('BODY_MALFORMED', 'something follows its value');
  }

  value(depthLeft: number): unknown {
    this.#elementsLeft -= 1;
    if (this.#elementsLeft < 0) throw tooMany();
    const tag = this.#byte();
    if (tag <= 0x7f) return tag;
    if (tag >= 0xe0) return tag - 0x100;
    if (tag <= 0x8f) return this.#map(tag & 0x0f, depthLeft);
    if (tag <= 0x9f) return this.#array(tag & 0x0f, depthLeft);
    if (tag <= 0xbf) return this.#text(tag & 0x1f);
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#binary(this.#length(1, 0), depthLeft);
      case 0xc5:
        return this.#binary(this.#length(2, 0x100), depthLeft);
      case 0xc6:
        return this.#binary(this.#length(4, 0x1_0000), depthLeft);
      case 0xcc:
        return this.#length(1, 0x80);
      case 0xcd:
        return this.#length(2, 0x100);
      case 0xce:
        return this.#length(4, 0x1_0000);
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
        throw unreadable('BODY_MALFORMED', 'there is a floating-point number in it');
      case 0xcf:
        throw unreadable('BODY_NOT_CANONICAL', 'there is an integer in another form than the one agreed');
      default:
        throw unreadable('BODY_MALFORMED', 'there is an extension or an unused type in it');
    }
  }

  /** The same by a plan; what it does not take is left to `value`, which says why. */
  planned(plan: BodyPlan, depthLeft: number): unknown {
    switch (plan.kind) {
      case 'value':
        return plan.read(this.value(depthLeft));
      case 'nullable':
        if (this.#bytes[this.#at] === 0xc0) return this.value(depthLeft);
        return this.planned(plan.inner, depthLeft);
      case 'list':
        return this.#plannedList(plan, depthLeft);
      case 'object':
        return this.#plannedObject(plan, depthLeft);
    }
  }

  #plannedList({ item, holds }: ListPlan, depthLeft: number): unknown {
    const tag = this.#byte();
    const isShort = tag >= 0x90 && tag <= 0x9f;
    if ((!isShort && tag !== 0xdc) || depthLeft === 0 || this.#elementsLeft === 0) return unfit;
    this.#elementsLeft -= 1;
    const items: unknown[] = [];
    for (let left = isShort ? tag & 0x0f : this.#length(2, 0x10); left > 0; left -= 1) {
      const read = this.planned(item, depthLeft - 1);
      if (read === unfit) return unfit;
      items.push(read);
    }
    return holds(items) ? items : unfit;
  }

  #plannedObject({ head, ordered, empty }: ObjectPlan, depthLeft: number): unknown {
    if (depthLeft === 0 || !this.#passes(head)) return unfit;
    // Itself and its keys, as `value` counts them.
    this.#elementsLeft -= 1 + ordered.length;
    if (this.#elementsLeft < 0) return unfit;
    const read: Record<string, unknown> = { ...empty };
    for (let which = 0; which < ordered.length; which += 1) {
      const { name, key, plan } = ordered[which]!;
      if (!this.#passes(key)) return unfit;
      const value = this.planned(plan, depthLeft - 1);
      if (value === unfit) return unfit;
      read[name] = value;
    }
    return read;
  }

  /** Moves on behind these bytes, where they stand here. */
  #passes(expected: Uint8Array): boolean {
    const [bytes, at, { length }] = [this.#bytes, this.#at, expected];
    // Behind the end is undefined, which no byte is.
    for (let index = 0; index < length; index += 1) if (bytes[at + index] !== expected[index]) return false;
    this.#at = at + length;
    return true;
  }

  #array(count: number, depthLeft: number): unknown[] {
    if (depthLeft === 0) throw tooDeep();
    // The count is not believed: the list grows as its values come.
    const items: unknown[] = [];
    for (let left = count; left > 0; left -= 1) items.push(this.value(depthLeft - 1));
    return items;
  }

  #map(count: number, depthLeft: number): Record<string, unknown> {
    if (depthLeft === 0) throw tooDeep();
    const map: Record<string, unknown> = {};
    let beforeFrom = -1;
    let beforeTo = -1;
    for (let left = count; left > 0; left -= 1) {
      const key = this.#key();
      const to = this.#at;
      const from = to - this.#keyBytes;
      if (beforeFrom !== -1 && !this.#ascends(beforeFrom, beforeTo, from, to))
        throw unreadable('BODY_NOT_CANONICAL', 'the keys of a map are not in order, or one stands twice');
      beforeFrom = from;
      beforeTo = to;
      map[key] = this.value(depthLeft - 1);
    }
    return map;
  }

  #keyBytes = 0;

  #key(): string {
    this.#elementsLeft -= 1;
    const tag = this.#byte();
    if (tag >= 0xa0 && tag <= 0xbf) this.#keyBytes = tag & 0x1f;
    else if (tag === 0xd9) this.#keyBytes = this.#length(1, 0x20);
    else if (tag === 0xda) this.#keyBytes = this.#length(2, 0x100);
    else if (tag === 0xdb) this.#keyBytes = this.#length(4, 0x1_0000);
    else throw unreadable('BODY_MALFORMED', 'a key of a map is not text');
    const key = this.#text(this.#keyBytes, knownName);
    if (key === '__proto__') throw unreadable('BODY_MALFORMED', 'a key of a map is __proto__');
    return key;
  }

  /** Whether the first stretch of bytes stands before the second. */
  #ascends(from: number, to: number, nextFrom: number, nextTo: number): boolean {
    const bytes = this.#bytes;
    const both = Math.min(to - from, nextTo - nextFrom);
    for (let at = 0; at < both; at += 1) {
      const difference = bytes[from + at]! - bytes[nextFrom + at]!;
      if (difference !== 0) return difference < 0;
    }
    return to - from < nextTo - nextFrom;
  }

  #text(length: number, words: KnownTexts = knownWord): string {
    const from = this.#skip(length);
    const known = length <= knownBytesMax ? words(this.#bytes, from, this.#at) : undefined;
    return known ?? this.#freshText(from, this.#at);
  }

  #freshText(from: number, to: number): string {
    const bytes = this.#bytes;
    for (let at = from; at < to; at += 1)
      if (bytes[at]! >= 0x80) {
        if (isUtf8(bytes.subarray(from, to))) return bytes.toString('utf8', from, to);
        throw unreadable('BODY_MALFORMED', 'there is text in it that is not UTF-8');
      }
    return bytes.toString('latin1', from, to);
  }

  #binary(length: number, depthLeft: number): Uint8Array {
    if (depthLeft === 0) throw tooDeep();
    const from = this.#skip(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** An unsigned number of `size` bytes that a shorter form could not hold. */
  #length(size: 1 | 2 | 4, atLeast: number): number {
    const from = this.#skip(size);
    const number = size === 1 ? this.#bytes[from]! : this.#bytes.readUIntBE(from, size);
    if (number < atLeast) throw notShortest();
    return number;
  }

  #signed(size: 1 | 2 | 4, atLeast: number, below: number): number {
    const number = this.#bytes.readIntBE(this.#skip(size), size);
    if (number < atLeast || number >= below) throw notShortest();
    return number;
  }

  #long(): number {
    const from = this.#skip(8);
    const number = this.#bytes.readInt32BE(from) * 2 ** 32 + this.#bytes.readUInt32BE(from + 4);
    if (!Number.isSafeInteger(number))
      throw unreadable('BODY_MALFORMED', 'there is an integer beyond ±2^53 in it');
    if (number >= -0x8000_0000 && number <= 0xffff_ffff) throw notShortest();
    return number;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw endsTooEarly();
    this.#at += 1;
    return byte;
  }

  /** Moves on and returns where it stood. */
  #skip(length: number): number {
    const from = this.#at;
    if (from + length > this.#bytes.length) throw endsTooEarly();
    this.#at = from + length;
    return from;
  }
}

function endsTooEarly(): EventError {
  return unreadable('BODY_MALFORMED', 'it ends too early');
}

function notShortest(): EventError {
  return unreadable('BODY_NOT_CANONICAL', 'there is a number or a length in it that is longer than need be');
}
