/**
 * XPath 2 as far as names of variables use it: location paths over all axes, predicates, operators, `*:name`, and the
 * functions of `xpath-functions.ts`. There are no types, variables, quantifiers or loops.
 */
export type NodeTest =
  | { readonly kind: 'name'; readonly namespace: string | undefined; readonly localName: string | undefined }
  | { readonly kind: 'node' | 'text' | 'comment' | 'document' }
  | { readonly kind: 'instruction'; readonly target: string | undefined };

export type Step =
  | { readonly axis: Axis; readonly test: NodeTest; readonly predicates: readonly Expression[] }
  | { readonly axis: 'filter'; readonly of: Expression; readonly predicates: readonly Expression[] };

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number }
  | { readonly kind: 'path'; readonly isAbsolute: boolean; readonly steps: readonly Step[] }
  | {
      readonly kind: 'operation';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'negation'; readonly of: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly given: readonly Expression[] }
  | { readonly kind: 'sequence'; readonly items: readonly Expression[] }
  | { readonly kind: 'variable' }
  | { readonly kind: 'context' };

const axes = [
  'child',
  'descendant',
  'descendant-or-self',
  'attribute',
  'self',
  'parent',
  'ancestor',
  'ancestor-or-self',
  'following-sibling',
  'preceding-sibling',
  'following',
  'preceding',
] as const;
export type Axis = (typeof axes)[number];

/** From the loosest to the tightest; those of one row are read from left to right. */
const operators: readonly RegExp[] = [
  /or(?![\w.-])/y,
  /and(?![\w.-])/y,
  /<<|>>|!=|<=|>=|[=<>]|(?:eq|ne|lt|le|gt|ge|is)(?![\w.-])/y,
  /to(?![\w.-])/y,
  /[+-]/y,
  /\*|(?:div|idiv|mod)(?![\w.-])/y,
  /\||union(?![\w.-])/y,
  /(?:intersect|except)(?![\w.-])/y,
];

const name = /[\p{L}_][\p{L}\p{Nd}\p{M}._\u00b7-]*/uy;
const lengthMax = 4000;
/** What is nested or chained further would be evaluated deeper than a stack goes. */
const depthMax = 40;
const operationsMax = 300;

class NotXPath extends Error {}

/**
 * `text` as an expression, undefined where it is none. `functions` are the names that may be called;
 * `namespaces` knows the prefixes; a name without one is in no namespace.
 */
export function parseXPath(
  text: string,
  namespaces: ReadonlyMap<string, string>,
  functions: ReadonlySet<string>,
): Expression | undefined {
  if (text.length > lengthMax) return undefined;
  try {
    return new Parser(text, namespaces, functions).whole();
  } catch (error) {
    if (error instanceof NotXPath) return undefined;
    throw error;
  }
}

class Parser {
  readonly #text: string;
  readonly #namespaces: ReadonlyMap<string, string>;
  readonly #functions: ReadonlySet<string>;
  #at = 0;
  #depth = 0;
  #operations = 0;

  constructor(text: string, namespaces: ReadonlyMap<string, string>, functions: ReadonlySet<string>) {
    this.#text = text;
    this.#namespaces = namespaces;
    this.#functions = functions;
  }

