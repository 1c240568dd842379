/**
 * YAML as this product reads it: one document of mappings, lists and scalars, where every scalar is text. Anchors,
 * aliases and tags are refused, so that what is read is what is written and no document grows while it is read.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseAllDocuments,
  type Node,
  type Scalar,
} from 'yaml';
import type { Problem } from './errors.ts';

/** A parsed value: text, a list, or an object without a prototype. */
export type YamlValue = string | readonly YamlValue[] | { readonly [key: string]: YamlValue };
export type YamlPath = readonly (string | number)[];
export type Place = { readonly line: number; readonly column: number };

export type YamlSource = {
  readonly value: YamlValue;
  /** Where the value at this path starts, or its key where `of` is `key`; the nearest known place above otherwise. */
  placeOf(path: YamlPath, of?: 'key' | 'value'): Place;
  /** The text of an unquoted scalar at this path, empty where nothing stands there; undefined for anything else. */
  plainAt(path: YamlPath): string | undefined;
  /** Whether an alias stands at this path: it has been refused, and what it means is not known. */
  isAlias(path: YamlPath): boolean;
  /** The keys of the mapping at this path in the order of the file (an object puts numbers first). */
  keysAt(path: YamlPath): readonly string[];
};

export const fileLengthMax = 1024 * 1024;
const depthMax = 20;
const tokensMax = 100_000;
/** What the lexer puts before a scalar, so that a plain `-` in it is told from a dash. */
const scalarMark = '\u001f';

/**
 * Reads `text`; adds what is wrong to `problems` and gives undefined where nothing can be read at all. `whatToWrite` is
 * what is said of an empty file.
 */
export function readYaml(
  text: string,
  problems: Problem[],
  whatToWrite = 'Write a process: `process: NAME` and `steps:`.',
): YamlSource | undefined {
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const found = problems.length;
  const refuse = (offset: number, message: string, hint: string): void => {
    problems.push({ ...placeAt(offset), message, hint });
  };

  const { excess, comments } = lexed(text);
  if (excess !== undefined) {
    // The parser, which counts the lines for all other places, has not run.
    const before = text.slice(0, excess.offset).split('\n');
    const place = { line: before.length, column: before.at(-1)!.length + 1 };
    problems.push({ ...place, message: excess.message, hint: 'Write it with fewer levels and parts.' });
    return undefined;
  }
  let documents;
  try {
    documents = parseAllDocuments(text, {
      schema: 'failsafe',
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'error',
    });
  } catch (error) {
    // The parser recurses into the text; nesting beyond its stack is the one thing that ends it this way.
    if (!(error instanceof RangeError)) throw error;
    refuse(0, 'the YAML is nested too deeply', 'Write it with fewer levels and parts.');
    return undefined;
  }
  const [document, second] = 'empty' in documents ? [] : documents;
  if (document === undefined) {
    refuse(0, 'the file is empty', whatToWrite);
    return undefined;
  }
  if (second !== undefined) {
    refuse(second.range[0], 'a second YAML document starts here', 'Keep one document in one file.');
  }
  for (const offset of comments) {
    refuse(
      offset,
      '"#{" begins a comment in YAML here, so what follows is no part of the value',
      'Put the whole value into quotes.',
    );
  }
  for (const error of [...document.errors, ...document.warnings]) {
    const tab = error.code === 'TAB_AS_INDENT';
    const message = tab ? 'a tab is used to indent' : `not valid YAML: ${firstLine(error.message)}`;
    refuse(error.pos[0], message, tab ? 'Indent with blanks.' : hintFor(text, error.pos[0]));
  }
  if (problems.length > found || document.contents === null) {
    if (problems.length === found) refuse(0, 'the file is empty', whatToWrite);
    return undefined;
  }

  const nodes = new Map<string, { key: number; value: number; node: Node }>();
  const keys = new Map<string, string[]>();
  const convert = (node: Node, path: YamlPath, keyAt: number): YamlValue => {
    const offset = node.range?.[0] ?? keyAt;
    nodes.set(pathKey(path), { key: keyAt, value: offset, node });
    if (isAlias(node) || node.anchor !== undefined) {
      refuse(offset, 'anchors and aliases are not read', 'Write the value out.');
    }
    if (node.tag !== undefined && !isStandardTag(node.tag)) {
      refuse(offset, `the tag ${node.tag} is not read`, 'Leave the tag out: every value is text.');
    }
    if (path.length > depthMax) {
      refuse(offset, `more than ${depthMax} levels stand in one another`, 'Write it with fewer levels.');
      return '';
    }
    if (isSeq<Node>(node)) return node.items.map((item, n) => convert(item, [...path, n], offset));
    if (isMap<Node, Node | null>(node)) {
      const out = Object.create(null) as Record<string, YamlValue>;
      const seen: string[] = [];
      keys.set(pathKey(path), seen);
      for (const { key, value } of node.items) {
        const at = key.range?.[0] ?? offset;
        if (!isScalar(key) || key.anchor !== undefined) {
          refuse(at, 'a key must be plain text', 'Use a plain word as the key.');
          continue;
        }
        const name = textOf(key);
        if (Object.hasOwn(out, name)) {
          refuse(at, `the key ${name} stands here a second time`, 'Keep one of the two.');
        } else if (name === '__proto__') {
          refuse(at, 'the key __proto__ is not allowed', 'Choose another name.');
        } else {
          seen.push(name);
          out[name] = value === null ? '' : convert(value, [...path, name], at);
          if (value === null) nodes.set(pathKey([...path, name]), { key: at, value: at, node: key });
        }
      }
      return out;
    }
    return isScalar(node) ? textOf(node) : '';
  };
  const value = convert(document.contents, [], 0);

  const near = (path: YamlPath) => {
    for (let length = path.length; length > 0; length -= 1) {
      const known = nodes.get(pathKey(path.slice(0, length)));
      if (known !== undefined) return { ...known, exact: length === path.length };
    }
    return { ...nodes.get(pathKey([]))!, exact: path.length === 0 };
  };
  return {
    value,
    placeOf: (path, of = 'value') => {
      const known = near(path);
      return placeAt(of === 'key' && known.exact ? known.key : known.value);
    },
    plainAt: (path) => {
      const known = nodes.get(pathKey(path));
      if (known === undefined) return undefined;
      const { node, key, value: at } = known;
      if (key === at && path.length > 0 && typeof path.at(-1) === 'string') return '';
      return isScalar(node) && node.type === 'PLAIN' ? textOf(node) : undefined;
    },
    isAlias: (path) => isAlias(nodes.get(pathKey(path))?.node),
    keysAt: (path) => keys.get(pathKey(path)) ?? [],
  };
}

