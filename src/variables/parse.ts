/**
 * Text with `#{...}` to a template tree.
 *
 *     template     = ( substitution / text )*
 *     substitution = not("#{/") "#{" ws* expression ws* "}"
 *     expression   = symbol? ( "|" <bareword> option* )+  /  symbol
 *     symbol       = identifier ( "." identifier / indexer )*
 *     indexer      = "[" < substitution that holds a bare symbol > "]"  /  "[" text with balanced brackets "]"
 *     option       = substitution / <bareword> / <"quoted"> / <\"quoted\">
 *
 * A name holds letters, digits, `_ - : / ~ ( ) @` and inner white space. Outside a token `##{` stands for `#{`, and
 * `##` before a token for one `#`. A position is never tried twice, so time grows with the length of the text alone.
 * Blocks (`#{if`, `#{unless`, `#{each`, `#{calc`) are recognised by their opening and kept as such.
 */
import { isNameCharacter, isWhiteSpace, trimmed } from './characters.ts';
import { VariableError } from './errors.ts';

export type Step =
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'index'; readonly text: string }
  | { readonly kind: 'symbol-index'; readonly path: SymbolPath };
export type SymbolPath = readonly Step[];

export type FilterOption =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'token'; readonly token: Token };
export type FilterCall = { readonly name: string; readonly options: readonly FilterOption[] };

export type Expression =
  | { readonly kind: 'symbol'; readonly path: SymbolPath }
  | {
      readonly kind: 'filters';
      readonly input: SymbolPath | undefined;
      readonly calls: readonly FilterCall[];
    };

export type Token =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'substitution';
      readonly expression: Expression;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: 'block'; readonly keyword: BlockKeyword; readonly start: number; readonly end: number };
export type BlockKeyword = 'if' | 'unless' | 'each' | 'calc';

/** `failedAt` is the position at which no rule went on; then `tokens` is empty. */
export type ParsedTemplate = { readonly tokens: readonly Token[]; readonly failedAt?: number };

/**
 * What happens to a text that does not parse: `halt` gives it up as a whole, `continue` keeps the characters up to
 * where the token failed as they are and goes on there (what is done with files).
 */
export type ParseMode = 'halt' | 'continue';

const nestedTokensMax = 100;
const rememberedLengthMax = 100;
const number = /[0-9]+(?:\.[0-9]+)?|\.[0-9]+/y;
const blockOpening = /(if|unless|each|calc)(?=[\s\u0085])/iy;

/** The template tree of `text`. A text without `#{` is one text token, untouched. */
export function parseTemplate(text: string, mode: ParseMode): ParsedTemplate {
  if (!text.includes('#{')) return { tokens: text === '' ? [] : [{ kind: 'text', text }] };
  const reader = templateReader(text);
  const tokens: Token[] = [];
  let plain = '';
  let at = 0;
  const keepPlain = (): void => {
    if (plain !== '') tokens.push({ kind: 'text', text: plain });
    plain = '';
  };
  const { repeated, remember } = tokenMemory(text);
  while (at < text.length) {
    const hash = text.indexOf('#', at);
    if (hash < 0) {
      plain += text.slice(at);
      break;
    }
    plain += text.slice(at, hash);
    at = hash;
    if (text[at + 1] !== '{') {
      const [written, consumed] = hashes(text, at);
      plain += written;
      at += consumed;
      continue;
    }
    const found = repeated(at) ?? reader.token(at);
    if (typeof found === 'object') {
      if (found.kind === 'substitution') remember(found);
      keepPlain();
      tokens.push(found);
      at = found.end;
    } else if (mode === 'halt') {
      // Where a block opened before, the failure may be of its making: the block is what can't be read.
      const block = tokens.find((one) => one.kind === 'block');
      return block === undefined ? { tokens: [], failedAt: found } : { tokens: [block] };
    } else {
      const resume = Math.max(found, at + 1);
      plain += text.slice(at, resume);
      at = resume;
    }
  }
  keepPlain();
  return { tokens };
}

/**
 * Tokens written before, by their text: a large file has few names and many uses of them. A token that ends at the
 * first `}` reads the same wherever it stands, its brackets being closed inside it.
 */
function tokenMemory(text: string) {
  const known = new Map<string, Expression>();
  let close = -1;
  return {
    repeated: (start: number): SubstitutionToken | undefined => {
      if (close < start) {
        close = text.indexOf('}', start);
        if (close < 0) close = Infinity;
      }
      if (close - start > rememberedLengthMax) return undefined;
      const expression = known.get(text.slice(start, close + 1));
      return expression && { kind: 'substitution', expression, start, end: close + 1 };
    },
    remember: ({ expression, start, end }: SubstitutionToken): void => {
      if (end === close + 1 && end - start <= rememberedLengthMax)
        known.set(text.slice(start, end), expression);
    },
  };
}

