import { Composer, Parser, type CST, type Document, type Node } from 'yaml';
import { ConfigFileError } from '../errors.ts';
import { positionAt } from '../xml-position.ts';

/** A node with the token it was made from: that knows where things stand. */
export type YamlNode = Node & { srcToken?: CST.Token };

const depthMax = 200;
const yamlLengthMax = 16 * 1024 * 1024;
/** Lines and items, each of which the library keeps some two kilobytes of. */
const partsMax = 250_000;

/**
 * The documents of a YAML text; every scalar is text, and every node knows its place. Throws ConfigFileError
 * `YAML_NOT_WELL_FORMED` with line and column, `STRUCTURED_FILE_TOO_LARGE` beyond 16 Mi characters, 250,000
 * lines and items, or 200 levels.
 */
export function readYamlDocuments(text: string): readonly Document.Parsed[] {
  if (text.length > yamlLengthMax) throw tooLarge(`it is longer than ${yamlLengthMax} characters`);
  if (countOf('\n', text) + countOf(',', text) > partsMax) {
    throw tooLarge(`it has more than ${partsMax} lines and items`);
  }
  // oxlint-disable-next-line no-control-regex -- the very characters that YAML forbids
  const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.exec(text);
  if (forbidden !== null) throw notWellFormedYaml(text, forbidden.index, 'a control character');
  const tokens = [...new Parser().parse(text)];
  if (tokens.some((token) => depthOf(token) > depthMax)) {
    throw tooLarge(`more than ${depthMax} levels stand in one another`);
  }
  const composer = new Composer({
    schema: 'failsafe',
    keepSourceTokens: true,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'error',
  });
  const documents = [...composer.compose(tokens)];
  for (const document of documents) {
    const [error] = document.errors;
    if (error === undefined) continue;
    const what = error.message
      .split('\n')[0]!
      .replace(/[.:]\s*$/, '')
      .replace(/^[A-Z](?=[a-z])/, (c) => c.toLowerCase());
    throw notWellFormedYaml(text, error.pos[0], what);
  }
  return documents;
}

function countOf(character: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count += 1;
  return count;
}

/** How deep the tokens of a document nest; the parser that made them does not recurse, what composes them does. */
function depthOf(token: CST.Token): number {
  let deepest = 0;
  const open: (readonly [CST.Token, number])[] = [[token, 1]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [one, depth] = next;
    deepest = Math.max(deepest, depth);
    if ('value' in one && one.value !== undefined) open.push([one.value, depth + 1]);
    if (!('items' in one)) continue;
    for (const { key, value } of one.items) {
      if (key) open.push([key, depth + 1]);
      if (value) open.push([value, depth + 1]);
    }
  }
  return deepest;
}

function notWellFormedYaml(text: string, offset: number, what: string): ConfigFileError {
  const { line, column } = positionAt(text, offset);
  return new ConfigFileError(
    'YAML_NOT_WELL_FORMED',
    `Cannot read the YAML at line ${line}, column ${column}: ${what}`,
    { hint: 'Correct the file.', details: { line, column } },
  );
}

function tooLarge(what: string): ConfigFileError {
  return new ConfigFileError('STRUCTURED_FILE_TOO_LARGE', `Cannot read the YAML: ${what}`, {
    hint: 'Take the file out of the targets, or make it smaller.',
    details: { yamlLengthMax, partsMax, depthMax },
  });
}