/** Quotes and braces of a script inside `{ … }` are the usual reason why a line with `#{` can't be read. */
function hintFor(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1).split('\n', 1)[0]!;
  return line.includes('#{')
    ? "Put the whole value into single quotes, '…', or below as a block: `bash: |`."
    : 'Correct the YAML here.';
}

type Lexed = {
  /**
   * What would make the parser recurse too far or work too long: brackets or dashes nested on one line, or the number of
   * parts the file falls into.
   */
  readonly excess?: { readonly offset: number; readonly message: string };
  /** Where a comment begins with a token that was meant as part of a value. */
  readonly comments: readonly number[];
};

/** What the parser's lexer alone can tell of a text. */
function lexed(text: string): Lexed {
  const comments: number[] = [];
  let [offset, tokens, brackets, dashes, afterMark] = [0, 0, 0, 0, false];
  for (const token of new Lexer().lex(text)) {
    const isScalar = afterMark;
    afterMark = token === scalarMark;
    if (!isScalar) {
      if (token === '[' || token === '{') brackets += 1;
      else if (token === ']' || token === '}') brackets -= 1;
      else if (token === '-' || token === '?') dashes += 1;
      else if (token.endsWith('\n')) dashes = 0;
    }
    if (brackets > depthMax || dashes > depthMax) {
      return { excess: { offset, message: `more than ${depthMax} levels stand in one another` }, comments };
    }
    tokens += 1;
    if (tokens > tokensMax) {
      return { excess: { offset, message: `the file has more than ${tokensMax} parts` }, comments };
    }
    if (!isScalar && /^#\{[^\s{}]+\}/.test(token)) comments.push(offset);
    // The lexer's own marks are no part of the text.
    if (token.length > 0 && !'\u0002\u0018\u001f'.includes(token)) offset += token.length;
  }
  return { comments };
}

/** Under the failsafe schema every scalar is text. */
function textOf(node: Scalar): string {
  return typeof node.value === 'string' ? node.value : '';
}

function pathKey(path: YamlPath): string {
  return JSON.stringify(path);
}

function isStandardTag(tag: string): boolean {
  return (
    tag === 'tag:yaml.org,2002:str' || tag === 'tag:yaml.org,2002:map' || tag === 'tag:yaml.org,2002:seq'
  );
}

function firstLine(message: string): string {
  return message
    .split('\n')[0]!
    .replace(/[.:]\s*$/, '')
    .replace(/^./, (first) => first.toLowerCase());
}
