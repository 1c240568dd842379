import type { BoundNode } from './bind.ts';
import { folded } from './characters.ts';
import { echoPath } from './echo.ts';
import { VariableError } from './errors.ts';
import { parseTemplate, type Expression, type ParseMode, type SymbolPath, type Token } from './parse.ts';
import { shown, whatIsUnsupported } from './unsupported.ts';
import type { Variable, VariableSet } from './variable-set.ts';

/**
 * A text after evaluation. `missing` are the tokens that could not be resolved, in order and without repeats; they
 * stand in `text` as written. `failedAt` is set where the text did not parse, which is then given back as it is.
 */
export type Expansion = {
  readonly text: string;
  readonly missing: readonly string[];
  readonly failedAt?: number;
};

/** An object or array, perhaps after a comment: the reader of such values forgives more than JSON allows. */
const looksLikeJson = /^\s*(?:[[{]|\/[/*])[^]*[\]}]\s*$/;
const depthMax = 200;
const outputLengthMax = 128 * 1024 * 1024;

/**
 * `text` with its `#{...}` replaced by values, once: what comes out of a variable is not looked at again.
 *
 * In mode `halt` a text that does not parse is given back as it is; in mode `continue`, meant for files, only the
 * token that does not parse stays. Throws VariableError: `TEMPLATE_RECURSION`, `TEMPLATE_TOO_DEEP` and
 * `TEMPLATE_TOO_LARGE` naming the variable, `TEMPLATE_NOT_SUPPORTED` naming the token.
 */
export function expand(text: string, variables: VariableSet, mode: ParseMode = 'halt'): Expansion {
  return evaluate(text, mode, { root: variables.root, inProgress: [] }, 'the text');
}

/** The evaluated value of one variable that has a value. */
export function evaluateValue(variable: Variable, variables: VariableSet): Expansion {
  const text = variable.value ?? '';
  if (variable.literal) return { text, missing: [] };
  return evaluate(text, 'halt', { root: variables.root, inProgress: [] }, variable.name);
}

type Run = { readonly root: BoundNode; readonly inProgress: BoundNode[] };

function evaluate(text: string, mode: ParseMode, run: Run, owner: string): Expansion {
  const { tokens, failedAt } = parseTemplate(text, mode);
  if (failedAt !== undefined) return { text, missing: [], failedAt };
  const missing = new Set<string>();
  // The parser gives one expression to tokens that are written alike.
  const known = new Map<Expression, string>();
  const parts: string[] = [];
  let length = 0;
  for (const token of tokens) {
    const expression = token.kind === 'substitution' ? token.expression : undefined;
    const before = expression && known.get(expression);
    const part = before ?? evaluateToken(token, text, run, missing);
    if (expression !== undefined && before === undefined) known.set(expression, part);
    length += part.length;
    if (length > outputLengthMax) {
      throw new VariableError(
        'TEMPLATE_TOO_LARGE',
        `Cannot evaluate ${owner}: the result is longer than ${outputLengthMax} characters`,
        {
          hint: 'Look for variables that repeat one another many times.',
          details: { variable: owner, limit: outputLengthMax },
        },
      );
    }
    parts.push(part);
  }
  return { text: parts.join(''), missing: [...missing] };
}

function evaluateToken(token: Token, source: string, run: Run, missing: Set<string>): string {
  if (token.kind === 'text') return token.text;
  const what = whatIsUnsupported(token);
  if (what !== undefined || token.kind === 'block' || token.expression.kind === 'filters') {
    const written = shown(source.slice(token.start, token.end));
    throw notSupported(written, what ?? token.kind);
  }
  const node = findNode(token.expression.path, run);
  if (node?.value === undefined) {
    const echo = `#{${echoPath(token.expression.path)}}`;
    missing.add(echo);
    return echo;
  }
  const value = valueOf(node, run);
  for (const one of value.missing) missing.add(one);
  return value.text;
}

/** The place a path leads to; undefined where a step leads nowhere. */
function findNode(path: SymbolPath, run: Run): BoundNode | undefined {
  const steps: { readonly byName: boolean; readonly text: string }[] = [];
  for (const step of path) {
    if (step.kind === 'symbol-index') {
      const index = findNode(step.path, run);
      if (index?.value === undefined) return undefined;
      steps.push({ byName: false, text: valueOf(index, run).text });
    } else {
      steps.push({ byName: step.kind === 'name', text: step.text });
    }
  }
  let node = run.root;
  for (const { byName, text } of steps) {
    let next = (byName ? node.named : node.indexed).get(folded(text));
    if (!byName && text === '*') next = node.indexed.values().next().value ?? next;
    if (next === undefined) {
      refuseJson(node, path, run);
      return undefined;
    }
    node = next;
  }
  return node;
}

function valueOf(node: BoundNode, run: Run): Expansion {
  if (node.evaluated !== undefined) return node.evaluated;
  const { text, literal } = node.value!;
  if (literal) return (node.evaluated = { text, missing: [] });
  const loop = run.inProgress.indexOf(node);
  if (loop >= 0) {
    const chain = [...run.inProgress.slice(loop), node].map((one) => one.path);
    throw new VariableError(
      'TEMPLATE_RECURSION',
      `Cannot evaluate ${node.path}: its value refers to itself (${chain.join(' -> ')})`,
      {
        hint: 'Change one of these variables so that it no longer leads back.',
        details: { variable: node.path, chain },
      },
    );
  }
  if (run.inProgress.length >= depthMax) {
    throw new VariableError(
      'TEMPLATE_TOO_DEEP',
      `Cannot evaluate ${node.path}: values refer to one another more than ${depthMax} deep`,
      { hint: 'Shorten the chain of variables.', details: { variable: node.path, limit: depthMax } },
    );
  }
  run.inProgress.push(node);
  const result = evaluate(text, 'halt', run, node.path);
  run.inProgress.pop();
  return (node.evaluated = { text: result.text, missing: result.missing });
}

/** A step into JSON text is part of the language; until it is evaluated it must not pass for a missing variable. */
function refuseJson(node: BoundNode, path: SymbolPath, run: Run): void {
  if (node.value === undefined || run.inProgress.includes(node)) return;
  const depth = run.inProgress.length;
  try {
    if (!looksLikeJson.test(valueOf(node, run).text)) return;
  } catch (error) {
    // A value that leads back to itself is no JSON either: there the step leads nowhere.
    if (!(error instanceof VariableError) || error.code !== 'TEMPLATE_RECURSION') throw error;
    run.inProgress.length = depth;
    return;
  }
  throw notSupported(`#{${echoPath(path)}}`, `a step into the JSON text of ${node.path}`);
}

function notSupported(token: string, what: string): VariableError {
  return new VariableError(
    'TEMPLATE_NOT_SUPPORTED',
    `Cannot evaluate ${token}: this version can't evaluate ${what} yet`,
    {
      hint: 'Work the value out in a variable of its own, or write ##{ where the text is meant as it stands.',
      details: { token, what },
    },
  );
}
