/**
 * XPath 1.0 as .NET takes it: its core functions, no variables, every prefix and function known before anything is
 * evaluated, and the result a set of nodes. Chains of operators are lists, and what can be put inside one another is
 * limited, so that no expression is deeper than the stack.
 */
import { TransformFailure } from './messages.ts';
import { xpathFunctions, type XPathType } from './xpath-functions.ts';
import { xpathTokens, type XPathToken } from './xpath-tokens.ts';

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type Arithmetic = '+' | '-' | '*' | 'div' | 'mod';

export type NodeTest =
  | { readonly kind: 'name'; readonly namespace: string; readonly localName: string }
  | { readonly kind: 'namespace'; readonly namespace: string }
  | { readonly kind: 'any' | 'node' | 'text' | 'comment' }
  | { readonly kind: 'instruction'; readonly name: string | undefined };

const axes = [
  'ancestor',
  'ancestor-or-self',
  'attribute',
  'child',
  'descendant',
  'descendant-or-self',
  'following',
  'following-sibling',
  'namespace',
  'parent',
  'preceding',
  'preceding-sibling',
  'self',
] as const;
export type Axis = (typeof axes)[number];

export type Step = {
  readonly axis: Axis;
  readonly test: NodeTest;
  readonly predicates: readonly XPath[];
  /** Whether no predicate asks for a position, so that each node can be judged alone. */
  readonly positionFree: boolean;
};

/** An expression, ready to be evaluated. */
export type XPath = { readonly type: XPathType } & (
  | { readonly kind: 'literal'; readonly value: string | number }
  | { readonly kind: 'call'; readonly name: string; readonly items: readonly XPath[] }
  | { readonly kind: 'or' | 'and' | 'union'; readonly items: readonly XPath[] }
  | {
      readonly kind: 'compare';
      readonly first: XPath;
      readonly rest: readonly { readonly operator: Comparison; readonly item: XPath }[];
    }
  | {
      readonly kind: 'calculate';
      readonly first: XPath;
      readonly rest: readonly { readonly operator: Arithmetic; readonly item: XPath }[];
    }
  | { readonly kind: 'negate'; readonly item: XPath }
  | {
      readonly kind: 'path';
      readonly from: 'root' | 'here' | XPath;
      readonly predicates: readonly XPath[];
      readonly steps: readonly Step[];
    }
);

/** What a prefix stands for; undefined where it is not declared. */
export type Prefixes = (prefix: string) => string | undefined;

const nestedMax = 200;
const nodeTypes = ['comment', 'text', 'processing-instruction', 'node'];

