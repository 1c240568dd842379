import { ConfigFileError } from '../errors.ts';
import { spliced, type Splice } from '../xml.ts';
import { scanJson, type JsonValue } from './json-scan.ts';
import {
  indentationAt,
  isGiven,
  lineEndingOf,
  longestName,
  type ListedValues,
  type TextResult,
} from './text-result.ts';

/**
 * Sets what stands at the paths of a JSON text that are named like a variable: member names and indices joined by
 * `:`. The kind of the old value decides how the new text is written; where two places have one path, the last is
 * meant. Everything else keeps its characters, comments too. Throws ConfigFileError `JSON_NOT_WELL_FORMED`.
 */
export function setInJson(text: string, variables: ListedValues): TextResult {
  const found = new Map<string, JsonValue & { readonly path: string }>();
  scanJson(text, longestName(variables), (value) => {
    const { path } = value;
    if (!isGiven(path, variables)) return;
    const known = found.get(path.toUpperCase());
    if (known === undefined || known.start < value.start) found.set(path.toUpperCase(), { ...value, path });
  });
  const splices: Splice[] = [];
  const replaced: string[] = [];
  const warnings: string[] = [];
  let coveredTo = -1;
  for (const value of [...found.values()].toSorted((one, other) => one.start - other.start)) {
    // What is replaced as a whole is not looked into: nothing of it will be left.
    if (value.start < coveredTo) continue;
    const written = newValue(value.kind, variables.get(value.path), () => indented(text, value.start));
    if ('warning' in written) {
      warnings.push(`${value.path}: ${written.warning}`);
      continue;
    }
    splices.push({ start: value.start, end: value.end, text: written.text });
    replaced.push(value.path);
    coveredTo = value.end;
  }
  return { text: spliced(text, splices), replaced, warnings };
}

type Written = { readonly text: string } | { readonly warning: string };

function newValue(
  kind: JsonValue['kind'],
  value: string | undefined,
  indent: () => (text: string) => string,
): Written {
  if (kind === 'string' || kind === 'null') return { text: JSON.stringify(value ?? null) };
  if (value === undefined) {
    return { warning: `the variable has no value, and the file has ${kinds[kind]} there; it stays` };
  }
  switch (kind) {
    case 'number':
      return { text: jsonNumber(value) ?? JSON.stringify(value) };
    case 'boolean': {
      const word = trimmed(value).toLowerCase();
      return { text: word === 'true' || word === 'false' ? word : JSON.stringify(value) };
    }
    case 'object':
    case 'array': {
      const json = strictJson(value);
      if (json !== undefined) return { text: indent()(json) };
      return { warning: `the variable's value is not JSON, and the file has ${kinds[kind]} there; it stays` };
    }
  }
}

const kinds = { number: 'a number', boolean: 'true or false', object: 'an object', array: 'an array' };

/** As .NET reads numbers: blanks around, a sign, leading zeros; written so that JSON can express it, digits kept. */
function jsonNumber(text: string): string | undefined {
  const parts = /^([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))([eE][+-]?[0-9]+)?$/.exec(trimmed(text));
  if (parts === null) return undefined;
  const [, sign, whole = '0', afterPoint, onlyAfterPoint, exponent = ''] = parts;
  const digits = whole.replace(/^0+(?=[0-9])/, '');
  const fraction = afterPoint ?? onlyAfterPoint;
  const isWhole = fraction === undefined && exponent === '';
  const minus = sign === '-' && !(isWhole && digits === '0') ? '-' : '';
  const written = `${minus}${digits}${fraction === undefined ? '' : `.${fraction || '0'}`}${exponent}`;
  // What no double can hold would not come back as a number.
  return isWhole || Number.isFinite(Number(written)) ? written : undefined;
}

function trimmed(text: string): string {
  return text.replaceAll(/^[\t-\r ]+|[\t-\r ]+$/g, '');
}

/** `value` without what JSON itself does not allow, undefined where it is no JSON. */
function strictJson(value: string): string | undefined {
  const extras: Splice[] = [];
  try {
    scanJson(
      value,
      0,
      () => {},
      (start, end) => extras.push({ start, end, text: '' }),
    );
  } catch (error) {
    if (error instanceof ConfigFileError) return undefined;
    throw error;
  }
  return spliced(value, extras).trim();
}

/** Fits a value of several lines into the file: its line ends, and the indentation of the line it begins on. */
function indented(text: string, offset: number): (json: string) => string {
  const lineEnd = lineEndingOf(text) + indentationAt(text, offset);
  return (json) => json.replaceAll(/\r\n|\r|\n/g, lineEnd);
}
