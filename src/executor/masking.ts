/**
 * Keeps secret values out of everything a run writes: its log, its journal, its outcomes.
 *
 * A value is found as it stands and as base64 (at each of the three alignments, both alphabets), percent-encoded,
 * JSON-escaped, XML-escaped and quoted by a shell. All places are found first and what they cover together is
 * blanked, so that two values that overlap leave no rest of either. A value of several lines is also found line by
 * line, since logs are lines. Values of up to three characters are not masked, as in Octopus: blanking every `1` of
 * a log would hide the log and tell the value.
 */
export class Masker {
  readonly #patterns = new Set<string>();
  #ordered: readonly string[] | undefined;

  /** Masks `value` from now on; false where it is too short to be masked. */
  add(value: string): boolean {
    const pieces = [value, value.trim(), ...value.split(/\r\n|\r|\n/), value.replaceAll('\r\n', '\n')];
    for (const piece of pieces) {
      if (piece.length < shortestMasked) continue;
      for (const form of formsOf(piece)) if (form.length >= shortestMasked) this.#patterns.add(form);
    }
    this.#ordered = undefined;
    return value.trim().length >= shortestMasked;
  }

  /** How many characters the longest text is that would be masked. */
  get longest(): number {
    return this.#sorted[0]?.length ?? 0;
  }

  /** Whether `text` holds anything that would be masked. */
  holds(text: string): boolean {
    return this.#sorted.some((pattern) => text.includes(pattern));
  }

  /** `text` with every secret in it replaced by asterisks. */
  mask(text: string): string {
    const ranges: [start: number, end: number][] = [];
    for (const pattern of this.#sorted) {
      for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1)) {
        ranges.push([at, at + pattern.length]);
      }
    }
    if (ranges.length === 0) return text;
    ranges.sort((one, other) => one[0] - other[0]);
    let masked = '';
    let end = 0;
    for (const [from, to] of ranges) {
      if (from >= end) masked += `${text.slice(end, from)}${blank}`;
      end = Math.max(end, to);
    }
    return masked + text.slice(end);
  }

  get #sorted(): readonly string[] {
    this.#ordered ??= [...this.#patterns].sort((one, other) => other.length - one.length);
    return this.#ordered;
  }
}

const blank = '********';
const shortestMasked = 4;

function formsOf(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const percent = encodeURIComponent(value.toWellFormed());
  const strict = percent.replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const urls = [percent, strict].flatMap((one) => [one, one.replaceAll('%20', '+')]);
  const xml = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const quoted = xml.replaceAll('"', '&quot;');
  return [
    value,
    ...base64Forms(value),
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
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8');
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