/** Reads an expression that selects nodes. Throws TransformFailure `bad-xpath`. */
export function parseXPath(text: string, prefixes: Prefixes): XPath {
  const tokens = xpathTokens(text);
  let at = 0;
  let nested = 0;

  const peek = (ahead = 0): XPathToken => tokens[Math.min(at + ahead, tokens.length - 1)]!;
  const isSymbol = (symbol: string, ahead = 0): boolean =>
    peek(ahead).kind === 'symbol' && peek(ahead).text === symbol;
  const take = (symbol: string): boolean => {
    if (!isSymbol(symbol)) return false;
    at += 1;
    return true;
  };
  const fail = (why = `'${text}' has an invalid token.`): TransformFailure =>
    new TransformFailure('bad-xpath', why);
  const need = (symbol: string): void => {
    if (!take(symbol)) throw fail();
  };
  const takeWord = (words: readonly string[]): string | undefined => {
    const { kind, text: word } = peek();
    if ((kind !== 'name' && kind !== 'symbol') || !words.includes(word)) return undefined;
    at += 1;
    return word;
  };
  const selecting = (item: XPath): XPath => {
    if (item.type !== 'nodes') throw fail('Expression must evaluate to a node-set.');
    return item;
  };

  const listOf = (kind: 'or' | 'and', inner: () => XPath): XPath => {
    const items = [inner()];
    while (takeWord([kind]) !== undefined) items.push(inner());
    return items.length === 1 ? items[0]! : { kind, type: 'boolean', items };
  };
  const chainOf = <Operator extends string>(
    operators: readonly Operator[],
    inner: () => XPath,
    joined: (first: XPath, rest: readonly { readonly operator: Operator; readonly item: XPath }[]) => XPath,
  ): XPath => {
    const first = inner();
    const rest: { operator: Operator; item: XPath }[] = [];
    for (let found = takeWord(operators); found !== undefined; found = takeWord(operators)) {
      rest.push({ operator: found as Operator, item: inner() });
    }
    return rest.length === 0 ? first : joined(first, rest);
  };
  const compareOf = (operators: readonly Comparison[], inner: () => XPath): XPath =>
    chainOf(operators, inner, (first, rest) => ({ kind: 'compare', type: 'boolean', first, rest }));
  const calculateOf = (operators: readonly Arithmetic[], inner: () => XPath): XPath =>
    chainOf(operators, inner, (first, rest) => ({ kind: 'calculate', type: 'number', first, rest }));
  const expression = (): XPath => {
    nested += 1;
    if (nested > nestedMax) throw fail('The xpath query is too complex.');
    const relational = (): XPath => compareOf(['<', '<=', '>', '>='], additive);
    const equality = (): XPath => compareOf(['=', '!='], relational);
    const read = listOf('or', () => listOf('and', equality));
    nested -= 1;
    return read;
  };
  const additive = (): XPath => calculateOf(['+', '-'], () => calculateOf(['*', 'div', 'mod'], unary));
  const unary = (): XPath => {
    let signs = 0;
    while (take('-')) signs += 1;
    const item = union();
    if (signs === 0) return item;
    const negated: XPath = { kind: 'negate', type: 'number', item };
    return signs % 2 === 1 ? negated : { kind: 'negate', type: 'number', item: negated };
  };
  const union = (): XPath => {
    const items = [path()];
    while (take('|')) items.push(path());
    return items.length === 1 ? items[0]! : { kind: 'union', type: 'nodes', items: items.map(selecting) };
  };

  const path = (): XPath => {
    const primary = isPrimary() ? primaryExpression() : undefined;
    const own = primary === undefined ? [] : predicates();
    if (primary !== undefined && own.length === 0 && !isSymbol('/') && !isSymbol('//')) return primary;
    const steps: Step[] = [];
    let from: 'root' | 'here' | XPath = 'here';
    if (primary !== undefined) {
      from = selecting(primary);
      if (isSymbol('/') || isSymbol('//')) separated(steps);
    } else if (isSymbol('/') || isSymbol('//')) {
      from = 'root';
      if (isSymbol('//') || startsStep(1)) separated(steps);
      else at += 1;
    } else {
      steps.push(step());
    }
    while (isSymbol('/') || isSymbol('//')) separated(steps);
    return { kind: 'path', type: 'nodes', from, predicates: own, steps };
  };
  const separated = (steps: Step[]): void => {
    if (take('//')) {
      steps.push({ axis: 'descendant-or-self', test: { kind: 'node' }, predicates: [], positionFree: true });
    } else need('/');
    steps.push(step());
  };
  const startsStep = (ahead: number): boolean =>
    peek(ahead).kind === 'name' || ['.', '..', '@', '*'].some((symbol) => isSymbol(symbol, ahead));
  const isPrimary = (): boolean => {
    const { kind, text: word } = peek();
    if (kind === 'literal' || kind === 'number') return true;
    if (kind === 'symbol') return word === '(' || word === '$';
    if (kind !== 'name') return false;
    const opens = isSymbol(':', 1) && peek(2).kind === 'name' ? 3 : 1;
    return isSymbol('(', opens) && !(opens === 1 && nodeTypes.includes(word));
  };
  const primaryExpression = (): XPath => {
    const { kind, text: word } = peek();
    at += 1;
    if (kind === 'literal') return { kind: 'literal', type: 'string', value: word };
    if (kind === 'number') return { kind: 'literal', type: 'number', value: Number(word) };
    if (kind === 'name') return call(word);
    if (word === '$') throw fail('Namespace Manager or XsltContext needed. No variable can be used.');
    const inner = expression();
    need(')');
    return inner;
  };
  const call = (name: string): XPath => {
    const known = isSymbol(':') ? undefined : xpathFunctions.get(name);
    if (known === undefined) {
      throw fail(
        'Namespace Manager or XsltContext needed. This query has a prefix, variable, or user-defined function.',
      );
    }
    need('(');
    const items: XPath[] = [];
    if (!take(')')) {
      do items.push(expression());
      while (take(','));
      need(')');
    }
    if (items.length < known.min || items.length > known.max) {
      throw fail(`Function '${name}' in '${text}' has an invalid number of arguments.`);
    }
    if (known.takes === 'nodes') items.forEach(selecting);
    return { kind: 'call', type: known.gives, name, items };
  };

  const step = (): Step => {
    if (take('.')) return { axis: 'self', test: { kind: 'node' }, ...judged(predicatesAfterDot()) };
    if (take('..')) return { axis: 'parent', test: { kind: 'node' }, ...judged(predicatesAfterDot()) };
    let axis: Axis = 'child';
    if (take('@')) axis = 'attribute';
    else if (peek().kind === 'name' && isSymbol('::', 1)) {
      const named = axes.find((one) => one === peek().text);
      if (named === undefined) throw fail();
      axis = named;
      at += 2;
    }
    const test = nodeTest();
    return { axis, test, ...judged(predicates()) };
  };
  // `.[1]` is no step of XPath 1.0.
  const predicatesAfterDot = (): readonly XPath[] => {
    if (isSymbol('[')) throw fail();
    return [];
  };
  const judged = (list: readonly XPath[]): Pick<Step, 'predicates' | 'positionFree'> => ({
    predicates: list,
    positionFree: list.every((one) => one.type !== 'number' && !asksForPosition(one)),
  });
  const nodeTest = (): NodeTest => {
    if (take('*')) return { kind: 'any' };
    const { kind, text: word, end } = peek();
    if (kind !== 'name') throw fail();
    at += 1;
    if (nodeTypes.includes(word) && take('(')) {
      let name: string | undefined;
      if (word === 'processing-instruction' && peek().kind === 'literal') {
        name = peek().text;
        at += 1;
      }
      need(')');
      if (word === 'processing-instruction') return { kind: 'instruction', name };
      return { kind: word as 'comment' | 'text' | 'node' };
    }
    if (!isSymbol(':')) return { kind: 'name', namespace: '', localName: word };
    if (peek().start !== end) throw fail();
    at += 1;
    const namespace = prefixes(word);
    if (namespace === undefined) throw fail(`Namespace prefix '${word}' is not defined.`);
    const local = peek();
    if (local.start !== end + 1) throw fail();
    at += 1;
    if (local.kind === 'symbol' && local.text === '*') return { kind: 'namespace', namespace };
    if (local.kind !== 'name') throw fail();
    return { kind: 'name', namespace, localName: local.text };
  };
  const predicates = (): readonly XPath[] => {
    const list: XPath[] = [];
    while (take('[')) {
      list.push(expression());
      need(']');
    }
    return list;
  };

  const whole = expression();
  if (peek().kind !== 'end') throw fail();
  return selecting(whole);
}

/** Whether `position()` or `last()` occurs where it means the predicate's own nodes. */
function asksForPosition(expression: XPath): boolean {
  switch (expression.kind) {
    case 'literal':
      return false;
    case 'call':
      return (
        expression.name === 'position' || expression.name === 'last' || expression.items.some(asksForPosition)
      );
    case 'or':
    case 'and':
    case 'union':
      return expression.items.some(asksForPosition);
    case 'compare':
    case 'calculate':
      return [expression.first, ...expression.rest.map(({ item }) => item)].some(asksForPosition);
    case 'negate':
      return asksForPosition(expression.item);
    case 'path':
      return typeof expression.from === 'object' && asksForPosition(expression.from);
  }
}
