/**
 * Text with `#{...}` to a template tree.
 *
 *     template     = token*
 *     token        = condition / calculation / repetition / substitution / text
 *     open         = not("#{/") "#{"
 *     substitution = open <expression> "}"
 *     expression   = symbol? ( "|" <bareword> option* )+  /  symbol
 *     symbol       = identifier ( "." identifier / indexer )*
 *     indexer      = "[" < substitution that holds a bare symbol > "]"  /  "[" text with balanced brackets "]"
 *     option       = condition / calculation / repetition / substitution / <bareword> / <"quoted"> / <\"quoted\">
 *     condition    = open ws* (IF / UNLESS) ws+ test ws* "}" branch
 *                    ( "#{elseif" ws test ws* "}" branch )*  ( "#{else}" template )?  "#{/if}" or "#{/unless}"
 *     test         = <E> op <E>  /  <text> op <E>  /  <E> op <text>  /  <E>         op: "==" or "!="
 *     repetition   = open ws* EACH ws+ <identifier> <IN> <symbol> "}" template "#{/each}"
 *     calculation  = open ws* CALC ws+ sum ws* "}"
 *     sum          = term ( <"+"> / <"-"> term )*       term = factor ( <"*"> / <"/"> factor )*
 *     factor       = "(" sum ")" ! number ! "{" <symbol> "}" ! <symbol>
 *
 * `<a>` has white space around it; `a / b` is tried in this order, `a ! b` too unless `a` failed after its beginning. A
 * name holds letters, digits, `_ - : / ~ ( ) @` and inner white space. Outside a token `##{` stands for `#{`, and `##`
 * before a token for one `#`. A block that is never closed is read again as the substitution it may be.
 *
 * Where nothing goes on, a rule says how far the furthest of its alternatives came: in a file, reading resumes there.
 * What a position begins with is found once, so time grows with the length of the text alone.
 */
import { isNameCharacter, isWhiteSpace, trimmed } from './characters.ts';
import { VariableError } from './errors.ts';
import type {
  CalcToken,
  Clause,
  Comparison,
  ConditionToken,
  EachToken,
  Expression,
  FilterCall,
  FilterOption,
  Operand,
  ParsedTemplate,
  ParseMode,
  Step,
  SubstitutionToken,
  Sum,
  SymbolPath,
  Test,
  TextToken,
  Token,
} from './syntax.ts';

const nestedTokensMax = 120;
const rememberedLengthMax = 100;
const number = /[0-9]+(?:\.[0-9]*)?|\.[0-9]*/y;
const blockOpening = /^#\{[\s\u0085]*(?:if|unless|each|calc)[\s\u0085]/i;

/** The template tree of `text`. A text without `#{` is one text token, untouched. Throws VariableError `TEMPLATE_TOO_DEEP`. */
export function parseTemplate(text: string, mode: ParseMode): ParsedTemplate {
  if (!text.includes('#{')) return { tokens: text === '' ? [] : [{ kind: 'text', text }] };
  const reader = templateReader(text);
  const tokens: Token[] = [];
  const { repeated, remember } = tokenMemory(text);
  let at = 0;
  while (at < text.length) {
    const found = repeated(at) ?? reader.token(at);
    if (typeof found === 'object') {
      if (found.kind === 'substitution') remember(found);
      tokens.push(found);
      at = found.kind === 'text' ? reader.textEnd(at) : found.end;
    } else if (mode === 'halt') {
      return { tokens: [], failedAt: found };
    } else {
      tokens.push({ kind: 'text', text: text.slice(at, found) });
      at = found;
    }
  }
  return { tokens };
}

/**
 * Tokens written before, by their text: a large file has few names and many uses of them. A token that ends at the
 * first `}` reads the same wherever it stands, its brackets being closed inside it; only what begins as a block does
 * may be one elsewhere.
 */
