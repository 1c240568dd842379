import { bodyDepthMax, bodyElementsMax, tooDeep, tooMany } from './encoding.ts';
import { EventError } from './errors.ts';

/** Longer texts are written faster by the engine than letter by letter. */
const shortText = 48;

/**
 * The bytes of a value in the form of `encoding.ts`, checked and written in one pass. Properties that are undefined are
 * left out; the order of properties does not matter.
 *
 * @throws {EventError} BODY_VALUE_UNFIT (a float, a lone surrogate, a class …), BODY_TOO_DEEP, BODY_TOO_MANY_ELEMENTS
 */
export function encodeBody(value: unknown): Uint8Array {
  const writer = new BodyWriter();
  writer.value(value, bodyDepthMax);
  return writer.taken();
}

/** What was written last is written over by the next: whoever writes takes a copy. */
let room = Buffer.allocUnsafeSlow(8192);

/** A position in bytes that are being written. */
class BodyWriter {
  #at = 0;
  #elementsLeft = bodyElementsMax;

  taken(): Buffer {
    return Buffer.from(room.subarray(0, this.#at));
  }

  value(value: unknown, depthLeft: number): void {
    this.#count();
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'number':
        return this.#integer(value);
      case 'boolean':
        return this.#byte(value ? 0xc3 : 0xc2);
      case 'object':
        if (value === null) return this.#byte(0xc0);
        if (depthLeft === 0) throw tooDeep();
        if (Array.isArray(value)) return this.#array(value, depthLeft - 1);
        return value instanceof Uint8Array ? this.#binary(value) : this.#map(value, depthLeft - 1);
      default:
        throw unfit(`a ${typeof value}`);
    }
  }

  #count(): void {
    this.#elementsLeft -= 1;
    if (this.#elementsLeft < 0) throw tooMany();
  }

  #array(items: readonly unknown[], depthLeft: number): void {
    this.#head(items.length, 0x90, 0x0f, 0xdc);
    for (let at = 0; at < items.length; at += 1) this.value(items[at], depthLeft);
  }

  #map(value: object, depthLeft: number): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) throw unfit('an object of a class');
    const properties = value as Readonly<Record<string, unknown>>;
    const names = Object.keys(properties);
    let left = 0;
    for (const name of names) if (properties[name] !== undefined) left += 1;
    this.#head(left, 0x80, 0x0f, 0xde);
    for (const name of inOrder(names)) {
      const item = properties[name];
      if (item === undefined) continue;
      if (name === '__proto__' || !name.isWellFormed())
        throw unfit(`a property named ${JSON.stringify(name)}`);
      this.#count();
      this.#text(name);
      this.value(item, depthLeft);
    }
  }

  #text(text: string): void {
    const { length } = text;
    if (length > shortText) return this.#longText(text);
    const from = this.#needs(3 * length + 5);
    // Its length is known when it stands there; what is not ASCII is written anew.
    const start = from + (length < 0x20 ? 1 : 2);
    for (let at = 0; at < length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit >= 0x80) return this.#longText(text);
      room[start + at] = unit;
    }
    if (length < 0x20) room[from] = 0xa0 | length;
    else {
      room[from] = 0xd9;
      room[from + 1] = length;
    }
    this.#at = start + length;
  }

  #longText(text: string): void {
    if (!text.isWellFormed()) throw unfit('text with half of a surrogate pair');
    const length = Buffer.byteLength(text, 'utf8');
    if (length < 0x20) this.#byte(0xa0 | length);
    else this.#length(length, 0xd9);
    const from = this.#needs(length);
    room.write(text, from, length, 'utf8');
    this.#at = from + length;
  }

  #binary(bytes: Uint8Array): void {
    this.#length(bytes.length, 0xc4);
    const from = this.#needs(bytes.length);
    room.set(bytes, from);
    this.#at = from + bytes.length;
  }

  #integer(number: number): void {
    if (!Number.isSafeInteger(number))
      throw unfit(`the number ${number}, which is not an integer within ±2^53`);
    if (number >= 0) {
      if (number <= 0x7f) this.#byte(number);
      else if (number <= 0xffff_ffff) this.#length(number, 0xcc);
      else this.#long(number);
    } else if (number >= -0x20) this.#byte(number & 0xff);
    else if (number >= -0x80) this.#number(0xd0, number, 1);
    else if (number >= -0x8000) this.#number(0xd1, number, 2);
    else if (number >= -0x8000_0000) this.#number(0xd2, number, 4);
    else this.#long(number);
  }

  #long(number: number): void {
    this.#number(0xd3, Math.floor(number / 2 ** 32), 4);
    const from = this.#needs(4);
    room.writeUInt32BE(number >>> 0, from);
    this.#at = from + 4;
  }

  /** How many items follow: in the tag itself where there are few, else behind one of two tags. */
  #head(count: number, few: number, fewMax: number, tag: number): void {
    if (count <= fewMax) this.#byte(few | count);
    else if (count <= 0xffff) this.#number(tag, count, 2);
    else this.#number(tag + 1, count, 4);
  }

  /** A number behind one of three tags that stand in a row, for one, two and four bytes. */
  #length(length: number, tag: number): void {
    if (length <= 0xff) this.#number(tag, length, 1);
    else if (length <= 0xffff) this.#number(tag + 1, length, 2);
    else this.#number(tag + 2, length, 4);
  }

  #number(tag: number, number: number, size: 1 | 2 | 4): void {
    const from = this.#needs(1 + size);
    room[from] = tag;
    // What is negative is cut to its lowest bytes, which are its two's complement.
    for (let at = size, rest = number; at > 0; at -= 1, rest >>= 8) room[from + at] = rest;
    this.#at += 1 + size;
  }

  #byte(byte: number): void {
    const from = this.#needs(1);
    room[from] = byte;
    this.#at = from + 1;
  }

  /** Makes room, which may be another then, and says where it begins. */
  #needs(bytes: number): number {
    const enough = this.#at + bytes;
    if (enough > room.length) {
      const more = Buffer.allocUnsafeSlow(Math.max(2 * room.length, enough));
      room.copy(more, 0, 0, this.#at);
      room = more;
    }
    return this.#at;
  }
}

/** How the names of a shape of objects are ordered: events of a type have few shapes, and each is ordered once. */
type Shape = { readonly names: readonly string[]; readonly ordered: readonly string[] };

/** By the first of their names; those beyond the room here are ordered each time. */
const shapes = new Map<string, Shape[]>();
const shapesMax = { names: 512, each: 4, length: 64 };

function inOrder(names: readonly string[]): readonly string[] {
  const [first] = names;
  if (first === undefined) return names;
  let known = shapes.get(first);
  for (const shape of known ?? []) if (isSame(shape.names, names)) return shape.ordered;
  const ordered = names.toSorted(compareUtf8);
  if (known === undefined && shapes.size < shapesMax.names) shapes.set(first, (known = []));
  if (known !== undefined && known.length < shapesMax.each && names.length <= shapesMax.length)
    known.push({ names, ordered });
  return ordered;
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false;
  for (let at = 0; at < some.length; at += 1) if (some[at] !== others[at]) return false;
  return true;
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

function unfit(what: string): EventError {
  return new EventError('BODY_VALUE_UNFIT', `Cannot write an event: there is ${what} in it`, {
    hint: 'Put text, integers, booleans, bytes, lists and plain objects into events, nothing else.',
  });
}
