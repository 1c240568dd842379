/**
 * JSON as the original's reader (Newtonsoft.Json) takes it: also single quotes, bare property names, comments, trailing
 * commas, gaps, hexadecimal and octal numbers. Members keep the order of the document; of two alike the last counts.
 */
import { formatDouble } from './numbers.ts';
import { isWhiteSpace } from './characters.ts';

export type JsonValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'nothing'; readonly word: 'null' | 'undefined' }
  | { readonly kind: 'date'; readonly date: JsonDate }
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'array'; readonly items: readonly JsonValue[] }
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, JsonValue> };

/** A date and time as read; `zone` tells what its text said of one. Fractions are units of 100 ns. */
export type JsonDate = {
  /** Milliseconds of the clock's face, as if it were UTC, without the fraction of a second. */
  readonly seconds: number;
  readonly fraction: number;
  readonly zone: 'none' | 'utc' | 'local';
};

const depthMax = 64;
const isoDate =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,7}))?(?:([Zz])|([+-])(\d\d):?(\d\d)?)?$/;
const ticksDate = /^\/Date\((-?\d{1,15})([+-]\d{2}(?:\d{2})?)?\)\/$/;

class NotJson extends Error {}

/**
 * The value that `text` holds, undefined where it is none or something follows it. Texts that are shaped like a moment
 * are read as one, unless they are to stay texts.
 */
export function readJson(text: string, moments = true): JsonValue | undefined {
  try {
    return jsonReader(text, moments).document();
  } catch (error) {
    if (error instanceof NotJson) return undefined;
    throw error;
  }
}

