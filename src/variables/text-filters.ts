import { fromBase64 } from './base64.ts';
import { isWhiteSpace, trimmed } from './characters.ts';
import { FilterRefusal, type Filter } from './filter.ts';
import { parseInt32 } from './numbers.ts';

/** Filters that cut, join and look at text. */
export const textFilters = {
  toupper: (input, options) => (options.length > 0 ? undefined : input && changeCase(input, 'upper')),
  tolower: (input, options) => (options.length > 0 ? undefined : input && changeCase(input, 'lower')),
  trim: (input, [side]) => {
    if (input === undefined) return undefined;
    if (side === undefined) return trimmed(input);
    if (side.toLowerCase() === 'start') return trimmedStart(input);
    return side.toLowerCase() === 'end' ? trimmedEnd(input) : undefined;
  },
  substring: (input, options) => {
    if (input === undefined || options.length === 0 || options.length > 2) return undefined;
    const numbers = options.map(parseInt32);
    if (numbers.some((number) => number === undefined || number < 0)) return undefined;
    const [start, length] = (numbers.length === 1 ? [0, ...numbers] : numbers) as [number, number];
    if (start > input.length) return undefined;
    if (start + length > 2 ** 31 - 1) throw new FilterRefusal('start and length are too large together');
    return input.slice(start, start + length);
  },
  truncate: (input, [given, suffix = '...']) => {
    const length = given === undefined ? undefined : parseInt32(given);
    if (input === undefined || length === undefined || length < 0) return undefined;
    return length < input.length ? input.slice(0, length) + suffix : input;
  },
  append: (input = '', options) => (options.length === 0 ? undefined : input + options.join('')),
  prepend: (input = '', options) => (options.length === 0 ? undefined : options.join('') + input),
  indent: (input, options) => {
    if (input === undefined || input === '') return input;
    const indents = indentsOf(options);
    return indents && indents[0] + input.replaceAll('\n', () => `\n${indents[1]}`);
  },
  startswith: compares((input, text) => input.startsWith(text)),
  endswith: compares((input, text) => input.endsWith(text)),
  contains: compares((input, text) => input.includes(text)),
  tobase64: (input, options) => {
    if (input === undefined || options.length > 1) return undefined;
    const encoding = bufferEncoding(options[0]);
    return encoding && Buffer.from(input, encoding).toString('base64');
  },
  frombase64: (input, options) => {
    if (input === undefined || options.length > 1) return undefined;
    const bytes = fromBase64(input);
    if (bytes === undefined) throw new FilterRefusal('its input is not base64');
    const encoding = bufferEncoding(options[0]);
    return encoding && decoded(bytes, encoding);
  },
} satisfies Record<string, Filter>;

function compares(holds: (input: string, text: string) => boolean): Filter {
  return (input, options) => {
    if (input === undefined || options.length !== 1) return undefined;
    return String(holds(input, options[0]!));
  };
}

function bufferEncoding(name = 'utf8'): 'utf8' | 'utf16le' | undefined {
  const asked = name.toLowerCase();
  if (asked === 'utf8' || asked === 'utf-8') return 'utf8';
  return asked === 'unicode' ? 'utf16le' : undefined;
}

function decoded(bytes: Uint8Array, encoding: 'utf8' | 'utf16le'): string {
  const label = encoding === 'utf8' ? 'utf-8' : 'utf-16le';
  return new TextDecoder(label, { ignoreBOM: true }).decode(bytes);
}

/** One character to one: what would become several, or another script's by a rule of its own, stays. */
function changeCase(text: string, to: 'upper' | 'lower'): string {
  // oxlint-disable-next-line no-control-regex -- all of ASCII, of which they are a part
  if (/^[\0-\x7f]*$/.test(text)) return to === 'upper' ? text.toUpperCase() : text.toLowerCase();
  return Array.from(text, (one) => {
    const changed = to === 'upper' ? one.toUpperCase() : one.toLowerCase();
    const ascii = to === 'upper' && one > '\x7f' && changed <= '\x7f';
    return changed.length === one.length && !ascii ? changed : one;
  }).join('');
}

function trimmedStart(text: string): string {
  let start = 0;
  while (start < text.length && isWhiteSpace(text.charCodeAt(start))) start += 1;
  return text.slice(start);
}

function trimmedEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isWhiteSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** What stands before the first line and before each later one. */
function indentsOf(options: readonly string[]): readonly [string, string] | undefined {
  const [first, second] = options;
  if (options.length > 2) return undefined;
  if (first === undefined) return ['    ', '    '];
  if (second !== undefined) return [first, second];
  const sizes = /^(?:(\p{Nd}{1,3})?(\/))?(\p{Nd}{1,3})\n?$/u.exec(first);
  if (sizes !== null) {
    const [, initial, divided, later] = sizes;
    const counts = [divided === undefined ? later! : (initial ?? '0'), later!].map(byteOf);
    if (counts.every((count) => count !== undefined)) {
      return [' '.repeat(counts[0]!), ' '.repeat(counts[1]!)];
    }
  }
  return [first, first];
}

function byteOf(digits: string): number | undefined {
  const value = /^[0-9]+$/.test(digits) ? Number(digits) : 256;
  return value <= 255 ? value : undefined;
}
