import { echoPath } from './echo.ts';
import { parseTemplate } from './parse.ts';
import type { Expression, Sum, SymbolPath, Test, Token } from './syntax.ts';

/**
 * The names that `text` uses, as written, each once and in order: in tokens, tests, collections, sums and options of
 * filters, in every branch. An index that is itself a token is listed by itself and the path around it left out, since
 * only a value can complete it; what a loop gives its body is no name from outside. Throws VariableError
 * `TEMPLATE_TOO_DEEP`.
 */
export function namesIn(text: string): string[] {
  const names = new Set<string>();

  const path = (steps: SymbolPath, loops: Loops): void => {
    const inner = steps.filter((step) => step.kind === 'symbol-index');
    for (const step of inner) path(step.path, loops);
    const [first] = steps;
    if (inner.length > 0 || first === undefined) return;
    const root = first.kind === 'name' ? first.text.toLowerCase() : '';
    if (loops.has(root)) return;
    const whole = echoPath(steps);
    if (loops.size > 0 && /^octopus\.template\.each\.(?:index|first|last)$/i.test(whole)) return;
    names.add(whole);
  };
  const expression = (one: Expression, loops: Loops): void => {
    if (one.kind === 'symbol') return path(one.path, loops);
    if (one.input !== undefined) path(one.input, loops);
    for (const option of one.calls.flatMap((call) => call.options)) {
      if (option.kind === 'token') token(option.token, loops);
    }
  };
  const test = ({ left, comparison }: Test, loops: Loops): void => {
    expression(left, loops);
    if (comparison?.right.kind === 'expression') expression(comparison.right.expression, loops);
  };
  const sum = (one: Sum, loops: Loops): void => {
    if (one.kind === 'variable') path(one.path, loops);
    if (one.kind !== 'operation') return;
    sum(one.first, loops);
    for (const { operand } of one.rest) sum(operand, loops);
  };
  const token = (one: Token, loops: Loops): void => {
    switch (one.kind) {
      case 'text':
        return;
      case 'substitution':
        return expression(one.expression, loops);
      case 'condition':
        for (const clause of one.clauses) {
          test(clause.test, loops);
          for (const inner of clause.body) token(inner, loops);
        }
        for (const inner of one.otherwise) token(inner, loops);
        return;
      case 'each': {
        path(one.collection, loops);
        const inside = new Set([...loops, one.name.toLowerCase()]);
        for (const inner of one.body) token(inner, inside);
        return;
      }
      case 'calc':
        return sum(one.sum, loops);
    }
  };
  for (const one of parseTemplate(text, 'continue').tokens) token(one, new Set());
  return [...names];
}

/** The names that loops around give, in lower case. */
type Loops = ReadonlySet<string>;
