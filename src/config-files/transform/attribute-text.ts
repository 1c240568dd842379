/** The text of `xdt:Transform` and `xdt:Locator`: a name, and what stands in its parentheses. */
import { TransformFailure } from './messages.ts';

export type NameAndArguments = {
  readonly name: string;
  /** As it stands between the parentheses; undefined where there are none or nothing is in them. */
  readonly argumentText: string | undefined;
};

const space = String.raw`[\f\n\r\t\v\u0085\p{Z}]`;
const leading = new RegExp(`^${space}*`, 'u');
const name = /^[\p{L}\p{Mn}\p{Nd}\p{Pc}]+/u;
const isSpaceOnly = new RegExp(`^${space}*$`, 'u');

/** Throws TransformFailure `bad-attribute-text`. */
export function readNameAndArguments(text: string): NameAndArguments {
  const from = leading.exec(text)![0].length;
  const found = name.exec(text.slice(from))?.[0];
  if (found === undefined) throw badText();
  const after = text.slice(from + found.length);
  if (isSpaceOnly.test(after)) return { name: found, argumentText: undefined };
  const open = leading.exec(after)![0].length;
  const close = after.lastIndexOf(')');
  if (after[open] !== '(' || close < open || !isSpaceOnly.test(after.slice(close + 1))) throw badText();
  return { name: found, argumentText: after.slice(open + 1, close) || undefined };
}

/**
 * Cut at every comma that stands in no parentheses; quotes mean nothing. Without a comma the text is one argument as
 * it stands, else each is trimmed.
 */
export function splitArguments(text: string): readonly string[] {
  if (!text.includes(',')) return [text];
  const found: string[] = [];
  let pieces: string[] = [];
  let open = 0;
  for (const piece of text.split(',')) {
    pieces.push(piece);
    for (const character of piece) {
      if (character === '(') open += 1;
      else if (character === ')') open -= 1;
    }
    if (open !== 0) continue;
    found.push(pieces.join(','));
    pieces = [];
  }
  if (pieces.length > 0) found.push(pieces.join(','));
  return found.map((one) => one.trim());
}

function badText(): TransformFailure {
  return new TransformFailure(
    'bad-attribute-text',
    'Transform and Locator attributes must contain only a type name, or a type name followed by a list of attributes in parentheses.',
  );
}
