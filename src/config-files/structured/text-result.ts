import type { NamedValues } from '../xml-variables.ts';

/** Values by name that can be listed too: a name may be a path that is looked up, or one that is evaluated. */
export interface ListedValues extends NamedValues {
  names(): readonly string[];
}

/** What a format made of a text. */
export type TextResult = {
  readonly text: string;
  /** The paths that were set, as the file spells them, in its order and without repeats; never their values. */
  readonly replaced: readonly string[];
  /** What could not be set, and why; never a value. */
  readonly warnings: readonly string[];
};

/** The longest text a structured file may have, in UTF-16 units. */
export const textLengthMax = 64 * 1024 * 1024;

/**
 * Whether a path of a JSON or YAML file has a variable to set it: names that begin with `Octopus` are the server's own,
 * except those where a colon follows.
 */
export function isGiven(path: StructuredPath, variables: NamedValues): path is string {
  if (path === undefined || path === null) return false;
  return (!/^octopus/i.test(path) || path[7] === ':') && variables.has(path);
}

/** The length of the longest name: a longer path can't be one of them, so it need not be made. */
export function longestName(variables: ListedValues): number {
  return variables.names().reduce((longest, name) => Math.max(longest, name.length), 0);
}

/** Names and indices from the root, joined by `:`; null for the root, undefined where no variable has so long a name. */
export type StructuredPath = string | null | undefined;

/** `inner` below `outer`, undefined where that is longer than any name. */
export function joinedPath(outer: StructuredPath, inner: string, longest: number): StructuredPath {
  if (outer === undefined || inner.length + (outer?.length ?? 0) > longest) return undefined;
  const path = outer === null ? inner : `${outer}:${inner}`;
  return path.length > longest ? undefined : path;
}

/** The line ending that most lines of `text` have; LF where it has none. */
export function lineEndingOf(text: string): '\r\n' | '\n' {
  let [crlf, lf] = [0, 0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    if (text[at - 1] === '\r') crlf += 1;
    else lf += 1;
  }
  return crlf > lf ? '\r\n' : '\n';
}

/** The blanks and tabs at the beginning of the line in which `offset` stands. */
export function indentationAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  let end = start;
  while (text[end] === ' ' || text[end] === '\t') end += 1;
  return text.slice(start, Math.min(end, offset));
}
