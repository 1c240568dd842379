import { TransformFailure } from './messages.ts';

export type XPathToken = {
  readonly kind: 'name' | 'literal' | 'number' | 'symbol' | 'end';
  /** The name, the text of a literal without its quotes, the digits or the symbol. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
};

const letter = String.raw`[\p{L}_]`;
const rest = String.raw`[\p{L}\p{Nd}\p{M}_.\u00B7-]`;
const token = new RegExp(
  String.raw`[ \t\r\n]*(?:(?<name>${letter}${rest}*)|(?<number>\d+(?:\.\d*)?|\.\d+)|(?<literal>"[^"]*"|'[^']*')|(?<symbol>::|\/\/|\.\.|!=|<=|>=|[()[\]@,|/+=<>*.:$-])|(?<end>$))`,
  'uy',
);

/** The tokens of an XPath 1.0 expression, `end` last. Throws TransformFailure `bad-xpath`. */
export function xpathTokens(text: string): readonly XPathToken[] {
  const tokens: XPathToken[] = [];
  for (let at = 0; ;) {
    token.lastIndex = at;
    const found = token.exec(text)?.groups;
    if (found === undefined) throw new TransformFailure('bad-xpath', `'${text}' has an invalid token.`);
    const end = token.lastIndex;
    const kind = (['name', 'number', 'literal', 'symbol', 'end'] as const).find(
      (one) => found[one] !== undefined,
    )!;
    const written = found[kind]!;
    const value = kind === 'literal' ? written.slice(1, -1) : written;
    tokens.push({ kind, text: value, start: end - written.length, end });
    if (kind === 'end') return tokens;
    at = end;
  }
}