function jsonReader(text: string, moments: boolean) {
  let at = 0;
  /** In a document that is an array, comments are elements of arrays, and its end may be missing. */
  let inArray = false;

  function document(): JsonValue {
    skip();
    inArray = text[at] === '[';
    const value = read(1);
    skip();
    if (at < text.length) throw new NotJson();
    return value;
  }

  /** Past white space and comments. */
  function skip(): void {
    while (at < text.length) {
      if (isWhiteSpace(text.charCodeAt(at))) at += 1;
      else if (text[at] === '/') comment();
      else return;
    }
  }

  function comment(): string {
    if (text[at + 1] === '*') {
      const end = text.indexOf('*/', at + 2);
      if (end < 0) throw new NotJson();
      const content = text.slice(at + 2, end);
      at = end + 2;
      return content;
    }
    if (text[at + 1] !== '/') throw new NotJson();
    const start = at + 2;
    at = start;
    while (at < text.length && text[at] !== '\n' && text[at] !== '\r') at += 1;
    return text.slice(start, at);
  }

  function read(depth: number): JsonValue {
    const first = text[at];
    switch (first) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
      case "'":
        return moments ? fromText(quoted()) : { kind: 'text', text: quoted() };
      case 't':
        word('true');
        return { kind: 'boolean', value: true };
      case 'f':
        word('false');
        return { kind: 'boolean', value: false };
      case 'n':
        word('null');
        return { kind: 'nothing', word: 'null' };
      case 'u':
        word('undefined');
        return { kind: 'nothing', word: 'undefined' };
      case 'N':
        word('NaN');
        return { kind: 'double', value: Number.NaN };
      case 'I':
        word('Infinity');
        return { kind: 'double', value: Number.POSITIVE_INFINITY };
      default:
        return numeral();
    }
  }

  function word(expected: string): void {
    if (!text.startsWith(expected, at)) throw new NotJson();
    at += expected.length;
    if (!ended()) throw new NotJson();
  }

  function ended(): boolean {
    return at >= text.length || isWhiteSpace(text.charCodeAt(at)) || ',}])/'.includes(text[at]!);
  }

  function object(depth: number): JsonValue {
    if (depth > depthMax) throw new NotJson();
    at += 1;
    const members = new Map<string, JsonValue>();
    for (;;) {
      skip();
      if (text[at] === '}') {
        at += 1;
        return { kind: 'object', members };
      }
      const name = propertyName();
      skip();
      if (text[at] !== ':') throw new NotJson();
      at += 1;
      skip();
      members.set(name, text[at] === ',' ? { kind: 'nothing', word: 'undefined' } : read(depth + 1));
      skip();
      if (text[at] === ',') at += 1;
      else if (isCutOff()) return { kind: 'object', members };
      else if (text[at] !== '}') throw new NotJson();
    }
  }

  function propertyName(): string {
    if (text[at] === '"' || text[at] === "'") return quoted();
    const start = at;
    while (at < text.length && /[\p{L}\p{Nd}_$]/u.test(text[at]!)) at += 1;
    if (at === start) throw new NotJson();
    return text.slice(start, at);
  }

  function array(depth: number): JsonValue {
    if (depth > depthMax) throw new NotJson();
    at += 1;
    const items: JsonValue[] = [];
    for (;;) {
      skipInto(items);
      if (text[at] === ']') {
        at += 1;
        return { kind: 'array', items };
      }
      if (text[at] === ',') {
        items.push({ kind: 'nothing', word: 'undefined' });
        at += 1;
        continue;
      }
      items.push(read(depth + 1));
      skipInto(items);
      if (text[at] === ',') at += 1;
      else if (isCutOff()) return { kind: 'array', items };
      else if (text[at] !== ']') throw new NotJson();
    }
  }

  const isCutOff = (): boolean => inArray && at >= text.length;

  function skipInto(items: JsonValue[]): void {
    if (!inArray) return skip();
    while (at < text.length) {
      if (isWhiteSpace(text.charCodeAt(at))) at += 1;
      else if (text[at] === '/') items.push({ kind: 'comment', text: comment() });
      else return;
    }
  }

  function quoted(): string {
    const quote = text[at]!;
    at += 1;
    const parts: string[] = [];
    let start = at;
    for (;;) {
      const unit = text[at];
      if (unit === undefined) throw new NotJson();
      if (unit === quote) break;
      if (unit !== '\\') {
        at += 1;
        continue;
      }
      parts.push(text.slice(start, at), escaped());
      start = at;
    }
    parts.push(text.slice(start, at));
    at += 1;
    return parts.join('');
  }

  function escaped(): string {
    const unit = text[at + 1] ?? '';
    if (unit === 'u') {
      const digits = text.slice(at + 2, at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new NotJson();
      at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const plain: Record<string, string> = {
      b: '\b',
      t: '\t',
      n: '\n',
      f: '\f',
      r: '\r',
      '\\': '\\',
      '"': '"',
      "'": "'",
      '/': '/',
    };
    const meant = plain[unit];
    if (meant === undefined) throw new NotJson();
    at += 2;
    return meant;
  }

  function numeral(): JsonValue {
    if (text.startsWith('-I', at)) {
      at += 1;
      word('Infinity');
      return { kind: 'double', value: Number.NEGATIVE_INFINITY };
    }
    const start = at;
    while (at < text.length && /[-+.0-9a-fA-FxX]/.test(text[at]!)) at += 1;
    const digits = text.slice(start, at);
    if (!ended() || !/^[-.0-9]/.test(digits)) throw new NotJson();
    const based = /^(-?)0([xX]?)([0-9a-fA-F]+)$/.exec(digits);
    if (based !== null) {
      const [, sign, x, rest] = based;
      if (sign === '' && x !== '') return { kind: 'integer', value: BigInt.asIntN(64, BigInt(`0x${rest!}`)) };
      if (sign === '' && x === '' && /^[0-7]+$/.test(rest!)) {
        return { kind: 'integer', value: BigInt.asIntN(64, BigInt(`0o${rest!}`)) };
      }
      if (sign === '' || x !== '') throw new NotJson();
    }
    if (/^-?[0-9]+$/.test(digits)) return { kind: 'integer', value: BigInt(digits) };
    if (!/^-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$/.test(digits)) throw new NotJson();
    return { kind: 'double', value: Number(digits) };
  }

  return { document };
}

/** A text that is shaped like a moment is read as one. */
function fromText(text: string): JsonValue {
  const date = text.length >= 9 && text.length <= 40 ? readDate(text) : undefined;
  return date === undefined ? { kind: 'text', text } : { kind: 'date', date };
}

function readDate(text: string): JsonDate | undefined {
  const ticks = ticksDate.exec(text);
  if (ticks !== null) {
    const moment = Number(ticks[1]);
    if (Math.abs(moment) > 253402300799999) return undefined;
    return ticks[2] === undefined ? faceOf(moment, 'utc') : faceOf(moment, 'local');
  }
  const found = isoDate.exec(text);
  if (found === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', z, sign, zoneHours, zoneMinutes] = found;
  const face = Date.UTC(
    2000,
    Number(month) - 1,
    Number(day),
    Number(hour) % 24,
    Number(minute),
    Number(second),
  );
  const date = new Date(face);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (
    Number(year) < 1 ||
    date.getUTCDate() !== Number(day) ||
    date.getUTCMonth() !== Number(month) - 1 ||
    (Number(hour) > 23 && !/^24:00:00(?!\.0*[1-9])/.test(text.slice(11))) ||
    Number(minute) > 59 ||
    Number(second) > 59
  ) {
    return undefined;
  }
  if (Number(hour) === 24) date.setUTCDate(Number(day) + 1);
  const units = Number(fraction.padEnd(7, '0'));
  if (z !== undefined) return { seconds: date.getTime(), fraction: units, zone: 'utc' };
  if (sign === undefined) return { seconds: date.getTime(), fraction: units, zone: 'none' };
  const offset = (Number(zoneHours) * 60 + Number(zoneMinutes ?? 0)) * 60_000;
  const moment = date.getTime() - (sign === '-' ? -offset : offset);
  return { ...faceOf(moment, 'local'), fraction: units };
}

function faceOf(moment: number, zone: 'utc' | 'local'): JsonDate {
  const face = zone === 'utc' ? moment : moment - new Date(moment).getTimezoneOffset() * 60_000;
  const seconds = Math.floor(face / 1000) * 1000;
  return { seconds, fraction: (face - seconds) * 10_000, zone };
}

/**
 * A value as text, as a template sees it; undefined for an integer that does not fit 64 bits, which has none.
 * Objects and arrays are compact JSON.
 */
export function jsonText(value: JsonValue): string | undefined {
  switch (value.kind) {
    case 'text':
    case 'comment':
      return value.text;
    case 'integer':
      return BigInt.asIntN(64, value.value) === value.value ? value.value.toString() : undefined;
    case 'double':
      return formatDouble(value.value);
    case 'boolean':
      return value.value ? 'True' : 'False';
    case 'nothing':
      return '';
    case 'date': {
      const [, year, month, day, time] = /^(\d+)-(\d\d)-(\d\d)T(.{8})/.exec(isoFace(value.date))!;
      return `${month}/${day}/${year} ${time}`;
    }
    case 'array':
    case 'object':
      return compactJson(value);
  }
}

function compactJson(value: JsonValue): string {
  switch (value.kind) {
    case 'text':
      return quotedJson(value.text);
    case 'comment':
      return `/*${value.text}*/`;
    case 'integer':
      return value.value.toString();
    case 'double': {
      const text = formatDouble(value.value);
      if (!Number.isFinite(value.value)) return `"${text}"`;
      return /[.E]/.test(text) ? text : `${text}.0`;
    }
    case 'boolean':
      return String(value.value);
    case 'nothing':
      return value.word;
    case 'date': {
      const { date } = value;
      const digits = String(date.fraction).padStart(7, '0').replace(/0+$/, '');
      return `"${isoFace(date)}${digits === '' ? '' : `.${digits}`}${zoneMark(date)}"`;
    }
    case 'array': {
      // A comment has no comma before it.
      const first = value.items.findIndex((item) => item.kind !== 'comment');
      const items = value.items.map(
        (item, n) => (n > first && first >= 0 && item.kind !== 'comment' ? ',' : '') + compactJson(item),
      );
      return `[${items.join('')}]`;
    }
    case 'object':
      return `{${[...value.members].map(([name, one]) => `${quotedJson(name)}:${compactJson(one)}`).join(',')}}`;
  }
}

function isoFace({ seconds }: JsonDate): string {
  return new Date(seconds).toISOString().slice(0, 19);
}

function zoneMark({ seconds, zone }: JsonDate): string {
  if (zone === 'none') return '';
  if (zone === 'utc') return 'Z';
  const [face] = [new Date(seconds)];
  const local = new Date(
    face.getUTCFullYear(),
    face.getUTCMonth(),
    face.getUTCDate(),
    face.getUTCHours(),
    face.getUTCMinutes(),
    face.getUTCSeconds(),
  );
  const minutes = -local.getTimezoneOffset();
  const two = (n: number): string => String(n).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function quotedJson(text: string): string {
  let inside = '';
  let kept = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    const isPlain = unit >= 0x20 && unit !== 0x22 && unit !== 0x5c && unit !== 0x85;
    if (isPlain && unit !== 0x2028 && unit !== 0x2029) continue;
    const escape = shortEscapes[text[at]!] ?? `\\u${unit.toString(16).padStart(4, '0')}`;
    inside += text.slice(kept, at) + escape;
    kept = at + 1;
  }
  return `"${inside}${text.slice(kept)}"`;
}
