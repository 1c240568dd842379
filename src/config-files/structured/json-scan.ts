import { ConfigFileError } from '../errors.ts';
import { positionAt } from '../xml-position.ts';
import { joinedPath, type StructuredPath } from './text-result.ts';

export type JsonValue = {
  readonly kind: 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array';
  readonly path: StructuredPath;
  readonly start: number;
  readonly end: number;
};

type Open = {
  readonly kind: 'object' | 'array';
  readonly closing: '}' | ']';
  readonly start: number;
  readonly path: StructuredPath;
  count: number;
};

const literals = { true: 'boolean', false: 'boolean', null: 'null' } as const;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/**
 * Walks JSON without building it, however deep it is: `onValue` sees each value where it ends. Comments and a comma
 * behind the last item are the only things taken beyond the standard; `onExtra` sees them. Paths longer than
 * `longestPath` are not made. Throws ConfigFileError `JSON_NOT_WELL_FORMED` with line and column.
 */
export function scanJson(
  text: string,
  longestPath: number,
  onValue: (value: JsonValue) => void,
  onExtra: (start: number, end: number) => void = () => {},
): void {
  const open: Open[] = [];
  let at = 0;
  let path: StructuredPath = null;

  const refuse = (what: string, where = at): never => {
    throw notWellFormedJson(text, where, what);
  };
  const skip = (): void => {
    for (;;) {
      while (isBlank(text.charCodeAt(at))) at += 1;
      if (text[at] !== '/') return;
      const start = at;
      if (text[at + 1] === '/') {
        while (at < text.length && text[at] !== '\n' && text[at] !== '\r') at += 1;
      } else if (text[at + 1] === '*') {
        const end = text.indexOf('*/', at + 2);
        if (end < 0) refuse('a comment has no end');
        at = end + 2;
      } else {
        refuse('a value is expected here');
      }
      onExtra(start, at);
    }
  };
  const string = (): void => {
    const start = at;
    at += 1;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 0x22) break;
      if (Number.isNaN(code)) refuse('a string has no end', start);
      if (code < 0x20) refuse('a control character stands in a string');
      if (code !== 0x5c) {
        at += 1;
      } else if (/["\\/bfnrt]/.test(text[at + 1] ?? '')) {
        at += 2;
      } else if (text[at + 1] === 'u' && /^[0-9a-fA-F]{4}$/.test(text.slice(at + 2, at + 6))) {
        at += 6;
      } else {
        refuse('this escape is not known');
      }
    }
    at += 1;
  };
  const scalar = (): Exclude<JsonValue['kind'], 'object' | 'array'> => {
    if (text[at] === '"') {
      string();
      return 'string';
    }
    number.lastIndex = at;
    if (number.test(text)) {
      at = number.lastIndex;
      if (isWordCharacter(text[at])) refuse('this is not a number');
      return 'number';
    }
    for (const [word, kind] of Object.entries(literals)) {
      if (!text.startsWith(word, at) || isWordCharacter(text[at + word.length])) continue;
      at += word.length;
      return kind;
    }
    return refuse(at < text.length ? 'a value is expected here' : 'the text ends where a value is expected');
  };
  /** Stands before an item; goes to its value and knows the path. */
  const beginItem = (inside: Open): void => {
    if (inside.kind === 'array') {
      path = joinedPath(inside.path, String(inside.count), longestPath);
      inside.count += 1;
      return;
    }
    if (text[at] !== '"') refuse('the name of a member is expected here, in double quotes');
    const start = at;
    string();
    const written = text.slice(start + 1, at - 1);
    const name = written.includes('\\') ? String(JSON.parse(text.slice(start, at))) : written;
    path = joinedPath(inside.path, name, longestPath);
    skip();
    if (text[at] !== ':') refuse('a colon is expected here');
    at += 1;
    skip();
  };

  skip();
  for (;;) {
    const start = at;
    const valuePath = path;
    if (text[at] === '{' || text[at] === '[') {
      const kind = text[at] === '{' ? 'object' : 'array';
      const inside: Open = { kind, closing: kind === 'object' ? '}' : ']', start, path: valuePath, count: 0 };
      open.push(inside);
      at += 1;
      skip();
      if (text[at] !== inside.closing) {
        beginItem(inside);
        continue;
      }
    } else {
      const kind = scalar();
      onValue({ kind, path: valuePath, start, end: at });
      skip();
    }
    let goesOn = false;
    for (let inside = open.at(-1); inside !== undefined; inside = open.at(-1)) {
      if (text[at] === ',') {
        const comma = at;
        at += 1;
        skip();
        if (text[at] !== inside.closing) {
          beginItem(inside);
          goesOn = true;
          break;
        }
        onExtra(comma, comma + 1);
      }
      if (text[at] !== inside.closing) {
        refuse(
          at < text.length
            ? `a comma or ${inside.closing} is expected here`
            : `${inside.closing} is missing at the end`,
        );
      }
      at += 1;
      open.pop();
      onValue({ kind: inside.kind, path: inside.path, start: inside.start, end: at });
      skip();
    }
    if (goesOn) continue;
    if (at < text.length) refuse('something stands behind the end of the value');
    return;
  }
}

/** The refusal of a text that is not JSON, with its place. */
function notWellFormedJson(text: string, offset: number, what: string): ConfigFileError {
  const { line, column } = positionAt(text, offset);
  return new ConfigFileError(
    'JSON_NOT_WELL_FORMED',
    `Cannot read the JSON at line ${line}, column ${column}: ${what}`,
    {
      hint: 'Correct the file; comments and a last comma are taken, nothing else beyond JSON.',
      details: { line, column },
    },
  );
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && /[\w.+-]/.test(character);
}
