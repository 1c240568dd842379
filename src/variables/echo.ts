import { formatDouble } from './numbers.ts';
import type {
  Clause,
  ConditionToken,
  EachToken,
  Expression,
  FilterCall,
  Sum,
  SymbolPath,
  Test,
  Token,
} from './syntax.ts';

/** A path as it is written back where it can't be resolved: names trimmed, joined by dots, letter case as written. */
export function echoPath(path: SymbolPath): string {
  return path
    .map((step, n) => {
      if (step.kind === 'name') return n === 0 ? step.text : `.${step.text}`;
      return step.kind === 'index' ? `[${step.text}]` : `[#{${echoPath(step.path)}}]`;
    })
    .join('');
}

/** A token as it is written back where it can't be evaluated, in one spelling whatever it was written like. */
export function echoToken(token: Token): string {
  switch (token.kind) {
    case 'text':
      return token.text.replaceAll('#{', '##{');
    case 'substitution':
      return `#{${echoExpression(token.expression)}}`;
    case 'condition':
      return echoCondition(token, 0);
    case 'each':
      return echoEach(token);
    case 'calc':
      return `#{${echoSum(token.sum)}}`;
  }
}

export function echoExpression(expression: Expression): string {
  if (expression.kind === 'symbol') return echoPath(expression.path);
  const input = expression.input === undefined ? '' : echoPath(expression.input);
  return input + expression.calls.map((call) => ` | ${echoCall(call)}`).join('');
}

function echoCall({ name, options }: FilterCall): string {
  const written = options.map((option) =>
    option.kind === 'text' ? `"${option.text}"` : echoToken(option.token),
  );
  return [name, ...written].join(' ');
}

/** A condition from its clause `from` on: each later one is an `if` in the `else` of the one before. */
export function echoCondition({ clauses, otherwise }: ConditionToken, from: number): string {
  const rest = clauses.slice(from);
  const heads = rest.map((clause, n) => (n === 0 ? '' : '#{else}') + echoClause(clause));
  const last = otherwise.length === 0 ? '' : `#{else}${echoTokens(otherwise)}`;
  return heads.join('') + last + '#{/if}'.repeat(rest.length);
}

const echoClause = ({ test, body }: Clause): string => `#{if ${echoTest(test)}}${echoTokens(body)}`;

function echoTest({ left, comparison }: Test): string {
  const side = echoExpression(left);
  if (comparison === undefined) return side;
  const { equal, right } = comparison;
  const other = right.kind === 'text' ? `"${right.text}"` : echoExpression(right.expression);
  return `${side} ${equal ? '==' : '!='} ${other} `;
}

function echoEach({ name, collection, body }: EachToken): string {
  return `#{each ${name} in ${echoPath(collection)}}${echoTokens(body)}#{/each}`;
}

function echoTokens(tokens: readonly Token[]): string {
  return tokens.map(echoToken).join('');
}

function echoSum(sum: Sum): string {
  if (sum.kind === 'number') return formatDouble(sum.value);
  if (sum.kind === 'variable') return echoPath(sum.path);
  return echoSum(sum.first) + sum.rest.map(({ operator, operand }) => operator + echoSum(operand)).join('');
}
