/**
 * A step of a path. `at` is where the step begins in the text it was written in: a path that leads back to itself is
 * known by its words and its place.
 */
export type Step =
  | { readonly kind: 'name'; readonly text: string; readonly at: number }
  | { readonly kind: 'index'; readonly text: string; readonly at: number }
  | { readonly kind: 'symbol-index'; readonly path: SymbolPath; readonly at: number };
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

export type Comparison = {
  readonly equal: boolean;
  readonly right:
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'expression'; readonly expression: Expression };
};
export type Test = { readonly left: Expression; readonly comparison: Comparison | undefined };
export type Clause = { readonly test: Test; readonly body: readonly Token[] };

export type Sum =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'variable'; readonly path: SymbolPath }
  | { readonly kind: 'operation'; readonly first: Sum; readonly rest: readonly Operand[] };
export type Operand = { readonly operator: '+' | '-' | '*' | '/'; readonly operand: Sum };

export type TextToken = { readonly kind: 'text'; readonly text: string };
export type SubstitutionToken = {
  readonly kind: 'substitution';
  readonly expression: Expression;
  readonly start: number;
  readonly end: number;
  /** How far behind the place where its expression was first read this token stands. */
  readonly moved: number;
};
/** The first clause whose test holds is taken; `unless` is an `if` whose branches are exchanged. */
export type ConditionToken = {
  readonly kind: 'condition';
  readonly clauses: readonly Clause[];
  readonly otherwise: readonly Token[];
  readonly start: number;
  readonly end: number;
};
export type EachToken = {
  readonly kind: 'each';
  readonly name: string;
  readonly collection: SymbolPath;
  readonly body: readonly Token[];
  readonly start: number;
  readonly end: number;
};
export type CalcToken = {
  readonly kind: 'calc';
  readonly sum: Sum;
  readonly start: number;
  readonly end: number;
};
export type Token = TextToken | SubstitutionToken | ConditionToken | EachToken | CalcToken;

/** `failedAt` is the position at which no rule went on; then `tokens` is empty. */
export type ParsedTemplate = { readonly tokens: readonly Token[]; readonly failedAt?: number };

/**
 * What happens to a text that does not parse: `halt` gives it up as a whole, `continue` keeps the characters up to
 * where the token failed as they are and goes on there (what is done with files).
 */
export type ParseMode = 'halt' | 'continue';