/** The path at the beginning of a variable's name, undefined where nothing of it parses; the rest is dropped. */
export function parseName(name: string): SymbolPath | undefined {
  let start = 0;
  while (start < name.length && isWhiteSpace(name.charCodeAt(start))) start += 1;
  return templateReader(name).symbol(start)?.path;
}

/** What a `#` that opens no token stands for, and how many characters that takes. */
function hashes(text: string, at: number): [written: string, consumed: number] {
  if (text[at + 1] !== '#') return [text.slice(at, at + 2), Math.min(2, text.length - at)];
  if (text[at + 2] === '#' && text[at + 3] === '{' && at + 4 < text.length) return ['#', 2];
  if (text[at + 2] === '{') return ['#{', 3];
  return ['##', 2];
}

type OpenToken = Exclude<Token, { kind: 'text' }>;
type SubstitutionToken = Extract<Token, { kind: 'substitution' }>;
type BlockToken = Extract<Token, { kind: 'block' }>;

function templateReader(text: string) {
  const failures = new Map<number, number>();
  let brackets: Map<number, number> | undefined;
  let nesting = 0;

  const skipSpace = (from: number): number => {
    let at = from;
    while (at < text.length && isWhiteSpace(text.charCodeAt(at))) at += 1;
    return at;
  };

  /** For each `[` that is closed, where its `]` stands. */
  const closingBracket = (open: number): number | undefined => {
    if (brackets === undefined) {
      brackets = new Map();
      const opened: number[] = [];
      for (let i = 0; i < text.length; i += 1) {
        if (text[i] === '[') opened.push(i);
        else if (text[i] === ']' && opened.length > 0) brackets.set(opened.pop()!, i);
      }
    }
    return brackets.get(open);
  };

  /** The token that opens at `start`, or the position at which it fails. */
  function token(start: number): OpenToken | number {
    const known = failures.get(start);
    if (known !== undefined) return known;
    if (text[start + 2] === '/') return start;
    const block = blockAt(start);
    if (block !== undefined) return block;
    if (nesting >= nestedTokensMax) {
      throw new VariableError(
        'TEMPLATE_TOO_DEEP',
        `Cannot read the text at ${text.slice(start, start + 20)}: more than ${nestedTokensMax} tokens stand inside one another`,
        { hint: 'Give the inner token a variable of its own.' },
      );
    }
    nesting += 1;
    const result = substitution(start);
    nesting -= 1;
    if (typeof result === 'number') failures.set(start, result);
    return result;
  }

  function blockAt(start: number): BlockToken | undefined {
    const at = skipSpace(start + 2);
    if (!'iIuUeEcC'.includes(text.charAt(at))) return undefined;
    blockOpening.lastIndex = at;
    const keyword = blockOpening.exec(text)?.[1]?.toLowerCase() as BlockKeyword | undefined;
    if (keyword === undefined) return undefined;
    const end = blockHead(keyword, skipSpace(at + keyword.length));
    return end === undefined ? undefined : { kind: 'block', keyword, start, end };
  }

  /** Where the opening tag of a block ends, if what follows its keyword is what such a block needs. */
  function blockHead(keyword: BlockKeyword, start: number): number | undefined {
    let at: number | undefined;
    if (keyword === 'calc') {
      at = sum(start, 0);
    } else if (keyword === 'each') {
      const name = identifier(start);
      const word = skipSpace(name?.end ?? text.length);
      const found = text.slice(word, word + 2).toLowerCase() === 'in';
      at = found ? symbol(skipSpace(word + 2))?.end : undefined;
    } else {
      const left = side(start);
      const operator = skipSpace(left ?? text.length);
      const compares = text.startsWith('==', operator) || text.startsWith('!=', operator);
      at = compares ? side(skipSpace(operator + 2)) : left;
    }
    if (at === undefined) return undefined;
    const close = skipSpace(at);
    return text[close] === '}' ? close + 1 : undefined;
  }

  function side(start: number): number | undefined {
    return (quoted(start) ?? escapeQuoted(start) ?? expression(start))?.end;
  }

  function sum(start: number, depth: number): number | undefined {
    let at = factor(start, depth);
    while (at !== undefined) {
      const operator = skipSpace(at);
      if (operator >= text.length || !'+-*/'.includes(text[operator]!)) return at;
      at = factor(skipSpace(operator + 1), depth);
    }
    return undefined;
  }

  function factor(start: number, depth: number): number | undefined {
    if (text[start] === '(' && depth < nestedTokensMax) {
      const inner = sum(start + 1, depth + 1);
      return inner !== undefined && text[inner] === ')' ? inner + 1 : undefined;
    }
    number.lastIndex = start;
    const digits = number.exec(text)?.[0];
    if (digits !== undefined) return start + digits.length;
    if (text[start] !== '{') return symbol(start)?.end;
    const inner = symbol(skipSpace(start + 1));
    const close = skipSpace(inner?.end ?? text.length);
    return text[close] === '}' ? close + 1 : undefined;
  }

  function substitution(start: number): OpenToken | number {
    const inside = skipSpace(start + 2);
    const found = expression(inside);
    if (found === undefined) return inside;
    // Where a block as an option ends is not known here, so the whole token counts as the block.
    if (found.block !== undefined) return { ...found.block, start };
    const close = skipSpace(found.end);
    if (text[close] !== '}') return close;
    return { kind: 'substitution', expression: found.expression, start, end: close + 1 };
  }

  function expression(
    start: number,
  ): { expression: Expression; end: number; block: BlockToken | undefined } | undefined {
    const input = symbol(start);
    const calls: FilterCall[] = [];
    let block: BlockToken | undefined;
    let at = input?.end ?? start;
    for (let call = filterCall(skipSpace(at)); call !== undefined; call = filterCall(skipSpace(at))) {
      calls.push({ name: call.name, options: call.options });
      at = call.end;
      for (const one of call.options) {
        if (one.kind === 'token' && one.token.kind === 'block') block ??= one.token;
      }
    }
    if (calls.length > 0) {
      return { expression: { kind: 'filters', input: input?.path, calls }, end: at, block };
    }
    return input && { expression: { kind: 'symbol', path: input.path }, end: input.end, block };
  }

  function filterCall(start: number): (FilterCall & { end: number }) | undefined {
    if (text[start] !== '|') return undefined;
    const name = bareword(skipSpace(start + 1));
    if (name === undefined) return undefined;
    const options: FilterOption[] = [];
    let at = skipSpace(name.end);
    for (let next = option(at); next !== undefined; next = option(at)) {
      options.push(next.option);
      at = next.end;
    }
    return { name: name.text, options, end: at };
  }

  function option(start: number): { option: FilterOption; end: number } | undefined {
    if (text.startsWith('#{', start)) {
      const nested = token(start);
      return typeof nested === 'number'
        ? undefined
        : { option: { kind: 'token', token: nested }, end: nested.end };
    }
    const at = skipSpace(start);
    const found = bareword(at) ?? quoted(at) ?? escapeQuoted(at);
    return found && { option: { kind: 'text', text: found.text }, end: skipSpace(found.end) };
  }

  function bareword(start: number): { text: string; end: number } | undefined {
    let at = start;
    while (at < text.length && isNameCharacter(text.charCodeAt(at))) at += 1;
    return at === start ? undefined : { text: text.slice(start, at), end: at };
  }

  function quoted(start: number): { text: string; end: number } | undefined {
    if (text[start] !== '"') return undefined;
    let at = start + 1;
    while (at < text.length && text[at] !== '"' && text[at] !== '#') at += 1;
    return text[at] === '"' ? { text: text.slice(start + 1, at), end: at + 1 } : undefined;
  }

  function escapeQuoted(start: number): { text: string; end: number } | undefined {
    if (!text.startsWith('\\"', start)) return undefined;
    const close = text.indexOf('\\"', start + 2);
    return close < 0 ? undefined : { text: text.slice(start + 2, close), end: close + 2 };
  }

  function identifier(start: number): { text: string; end: number } | undefined {
    let at = start;
    while (at < text.length) {
      const unit = text.charCodeAt(at);
      if (isWhiteSpace(unit) ? endsName(at) : !isNameCharacter(unit)) break;
      at += 1;
    }
    return at === start ? undefined : { text: trimmed(text.slice(start, at)), end: at };
  }

  /** Whether the white space at `at` is not part of the name: what follows belongs to a block or closes the token. */
  function endsName(at: number): boolean {
    const next = text[at + 1];
    if (next === '|' || next === '}') return true;
    const word = text.slice(at + 1, at + 3);
    return (
      (word === 'in' || word === '==' || word === '!=') &&
      at + 3 < text.length &&
      isWhiteSpace(text.charCodeAt(at + 3))
    );
  }

  function symbol(start: number): { path: SymbolPath; end: number } | undefined {
    const first = identifier(start);
    if (first === undefined) return undefined;
    const path: Step[] = [{ kind: 'name', text: first.text }];
    let at = first.end;
    for (;;) {
      const next = step(at);
      if (next === undefined) return { path, end: at };
      path.push(next.step);
      at = next.end;
    }
  }

  function step(start: number): { step: Step; end: number } | undefined {
    if (text[start] === '.') {
      const name = identifier(start + 1);
      return name && { step: { kind: 'name', text: name.text }, end: name.end };
    }
    if (text[start] !== '[') return undefined;
    const inside = skipSpace(start + 1);
    if (text.startsWith('#{', inside)) {
      const nested = token(inside);
      if (typeof nested === 'object' && nested.kind === 'substitution') {
        const close = skipSpace(nested.end);
        if (nested.expression.kind === 'symbol' && text[close] === ']') {
          return { step: { kind: 'symbol-index', path: nested.expression.path }, end: close + 1 };
        }
      }
    }
    const close = closingBracket(start);
    if (close === undefined) return undefined;
    return { step: { kind: 'index', text: text.slice(Math.min(inside, close), close) }, end: close + 1 };
  }

  return { token, symbol };
}
