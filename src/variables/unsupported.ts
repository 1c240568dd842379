import { parseTemplate, type Token } from './parse.ts';

/** A construct that this version can't evaluate. Line and column count from 1, columns in UTF-16 units. */
export type UnsupportedToken = {
  readonly token: string;
  readonly line: number;
  readonly column: number;
  readonly what: string;
};

/** Every construct in `text` that `expand` would refuse: conditions, loops, calculations and filters. */
export function unsupportedIn(text: string): UnsupportedToken[] {
  const found: UnsupportedToken[] = [];
  let line = 1;
  let lineStart = 0;
  let counted = 0;
  for (const token of parseTemplate(text, 'continue').tokens) {
    if (token.kind === 'text') continue;
    const what = whatIsUnsupported(token);
    if (what === undefined) continue;
    for (let end = text.indexOf('\n', counted); end >= 0 && end < token.start;) {
      line += 1;
      lineStart = end + 1;
      end = text.indexOf('\n', lineStart);
    }
    counted = Math.max(lineStart, token.start);
    found.push({
      token: shown(text.slice(token.start, token.end)),
      line,
      column: token.start - lineStart + 1,
      what,
    });
  }
  return found;
}

const blocks = {
  if: 'conditions',
  unless: 'conditions',
  each: 'loops',
  calc: 'calculations',
} as const;

/** In words what this version can't do with the token, undefined where it can. */
export function whatIsUnsupported(token: Exclude<Token, { kind: 'text' }>): string | undefined {
  if (token.kind === 'block') return `${blocks[token.keyword]} (#{${token.keyword})`;
  if (token.expression.kind === 'filters') {
    return `filters (${token.expression.calls.map((call) => `| ${call.name}`).join(' ')})`;
  }
  return undefined;
}

/** A token as a message shows it: on one line, not longer than a line. */
export function shown(token: string): string {
  const flat = token.replaceAll(/\s+/g, ' ');
  return flat.length > 80 ? `${flat.slice(0, 77)}...` : flat;
}