  whole(): Expression {
    const expression = this.#sequence();
    this.#skip();
    if (this.#at < this.#text.length) throw new NotXPath();
    return expression;
  }

  #sequence(): Expression {
    this.#depth += 1;
    if (this.#depth > depthMax) throw new NotXPath();
    const items = [this.#operation(0)];
    while (this.#takes(',')) items.push(this.#operation(0));
    this.#depth -= 1;
    return items.length === 1 ? items[0]! : { kind: 'sequence', items };
  }

  #operation(row: number): Expression {
    const pattern = operators[row];
    if (pattern === undefined) return this.#unary();
    let left = this.#operation(row + 1);
    for (;;) {
      const operator = this.#match(pattern);
      if (operator === undefined) return left;
      this.#operations += 1;
      if (this.#operations > operationsMax) throw new NotXPath();
      left = { kind: 'operation', operator, left, right: this.#operation(row + 1) };
    }
  }

  #unary(): Expression {
    let isNegated: boolean | undefined;
    for (let sign = this.#match(/[+-]/y); sign !== undefined; sign = this.#match(/[+-]/y)) {
      isNegated = (isNegated ?? false) !== (sign === '-');
    }
    const of = this.#path();
    return isNegated === true ? { kind: 'negation', of } : of;
  }

  #path(): Expression {
    const steps: Step[] = [];
    let isAbsolute = false;
    if (this.#match(/\/\//y) !== undefined) {
      isAbsolute = true;
      steps.push(anyDescendant);
    } else if (this.#takes('/')) {
      isAbsolute = true;
      if (!this.#beginsStep()) return { kind: 'path', isAbsolute, steps };
    }
    for (;;) {
      steps.push(this.#step());
      if (this.#match(/\/\//y) !== undefined) steps.push(anyDescendant);
      else if (!this.#takes('/')) break;
    }
    const [only] = steps;
    const isPlain =
      !isAbsolute && steps.length === 1 && only!.axis === 'filter' && only!.predicates.length === 0;
    return isPlain && only!.axis === 'filter' ? only!.of : { kind: 'path', isAbsolute, steps };
  }

  #beginsStep(): boolean {
    this.#skip();
    return /^[\p{L}_@.*('"$\d]/u.test(this.#text.slice(this.#at, this.#at + 2));
  }

  #step(): Step {
    if (this.#match(/\.\./y) !== undefined) return this.#axisStep('parent', { kind: 'node' });
    if (this.#match(/\.(?!\d)/y) !== undefined) return this.#filterStep({ kind: 'context' });
    if (this.#takes('@')) return this.#axisStep('attribute', this.#nodeTest());
    const axis = this.#match(/[a-z-]+(?=\s*::)/y);
    if (axis !== undefined) {
      this.#match(/::/y);
      const known = axes.find((one) => one === axis);
      if (known === undefined) throw new NotXPath();
      return this.#axisStep(known, this.#nodeTest());
    }
    const primary = this.#primary();
    if (primary !== undefined) return this.#filterStep(primary);
    return this.#axisStep('child', this.#nodeTest());
  }

  #axisStep(axis: Axis, test: NodeTest): Step {
    return { axis, test, predicates: this.#predicates() };
  }

  #filterStep(of: Expression): Step {
    return { axis: 'filter', of, predicates: this.#predicates() };
  }

  #predicates(): Expression[] {
    const predicates: Expression[] = [];
    while (this.#takes('[')) {
      predicates.push(this.#sequence());
      this.#needs(']');
    }
    return predicates;
  }

  #primary(): Expression | undefined {
    const string = this.#match(/"(?:[^"]|"")*"|'(?:[^']|'')*'/y);
    if (string !== undefined) {
      const quote = string[0]!;
      return { kind: 'literal', value: string.slice(1, -1).replaceAll(quote + quote, quote) };
    }
    const number = this.#match(/(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y);
    if (number !== undefined) {
      if (/[\p{L}_]/u.test(this.#text[this.#at] ?? '')) throw new NotXPath();
      return { kind: 'literal', value: Number(number) };
    }
    if (this.#takes('$')) {
      this.#qualifiedName();
      return { kind: 'variable' };
    }
    if (this.#takes('(')) {
      if (this.#takes(')')) return { kind: 'sequence', items: [] };
      const inner = this.#sequence();
      this.#needs(')');
      return inner;
    }
    const call = this.#match(/[a-z][a-z-]*(?=\s*\()/y);
    if (call === undefined) return undefined;
    if (/^(?:node|text|comment|processing-instruction|element|attribute|document-node)$/.test(call)) {
      this.#at -= call.length;
      return undefined;
    }
    if (!this.#functions.has(call)) throw new NotXPath();
    this.#needs('(');
    const given: Expression[] = [];
    if (!this.#takes(')')) {
      do given.push(this.#operation(0));
      while (this.#takes(','));
      this.#needs(')');
    }
    return { kind: 'call', name: call, given };
  }

  #nodeTest(): NodeTest {
    const kind = this.#match(/(?:node|text|comment|processing-instruction|document-node)(?=\s*\()/y);
    if (kind !== undefined) {
      this.#needs('(');
      const target =
        kind === 'processing-instruction'
          ? (this.#match(/"[^"]*"|'[^']*'/y)?.slice(1, -1) ?? this.#match(name))
          : undefined;
      this.#needs(')');
      if (kind === 'processing-instruction') return { kind: 'instruction', target };
      return { kind: kind === 'document-node' ? 'document' : (kind as 'node' | 'text' | 'comment') };
    }
    const { namespace, localName } = this.#qualifiedName();
    return { kind: 'name', namespace, localName };
  }

  /** `a`, `p:a`, `p:*`, `*:a` or `*`; undefined for what a star stands for. */
  #qualifiedName(): { readonly namespace: string | undefined; readonly localName: string | undefined } {
    const first = this.#match(name) ?? this.#match(/\*/y);
    if (first === undefined) throw new NotXPath();
    if (this.#text[this.#at] !== ':' || this.#text[this.#at + 1] === ':') {
      return first === '*'
        ? { namespace: undefined, localName: undefined }
        : { namespace: '', localName: first };
    }
    this.#at += 1;
    name.lastIndex = this.#at;
    const isNext = this.#text[this.#at] === '*' || name.test(this.#text);
    const second = isNext ? (this.#match(name) ?? this.#match(/\*/y)) : undefined;
    if (second === undefined || (first === '*' && second === '*')) throw new NotXPath();
    const localName = second === '*' ? undefined : second;
    if (first === '*') return { namespace: undefined, localName };
    const namespace = this.#namespaces.get(first);
    if (namespace === undefined) throw new NotXPath();
    return { namespace, localName };
  }

  #takes(character: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #needs(character: string): void {
    if (!this.#takes(character)) throw new NotXPath();
  }

  #match(pattern: RegExp): string | undefined {
    this.#skip();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #skip(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? 'x')) this.#at += 1;
  }
}

const anyDescendant: Step = { axis: 'descendant-or-self', test: { kind: 'node' }, predicates: [] };