function tokenMemory(text: string) {
  const known = new Map<string, SubstitutionToken>();
  let close = -1;
  return {
    repeated: (start: number): SubstitutionToken | undefined => {
      if (text[start] !== '#' || text[start + 1] !== '{') return undefined;
      if (close < start) {
        close = text.indexOf('}', start);
        if (close < 0) close = Infinity;
      }
      if (close - start > rememberedLengthMax) return undefined;
      const first = known.get(text.slice(start, close + 1));
      if (first === undefined) return undefined;
      const { expression } = first;
      return { kind: 'substitution', expression, start, end: close + 1, moved: start - first.start };
    },
    remember: (token: SubstitutionToken): void => {
      const { start, end, moved } = token;
      if (moved !== 0 || end !== close + 1 || end - start > rememberedLengthMax) return;
      const written = text.slice(start, end);
      if (!blockOpening.test(written)) known.set(written, token);
    },
  };
}

/** The path at the beginning of a variable's name, undefined where nothing of it parses; the rest is dropped. */
export function parseName(name: string): SymbolPath | undefined {
  const symbol = templateReader(name).symbol(0);
  return typeof symbol === 'number' ? undefined : symbol.path;
}

/** What a `#` that opens no token stands for, and how many characters that takes. */
function hashes(text: string, at: number): [written: string, consumed: number] {
  if (text[at + 1] !== '#') return [text.slice(at, at + 2), Math.min(2, text.length - at)];
  if (text[at + 2] === '#' && text[at + 3] === '{' && at + 4 < text.length) return ['#', 2];
  if (text[at + 2] === '{') return ['#{', 3];
  return ['##', 2];
}

type OpenToken = Exclude<Token, TextToken>;
/** What a rule found and where that ends; or, as a number, how far it came. */
type Found<Value> = (Value & { readonly end: number }) | number;
type Chain = 'template' | 'if' | 'unless';

