import type { BoundNode, Variable } from './bind.ts';
import { folded, trimmed } from './characters.ts';
import {
  childOf,
  itemsOf,
  place,
  resolve,
  type Context,
  type EvaluateValue,
  type Resolved,
} from './context.ts';
import { echoCondition, echoExpression, echoToken } from './echo.ts';
import { VariableError } from './errors.ts';
import { filters } from './filters.ts';
import { FilterRefusal } from './filter.ts';
import { formatDouble, parseDouble } from './numbers.ts';
import { parseTemplate } from './parse.ts';
import { beginRun, workOf, type Run } from './run.ts';
import type {
  ConditionToken,
  EachToken,
  Expression,
  ParseMode,
  SubstitutionToken,
  Sum,
  SymbolPath,
  Test,
  Token,
} from './syntax.ts';

/** What names mean: the tree of their paths. */
export type Scope = { readonly root: BoundNode };

/**
 * A text after evaluation. `missing` are the tokens that could not be resolved, in order and without repeats; they
 * stand in `text` in one spelling. `failedAt` is set where the text did not parse, which is then given back as it is.
 * `isNull` is set where the filter `null` took the whole result away; then `text` is empty.
 */
export type Expansion = {
  readonly text: string;
  readonly missing: readonly string[];
  readonly failedAt?: number;
  readonly isNull?: true;
};

/**
 * `text` with its `#{...}` replaced by values, once: what comes out of a variable is not looked at again.
 *
 * In mode `halt` a text that does not parse is given back as it is; in mode `continue`, meant for files, only the
 * token that does not parse stays. Throws VariableError: `TEMPLATE_RECURSION`, `TEMPLATE_TOO_DEEP`,
 * `TEMPLATE_TOO_LARGE` and `TEMPLATE_TOO_COSTLY` naming the variable, `TEMPLATE_VALUE_UNFIT` naming the token.
 */
export function expand(text: string, variables: Scope, mode: ParseMode = 'halt'): Expansion {
  return evaluateText(text, mode, variables.root, 'the text');
}

/** The evaluated value of one variable that has a value. */
export function evaluateValue(variable: Variable, variables: Scope): Expansion {
  const text = variable.value ?? '';
  if (variable.literal) return { text, missing: [] };
  return evaluateText(text, 'halt', variables.root, variable.name);
}

function evaluateText(text: string, mode: ParseMode, root: BoundNode, owner: string): Expansion {
  const { tokens, failedAt } = parseTemplate(text, mode);
  if (failedAt !== undefined) return { text, missing: [], failedAt };
  const run = beginRun(owner, text.length);
  const context: Context = { binding: root, parent: undefined, progress: [] };
  const evaluation = newEvaluation(run);
  evaluation.tokens(tokens, context);
  const { missing, isNull } = evaluation.found;
  return isNull
    ? { text: '', missing: [...missing], isNull }
    : { text: evaluation.found.parts.join(''), missing: [...missing] };
}

type Output = { readonly parts: string[]; length: number };
type Found = Output & { readonly missing: Set<string>; isNull: boolean };

