import { everyEscape } from '../variables/index.ts';

/**
 * Keeps secret values out of everything a run writes: its log, its journal, its outcomes.
 *
 * A value is found as it stands and as base64 (of UTF-8 and UTF-16, at each of the three alignments, both alphabets),
 * percent-encoded, JSON-escaped, XML-escaped, quoted by a shell, and as every escaping filter of a template writes it; a
 * longer one also in capitals and in small letters. All places are found first and what they cover together is
 * blanked, so that two values that overlap leave no rest of either. A value of several lines is also found line by
 * line, since logs are lines. Values of up to three characters are not masked, as in Octopus: blanking every `1` of
 * a log would hide the log and tell the value.
 */
export class Masker {
  /** What is masked, by its first four characters. */
  readonly #patterns = new Map<string, string[]>();
  /** Marks what four characters may come to, so that text without any secret is passed at the speed of reading it. */
  readonly #beginnings = new Uint8Array(beginningsMax);
  #longest = 0;

  /** Masks `value` from now on; false where it is too short to be masked. */
  add(value: string): boolean {
    const pieces = [value, value.trim(), ...value.split(/\r\n|\r|\n/), value.replaceAll('\r\n', '\n')];
    for (const piece of pieces) {
      if (piece.length < shortestMasked) continue;
      for (const form of formsOf(piece)) if (form.length >= shortestMasked) this.#addPattern(form);
    }
    return value.trim().length >= shortestMasked;
  }

  /** How many characters the longest text is that would be masked. */
  get longest(): number {
    return this.#longest;
  }

  /** Whether `text` holds anything that would be masked. */
  holds(text: string): boolean {
    return this.#seek(text, 0) >= 0;
  }

  /** `text` with every secret in it replaced by asterisks. */
  mask(text: string): string {
    let masked = '';
    let end = 0;
    for (let at = this.#seek(text, 0); at >= 0; at = this.#seek(text, at + 1)) {
      if (at >= end) masked += `${text.slice(end, at)}${blank}`;
      end = Math.max(end, at + this.#lengthAt(text, at));
    }
    return end === 0 ? text : masked + text.slice(end);
  }

  #addPattern(pattern: string): void {
    const key = pattern.slice(0, shortestMasked);
    const known = this.#patterns.get(key) ?? [];
    if (known.includes(pattern)) return;
    this.#patterns.set(key, [...known, pattern]);
    const codes = [0, 1, 2, 3].map((at) => pattern.charCodeAt(at)) as [number, number, number, number];
    this.#beginnings[beginning(...codes)] = 1;
    this.#longest = Math.max(this.#longest, pattern.length);
  }

  /** The first place at or after `from` where something to mask stands, -1 where there is none. */
  #seek(text: string, from: number): number {
    if (this.#longest === 0) return -1;
    let one = text.charCodeAt(from);
    let two = text.charCodeAt(from + 1);
    let three = text.charCodeAt(from + 2);
    const last = text.length - shortestMasked;
    for (let at = from; at <= last; at += 1) {
      const four = text.charCodeAt(at + 3);
      if (this.#beginnings[beginning(one, two, three, four)] === 1 && this.#lengthAt(text, at) > 0) return at;
      one = two;
      two = three;
      three = four;
    }
    return -1;
  }

  /** How long the longest text is that begins at `at` and is to be masked, 0 where there is none. */
  #lengthAt(text: string, at: number): number {
    let longest = 0;
    for (const pattern of this.#patterns.get(text.slice(at, at + shortestMasked)) ?? [])
      if (pattern.length > longest && text.startsWith(pattern, at)) longest = pattern.length;
    return longest;
  }
}

const beginningsMax = 1 << 18;

function beginning(one: number, two: number, three: number, four: number): number {
  const mixed = Math.imul((one << 16) ^ two, 0x9e3779b1) ^ Math.imul((three << 16) ^ four, 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) & (beginningsMax - 1);
}

const blank = '********';
const shortestMasked = 4;
/** Shorter ones may be words in another case: `Test` must not blank every `test` of a log. */
const shortestInOtherCase = 8;

function formsOf(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const percent = encodeURIComponent(value.toWellFormed());
  const strict = percent.replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const urls = [percent, strict].flatMap((one) => [one, one.replaceAll('%20', '+')]);
  const xml = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const quoted = xml.replaceAll('"', '&quot;');
  return [
    value,
    ...everyEscape(value),
    ...(value.length < shortestInOtherCase ? [] : [value.toUpperCase(), value.toLowerCase()]),
    ...base64Forms(Buffer.from(value, 'utf8')),
    ...base64Forms(Buffer.from(value, 'utf16le')),
    ...urls,
    ...urls.map((one) => one.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())),
    json,
    json.replaceAll('/', String.raw`\/`),
    asciiJson(json),
    xml,
    quoted,
    quoted.replaceAll("'", '&apos;'),
    quoted.replaceAll("'", '&#39;'),
    quoted.replaceAll("'", '&#x27;'),
    xml.replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
    value.replaceAll("'", String.raw`'\''`),
  ];
}

/**
 * The part of a base64 text that only this value decides, for each place it can have in a group of three bytes; where
 * the value ends the text, with its last character, and in the lines that `base64` and `openssl` break it into.
 */
function base64Forms(bytes: Buffer): string[] {
  const texts = [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const start = Math.ceil((before * 8) / 6);
    return [text.slice(start, Math.floor(((before + bytes.length) * 8) / 6)), text.slice(start)];
  });
  const lines = [64, 76].flatMap(
    (width) => bytes.toString('base64').match(new RegExp(`.{1,${width}}`, 'g')) ?? [],
  );
  return [...texts, ...lines].flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]);
}

/** JSON as writers that keep to ASCII print it. */
function asciiJson(json: string): string {
  const escaped = (unit: string): string => String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return json.replaceAll(/[\u007f-\uffff]/g, escaped);
}