function templateReader(text: string) {
  const length = text.length;
  const opened = new Map<number, OpenToken | number>();
  const texts = new Map<number, { token: TextToken; end: number }>();
  const substitutions = new Map<number, SubstitutionToken | number>();
  const stops: Record<Chain, Map<number, number>> = { template: new Map(), if: new Map(), unless: new Map() };
  let brackets: ReadonlyMap<number, number> | undefined;
  let lastEscapedQuote: number | undefined;
  let nesting = 0;

  const skipSpace = (from: number): number => {
    let at = from;
    while (at < length && isWhiteSpace(text.charCodeAt(at))) at += 1;
    return at;
  };

  /** Where `word` ends that stands at `start`; or, below zero, the complement of where it stops being there. */
  const literal = (start: number, word: string): number => {
    for (let n = 0; n < word.length; n += 1)
      if (text[start + n] !== word[n]) return ~Math.min(start + n, length);
    return start + word.length;
  };
  const keyword = (start: number, word: string): number => {
    for (let n = 0; n < word.length; n += 1) {
      if (start + n >= length || text[start + n]!.toLowerCase() !== word[n])
        return ~Math.min(start + n, length);
    }
    return start + word.length;
  };

  /** One nesting deeper; beyond what the stack surely holds, the text is refused. */
  function nested<Value>(start: number, read: () => Value): Value {
    if (nesting >= nestedTokensMax) {
      throw new VariableError(
        'TEMPLATE_TOO_DEEP',
        `Cannot read the text at ${text.slice(start, start + 20)}: more than ${nestedTokensMax} tokens stand inside one another`,
        { hint: 'Give the inner token a variable of its own.' },
      );
    }
    nesting += 1;
    const result = read();
    nesting -= 1;
    return result;
  }

  /** The token at `start`, or how far the furthest of its alternatives came. */
  function token(start: number): Token | number {
    if (text[start] !== '#' || text[start + 1] !== '{') return start < length ? textAt(start).token : start;
    let known = opened.get(start);
    if (known === undefined) {
      known = nested(start, () => openToken(start));
      opened.set(start, known);
    }
    return known;
  }

  const textEnd = (start: number): number => textAt(start).end;

  function textAt(start: number): { token: TextToken; end: number } {
    const known = texts.get(start);
    if (known !== undefined) return known;
    let plain = '';
    let at = start;
    while (at < length) {
      const hash = text.indexOf('#', at);
      plain += text.slice(at, hash < 0 ? length : hash);
      at = hash < 0 ? length : hash;
      if (at === length || text[at + 1] === '{') break;
      const [written, consumed] = hashes(text, at);
      plain += written;
      at += consumed;
    }
    const found: { token: TextToken; end: number } = { token: { kind: 'text', text: plain }, end: at };
    texts.set(start, found);
    return found;
  }

  function openToken(start: number): OpenToken | number {
    // A lone `#` is as far as text comes.
    let furthest = start + 1;
    if (text[start + 2] === '/') return furthest;
    for (const rule of [condition, calculation, repetition, substitution]) {
      const found = rule(start);
      if (typeof found === 'object') return found;
      furthest = Math.max(furthest, found);
    }
    return furthest;
  }

  function condition(start: number): ConditionToken | number {
    const at = skipSpace(start + 2);
    let head = keyword(at, 'if');
    const word = head >= 0 ? 'if' : 'unless';
    if (head < 0) {
      const other = keyword(at, word);
      if (other < 0) return Math.max(~head, ~other);
      head = other;
    }
    const first = clauseHead(head);
    if (typeof first === 'number') return first;
    const heads = [first];
    const bodies: number[] = [first.end];
    let stop = chainStop(first.end, word);
    while (word === 'if') {
      const elseif = literal(stop, '#{elseif');
      const next = elseif < 0 ? elseif : clauseHead(elseif);
      if (typeof next === 'number') break;
      heads.push(next);
      bodies.push(next.end);
      stop = chainStop(next.end, word);
    }
    const elseAt = literal(stop, '#{else}');
    const closer = elseAt < 0 ? stop : chainStop(elseAt, 'template');
    const end = literal(closer, `#{/${word}}`);
    if (end < 0) return ~end;
    const otherwise = elseAt < 0 ? [] : chain(elseAt, 'template');
    const clauses: Clause[] = heads.map(({ test }, n) => ({ test, body: chain(bodies[n]!, word) }));
    if (word === 'if') return { kind: 'condition', clauses, otherwise, start, end };
    const [only] = clauses;
    return {
      kind: 'condition',
      clauses: [{ test: only!.test, body: otherwise }],
      otherwise: only!.body,
      start,
      end,
    };
  }

  /** White space, a test and the closing brace. */
  function clauseHead(start: number): Found<{ test: Test }> {
    const inside = skipSpace(start);
    if (inside === start) return start;
    const found = test(inside);
    if (typeof found === 'number') return found;
    const close = skipSpace(found.end);
    return text[close] === '}' ? { test: found.test, end: close + 1 } : close;
  }

  function test(start: number): Found<{ test: Test }> {
    const left = expression(start);
    if (typeof left === 'object') {
      const after = skipSpace(left.end);
      const compared = comparison(after);
      return typeof compared === 'object'
        ? { test: { left: left.expression, comparison: compared.comparison }, end: compared.end }
        : { test: { left: left.expression, comparison: undefined }, end: after };
    }
    const quote = quotedText(start);
    if (typeof quote === 'number') return Math.max(left, quote);
    const operator = comparisonOperator(skipSpace(quote.end));
    if (typeof operator === 'number') return Math.max(left, operator);
    const right = expression(skipSpace(operator.end));
    if (typeof right === 'number') return Math.max(left, right);
    const { equal } = operator;
    return {
      test: {
        left: right.expression,
        comparison: { equal, right: { kind: 'text', text: quote.text } },
      },
      end: skipSpace(right.end),
    };
  }

  function comparison(start: number): Found<{ comparison: Comparison }> {
    const operator = comparisonOperator(start);
    if (typeof operator === 'number') return operator;
    const { equal } = operator;
    const at = skipSpace(operator.end);
    const right = expression(at);
    if (typeof right === 'object') {
      const side = { kind: 'expression', expression: right.expression } as const;
      return { comparison: { equal, right: side }, end: skipSpace(right.end) };
    }
    const quote = quotedText(at);
    if (typeof quote === 'number') return Math.max(right, quote);
    return { comparison: { equal, right: { kind: 'text', text: quote.text } }, end: skipSpace(quote.end) };
  }

  function comparisonOperator(start: number): Found<{ equal: boolean }> {
    if (text[start + 1] === '=') {
      if (text[start] === '=') return { equal: true, end: start + 2 };
      if (text[start] === '!') return { equal: false, end: start + 2 };
    }
    return text[start] === '=' || text[start] === '!' ? start + 1 : start;
  }

  function quotedText(start: number): Found<{ text: string }> {
    const plain = quoted(start);
    if (typeof plain === 'object') return plain;
    const escaped = escapeQuoted(start);
    return typeof escaped === 'object' ? escaped : Math.max(plain, escaped);
  }

  function repetition(start: number): EachToken | number {
    const at = keyword(skipSpace(start + 2), 'each');
    if (at < 0) return ~at;
    const inside = skipSpace(at);
    if (inside === at) return at;
    const name = identifier(inside);
    if (typeof name === 'number') return name;
    const word = keyword(skipSpace(name.end), 'in');
    if (word < 0) return ~word;
    const collection = symbol(skipSpace(word));
    if (typeof collection === 'number') return collection;
    const close = skipSpace(collection.end);
    if (text[close] !== '}') return close;
    const end = literal(chainStop(close + 1, 'template'), '#{/each}');
    if (end < 0) return ~end;
    const body = chain(close + 1, 'template');
    return { kind: 'each', name: name.text, collection: collection.path, body, start, end };
  }

  /**
   * Where the tokens that follow one another from `start` end: before what is no token, or before what ends a branch.
   * All that stand in one row end at one place, which is kept for each, or every unclosed block would walk them again.
   */
  function chainStop(start: number, kind: Chain): number {
    const known = stops[kind];
    const passed: number[] = [];
    let at = start;
    let stop: number | undefined;
    while (stop === undefined) {
      stop = known.get(at);
      if (stop !== undefined) break;
      passed.push(at);
      const next = endsBranch(at, kind) ? at : token(at);
      if (typeof next === 'number') stop = at;
      else at = next.kind === 'text' ? textEnd(at) : next.end;
    }
    for (const position of passed) known.set(position, stop);
    return stop;
  }

  /** The tokens from `start` to where `chainStop` says that they end. */
  function chain(start: number, kind: Chain): Token[] {
    const stop = chainStop(start, kind);
    const tokens: Token[] = [];
    for (let at = start; at < stop;) {
      const next = token(at) as Token;
      tokens.push(next);
      at = next.kind === 'text' ? textEnd(at) : next.end;
    }
    return tokens;
  }

  function endsBranch(at: number, kind: Chain): boolean {
    if (kind === 'template' || !text.startsWith('#{else', at)) return false;
    if (text[at + 6] === '}') return true;
    return (
      kind === 'if' &&
      text.startsWith('#{elseif', at) &&
      at + 8 < length &&
      isWhiteSpace(text.charCodeAt(at + 8))
    );
  }

  function calculation(start: number): CalcToken | number {
    const at = keyword(skipSpace(start + 2), 'calc');
    if (at < 0) return ~at;
    const inside = skipSpace(at);
    if (inside === at) return at;
    const found = sum(inside);
    if (typeof found === 'number') return found;
    const close = skipSpace(found.end);
    return text[close] === '}' ? { kind: 'calc', sum: found.sum, start, end: close + 1 } : close;
  }

  const sum = (start: number) => operations(start, '+-', term);
  const term = (start: number) => operations(start, '*/', factor);

  function operations(
    start: number,
    operators: string,
    operand: (at: number) => Found<{ sum: Sum }>,
  ): Found<{ sum: Sum }> {
    const first = operand(start);
    if (typeof first === 'number') return first;
    const rest: Operand[] = [];
    let { end } = first;
    for (;;) {
      const at = skipSpace(end);
      if (at >= length || !operators.includes(text[at]!)) break;
      const next = operand(skipSpace(at + 1));
      if (typeof next === 'number') break;
      rest.push({ operator: text[at] as Operand['operator'], operand: next.sum });
      end = next.end;
    }
    return { sum: rest.length === 0 ? first.sum : { kind: 'operation', first: first.sum, rest }, end };
  }

  function factor(start: number): Found<{ sum: Sum }> {
    if (text[start] === '(') {
      const inner = nested(start, () => sum(start + 1));
      if (typeof inner === 'number') return inner;
      return text[inner.end] === ')' ? { sum: inner.sum, end: inner.end + 1 } : inner.end;
    }
    number.lastIndex = start;
    const digits = number.exec(text)?.[0];
    if (digits !== undefined) {
      const end = start + digits.length;
      return digits.endsWith('.') ? end : { sum: { kind: 'number', value: Number(digits) }, end };
    }
    const braced = text[start] === '{';
    const found = symbol(skipSpace(braced ? start + 1 : start));
    if (typeof found === 'number') return found;
    const variable = { kind: 'variable', path: found.path } as const;
    const close = skipSpace(found.end);
    if (!braced) return { sum: variable, end: close };
    return text[close] === '}' ? { sum: variable, end: close + 1 } : close;
  }

  function substitution(start: number): SubstitutionToken | number {
    let known = substitutions.get(start);
    if (known === undefined) {
      known = readSubstitution(start);
      substitutions.set(start, known);
    }
    return known;
  }

  function readSubstitution(start: number): SubstitutionToken | number {
    if (text[start] !== '#') return start;
    if (text[start + 1] !== '{') return start + 1;
    if (text[start + 2] === '/') return start;
    const found = expression(skipSpace(start + 2));
    if (typeof found === 'number') return found;
    const close = skipSpace(found.end);
    if (text[close] !== '}') return close;
    return { kind: 'substitution', expression: found.expression, start, end: close + 1, moved: 0 };
  }

  function expression(start: number): Found<{ expression: Expression }> {
    const input = symbol(start);
    const calls: FilterCall[] = [];
    let end = typeof input === 'number' ? start : skipSpace(input.end);
    let furthest = typeof input === 'number' ? input : end;
    for (;;) {
      // Only a name or the white space of an option's end stands between two bars.
      const call = filterCall(end);
      if (typeof call === 'number') {
        if (calls.length === 0) furthest = Math.max(furthest, call);
        break;
      }
      calls.push({ name: call.name, options: call.options });
      end = call.end;
    }
    if (calls.length > 0) {
      const path = typeof input === 'number' ? undefined : input.path;
      return { expression: { kind: 'filters', input: path, calls }, end };
    }
    if (typeof input === 'number') return furthest;
    return { expression: { kind: 'symbol', path: input.path }, end: input.end };
  }

  function filterCall(start: number): Found<FilterCall> {
    if (text[start] !== '|') return start;
    const name = bareword(skipSpace(start + 1));
    if (typeof name === 'number') return name;
    const options: FilterOption[] = [];
    let at = skipSpace(name.end);
    for (;;) {
      const next = option(at);
      if (typeof next === 'number') break;
      options.push(next.option);
      at = next.end;
    }
    return { name: name.text, options, end: at };
  }

  function option(start: number): Found<{ option: FilterOption }> {
    if (text[start] === '#') {
      const inner = text[start + 1] === '{' ? token(start) : start + 1;
      if (typeof inner === 'number' || inner.kind === 'text') return start;
      return { option: { kind: 'token', token: inner }, end: inner.end };
    }
    const at = skipSpace(start);
    const word = bareword(at);
    const found = typeof word === 'object' ? word : quotedText(at);
    if (typeof found === 'number') return found;
    return { option: { kind: 'text', text: found.text }, end: skipSpace(found.end) };
  }

  function bareword(start: number): Found<{ text: string }> {
    let at = start;
    while (at < length && isNameCharacter(text.charCodeAt(at))) at += 1;
    return at === start ? start : { text: text.slice(start, at), end: at };
  }

  function quoted(start: number): Found<{ text: string }> {
    if (text[start] !== '"') return start;
    let at = start + 1;
    while (at < length && text[at] !== '"' && text[at] !== '#') at += 1;
    return text[at] === '"' ? { text: text.slice(start + 1, at), end: at + 1 } : at;
  }

  function escapeQuoted(start: number): Found<{ text: string }> {
    const open = literal(start, '\\"');
    if (open < 0) return ~open;
    lastEscapedQuote ??= text.lastIndexOf('\\"');
    if (open > lastEscapedQuote) return length;
    const close = text.indexOf('\\"', open);
    return { text: text.slice(open, close), end: close + 2 };
  }

  function identifier(start: number): Found<{ text: string }> {
    let at = start;
    let stop = start;
    while (at < length) {
      const unit = text.charCodeAt(at);
      if (isWhiteSpace(unit)) {
        if ((text[at + 1] === '|' || text[at + 1] === '}') && at + 2 < length) break;
        if (beforeKeyword(at)) {
          stop = at + 1;
          break;
        }
      } else if (!isNameCharacter(unit)) break;
      at += 1;
    }
    return at === start ? stop : { text: trimmed(text.slice(start, at)), end: at };
  }

  /** Whether the white space at `at` is not part of a name, since a word that belongs to a block follows. */
  function beforeKeyword(at: number): boolean {
    const next = text[at + 1];
    if (next !== 'i' && next !== '=' && next !== '!') return false;
    const second = text[at + 2];
    return second === (next === 'i' ? 'n' : '=') && at + 3 < length && isWhiteSpace(text.charCodeAt(at + 3));
  }

  function symbol(start: number): Found<{ path: SymbolPath }> {
    const first = identifier(start);
    if (typeof first === 'number') return first;
    const path: Step[] = [{ kind: 'name', text: first.text, at: start }];
    let { end } = first;
    for (;;) {
      const next = step(end);
      if (typeof next === 'number') return { path, end };
      path.push(next.step);
      end = next.end;
    }
  }

  function step(start: number): Found<{ step: Step }> {
    if (text[start] === '.') {
      const name = identifier(start + 1);
      if (typeof name === 'number') return name;
      return { step: { kind: 'name', text: name.text, at: start + 1 }, end: name.end };
    }
    if (text[start] !== '[') return start;
    const inside = skipSpace(start + 1);
    if (text[inside] === '#' && text[inside + 1] === '{') {
      const inner = substitutions.get(inside) ?? nested(inside, () => substitution(inside));
      if (typeof inner === 'object' && inner.expression.kind === 'symbol') {
        const close = skipSpace(inner.end);
        if (text[close] === ']') {
          return { step: { kind: 'symbol-index', path: inner.expression.path, at: start }, end: close + 1 };
        }
      }
    }
    brackets ??= matchBrackets(text);
    const close = brackets.get(start);
    if (close === undefined) return start;
    // White space is dropped at the beginning of brackets, also of those inside.
    const written = text.slice(Math.min(inside, close), close).replaceAll(/\[[\s\u0085]+/g, '[');
    return { step: { kind: 'index', text: written, at: start }, end: close + 1 };
  }

  return { token, textEnd, symbol };
}

/** For each `[` that is closed, where its `]` stands. */
function matchBrackets(text: string): ReadonlyMap<number, number> {
  const closing = new Map<number, number>();
  const open: number[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === 0x5b) open.push(i);
    else if (unit === 0x5d && open.length > 0) closing.set(open.pop()!, i);
  }
  return closing;
}