/** The evaluation of one text: what it writes, and what it found missing. */
function newEvaluation(run: Run) {
  const found: Found = { parts: [], length: 0, missing: new Set(), isNull: false };
  let output: Output = found;
  // The parser gives one expression to tokens that are written alike, and at the root they have one value.
  const known = new Map<Expression, string>();

  const write = (text: string): void => {
    output.length += text.length;
    run.admit(output.length);
    output.parts.push(text);
  };
  const miss = (missing: readonly string[]): void => {
    for (const one of missing) found.missing.add(one);
  };

  function tokens(all: readonly Token[], context: Context): void {
    for (const token of all) {
      run.work(workOf.token);
      switch (token.kind) {
        case 'text':
          write(token.text);
          break;
        case 'substitution':
          substitution(token, context);
          break;
        case 'condition':
          run.deeper(run.owner, () => condition(token, context));
          break;
        case 'each':
          run.deeper(run.owner, () => each(token, context));
          break;
        case 'calc': {
          const value = calculate(token.sum, context);
          write(value === undefined ? echoToken(token) : formatDouble(value));
          break;
        }
      }
    }
  }

  function substitution(token: SubstitutionToken, context: Context): void {
    const before = context.parent === undefined ? known.get(token.expression) : undefined;
    if (before !== undefined) {
      write(before);
      return;
    }
    const unsteady = run.unsteady;
    const value = valueOf(token.expression, token.moved, context);
    if (value === undefined) {
      const echo = echoToken(token);
      const { expression } = token;
      if (expression.kind === 'filters' && expression.calls.at(-1)!.name === 'null') found.isNull = true;
      else found.missing.add(echo);
    }
    const written = value ?? echoToken(token);
    if (context.parent === undefined && run.unsteady === unsteady) known.set(token.expression, written);
    write(written);
  }

  function symbol(path: SymbolPath, moved: number, context: Context): Resolved | undefined {
    const resolved = resolve(path, moved, context, run, evaluateNested);
    if (resolved !== undefined) miss(resolved.missing);
    return resolved;
  }

  /** The text of an expression, undefined where it is unresolved. */
  function valueOf(expression: Expression, moved: number, context: Context): string | undefined {
    if (expression.kind === 'symbol') return symbol(expression.path, moved, context)?.text;
    const { input, calls } = expression;
    let value = input && symbol(input, moved, context)?.text;
    for (const { name, options } of calls) {
      const given = options.map((option) =>
        option.kind === 'text' ? option.text : optionText(option.token, context),
      );
      const filter = filters.get(name.toLowerCase());
      run.work(workOf.filter + (value?.length ?? 0));
      try {
        value = filter?.(value, given, run);
      } catch (error) {
        if (!(error instanceof FilterRefusal)) throw error;
        throw unfit(echoExpression(expression), error);
      }
      run.admit(value?.length ?? 0);
      run.work(value?.length ?? 0);
    }
    return value;
  }

  function optionText(token: Token, context: Context): string {
    const outer = output;
    output = { parts: [], length: 0 };
    run.deeper(run.owner, () => tokens([token], childOf(context)));
    const text = output.parts.join('');
    output = outer;
    return text;
  }

  function condition(token: ConditionToken, context: Context): void {
    for (const [n, { test, body }] of token.clauses.entries()) {
      const holds = testHolds(test, context);
      if (holds === undefined) {
        write(echoCondition(token, n));
        return;
      }
      if (holds) return tokens(body, context);
    }
    tokens(token.otherwise, context);
  }

  /** Undefined where a side has no value; then that is reported. */
  function testHolds({ left, comparison }: Test, context: Context): boolean | undefined {
    const first = side(left, context);
    if (first === undefined) return undefined;
    if (comparison === undefined) return truthy(first);
    const { equal, right } = comparison;
    const second = right.kind === 'text' ? right.text : side(right.expression, context);
    return second === undefined ? undefined : (first === second) === equal;
  }

  function side(expression: Expression, context: Context): string | undefined {
    const value = valueOf(expression, 0, context);
    if (value !== undefined || expression.kind === 'symbol') return value ?? '';
    found.missing.add(echoExpression(expression));
    return undefined;
  }

  function each({ name, collection, body }: EachToken, context: Context): void {
    const items = itemsOf(symbol(collection, 0, context), run);
    if (items.length > 0 && folded(name) === 'OCTOPUS') throw takenName(name);
    for (const [n, item] of items.entries()) {
      run.work(workOf.turn);
      tokens(body, childOf(context, turn(name, item, n, items.length)));
    }
  }

  function calculate(sum: Sum, context: Context): number | undefined {
    if (sum.kind === 'number') return sum.value;
    if (sum.kind === 'variable') {
      const text = symbol(sum.path, 0, context)?.text;
      return text === undefined ? undefined : parseDouble(text);
    }
    let value = run.deeper(run.owner, () => calculate(sum.first, context));
    for (const { operator, operand } of sum.rest) {
      if (value === undefined) return undefined;
      run.work(workOf.token);
      const other = run.deeper(run.owner, () => calculate(operand, context));
      if (other === undefined) return undefined;
      if (operator === '+') value += other;
      else if (operator === '-') value -= other;
      else if (operator === '*') value *= other;
      else value /= other;
    }
    return value;
  }

  const evaluateNested: EvaluateValue = (value, context, what) => {
    if (!value.text.includes('#{')) return { text: value.text, missing: [] };
    run.work(workOf.template + value.text.length * 20);
    const template = parseTemplate(value.text, 'halt');
    if (template.failedAt !== undefined) return undefined;
    const inner = newEvaluation(run);
    run.deeper(what, () => inner.tokens(template.tokens, childOf(context)));
    return { text: inner.found.parts.join(''), missing: [...inner.found.missing] };
  };

  return { found, tokens };
}

/** What a loop's body sees in one turn. */
function turn(name: string, item: BoundNode, index: number, count: number): BoundNode {
  const literal = (text: string): BoundNode => place('', { text, literal: true });
  const each = place('', undefined);
  each.named.set('INDEX', literal(String(index)));
  each.named.set('FIRST', literal(index === 0 ? 'True' : 'False'));
  each.named.set('LAST', literal(index === count - 1 ? 'True' : 'False'));
  const template = place('', undefined);
  template.named.set('EACH', each);
  const octopus = place('', undefined);
  octopus.named.set('TEMPLATE', template);
  const root = place('', undefined);
  root.named.set('OCTOPUS', octopus);
  root.named.set(folded(name), item);
  return root;
}

/** Whether an evaluated text counts as true: all but the empty text, exactly `0`, and `no` or `false` in any case. */
export function truthy(text: string): boolean {
  return text !== '' && text !== '0' && !/^(?:no|false)$/i.test(trimmed(text));
}

function unfit(expression: string, refusal: FilterRefusal): VariableError {
  const token = `#{${expression}}`;
  return new VariableError('TEMPLATE_VALUE_UNFIT', `Cannot evaluate ${token}: ${refusal.message}`, {
    hint: 'Correct the value that goes into the filter, or the filter itself.',
    details: { token },
  });
}

function takenName(name: string): VariableError {
  return new VariableError(
    'TEMPLATE_VALUE_UNFIT',
    `Cannot evaluate #{each ${name} in ...}: a loop's variable can't be called ${name}`,
    { hint: 'Give it another name; this one holds what is known of the turn.', details: { name } },
  );
}
