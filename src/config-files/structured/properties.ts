import { ConfigFileError } from '../errors.ts';
import { spliced, type Splice } from '../xml.ts';
import { positionAt } from '../xml-position.ts';
import type { ListedValues, TextResult } from './text-result.ts';

/** One `key = value`: the key as an application reads it, and where the value stands, line continuations included. */
type Entry = {
  readonly key: string;
  readonly hasSeparator: boolean;
  readonly valueStart: number;
  readonly valueEnd: number;
};

/**
 * Sets the values of a Java properties text whose keys, after unescaping, are named like a variable; every repetition of
 * a key. Names that begin with `Octopus` are the server's own. Key, separator, comments and line ends keep their
 * characters; a variable without a value changes nothing. Throws ConfigFileError `PROPERTIES_NOT_WELL_FORMED`.
 */
export function setInProperties(text: string, variables: ListedValues): TextResult {
  const splices: Splice[] = [];
  const replaced = new Map<string, string>();
  for (const { key, hasSeparator, valueStart, valueEnd } of entriesOf(text)) {
    if (/^octopus/i.test(key) || !variables.has(key)) continue;
    const value = variables.get(key);
    if (value === undefined) continue;
    splices.push({ start: valueStart, end: valueEnd, text: `${hasSeparator ? '' : ':'}${escaped(value)}` });
    if (!replaced.has(key.toUpperCase())) replaced.set(key.toUpperCase(), key);
  }
  return { text: spliced(text, splices), replaced: [...replaced.values()], warnings: [] };
}

const lineEndAt = (text: string, at: number): number => (text.startsWith('\r\n', at) ? 2 : 1);

function* entriesOf(text: string): Generator<Entry> {
  let at = 0;
  while (at < text.length) {
    const character = text[at]!;
    if (isBlank(character) || isLineEnd(character)) {
      at += 1;
    } else if (character === '#' || character === '!') {
      while (at < text.length && !isLineEnd(text[at]!)) at += 1;
    } else {
      const key = readUntil(text, at, (one) => one === '=' || one === ':' || isBlank(one));
      const behindBlanks = skipContinued(text, key.end);
      const sign = text[behindBlanks] === '=' || text[behindBlanks] === ':';
      const valueStart = skipBlanks(text, sign ? behindBlanks + 1 : key.end);
      const value = readUntil(text, valueStart, () => false);
      yield { key: key.value, hasSeparator: valueStart > key.end, valueStart, valueEnd: value.end };
      at = value.end;
    }
  }
}

/** Reads to the end of the logical line or to what ends a key; escapes are read, continued lines joined. */
function readUntil(
  text: string,
  start: number,
  ends: (character: string) => boolean,
): { readonly value: string; readonly end: number } {
  const parts: string[] = [];
  let at = start;
  let from = start;
  while (at < text.length && !isLineEnd(text[at]!) && !ends(text[at]!)) {
    if (text[at] !== '\\') {
      at += 1;
      continue;
    }
    parts.push(text.slice(from, at));
    const escapedOne = text[at + 1];
    if (escapedOne === undefined) {
      at += 1;
    } else if (isLineEnd(escapedOne)) {
      at += 1 + lineEndAt(text, at + 1);
      while (isBlank(text[at] ?? '')) at += 1;
    } else if (escapedOne === 'u') {
      const digits = text.slice(at + 2, at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits))
        throw notWellFormed(text, at, 'behind \\u stand four hexadecimal digits');
      parts.push(String.fromCharCode(Number.parseInt(digits, 16)));
      at += 6;
    } else {
      parts.push(named[escapedOne] ?? escapedOne);
      at += 2;
    }
    from = at;
  }
  parts.push(text.slice(from, at));
  return { value: parts.join(''), end: at };
}

const named: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

/** As Java reads it back; what stands beyond Latin-1 is written in ASCII, since readers differ in their encoding. */
function escaped(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll(/[\u00ff-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/^ /, '\\ ');
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (isBlank(text[at] ?? '')) at += 1;
  return at;
}

/** As `skipBlanks`, over the ends of continued lines too. */
function skipContinued(text: string, from: number): number {
  let at = skipBlanks(text, from);
  while (text[at] === '\\' && isLineEnd(text[at + 1] ?? '')) {
    at = skipBlanks(text, at + 1 + lineEndAt(text, at + 1));
  }
  return at;
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\f';
}

function isLineEnd(character: string): boolean {
  return character === '\n' || character === '\r';
}

function notWellFormed(text: string, offset: number, what: string): ConfigFileError {
  const { line, column } = positionAt(text, offset);
  return new ConfigFileError(
    'PROPERTIES_NOT_WELL_FORMED',
    `Cannot read the properties at line ${line}, column ${column}: ${what}`,
    {
      hint: 'Correct the file; a backslash in it is written \\\\.',
      details: { line, column },
    },
  );
}
