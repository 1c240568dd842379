import type { BoundNode } from './bind.ts';
import { folded } from './characters.ts';
import { echoPath } from './echo.ts';
import { VariableError } from './errors.ts';
import { jsonText, type JsonValue } from './json-value.ts';
import { parseInt32 } from './numbers.ts';
import { workOf, type Run } from './run.ts';
import type { Step, SymbolPath } from './syntax.ts';

/**
 * Where names are looked up: the variables at the root, one more for each turn of a loop, an empty one around each
 * value and filter option. A path that fails here is tried in the parent, so a value never sees the loop that uses it.
 */
export type Context = {
  readonly binding: BoundNode;
  readonly parent: Context | undefined;
  /** The paths being resolved here, by their words and place; meeting one again is a loop. */
  readonly progress: string[];
};

export type Value = { readonly text: string; readonly literal: boolean };
export type Resolved = {
  /** Undefined where the path leads to a place without a value. */
  readonly text: string | undefined;
  readonly literal: boolean;
  /** The tokens that stayed unresolved in the value. */
  readonly missing: readonly string[];
  /** What stands below: only where nothing was evaluated, since an evaluated text has nothing below it. */
  readonly node: BoundNode | undefined;
};
/** Evaluates a value in an empty context below the given one; undefined where the text does not parse. */
export type EvaluateValue = (
  value: Value,
  context: Context,
  what: string,
) => { text: string; missing: readonly string[] } | undefined;

export function childOf(parent: Context, binding: BoundNode = emptyNode): Context {
  return { binding, parent, progress: [] };
}

const emptyNode: BoundNode = place('', undefined);

export function place(path: string, value: Value | undefined): BoundNode {
  return { path, named: new Map(), indexed: new Map(), value, evaluated: undefined };
}

type PlainStep = Exclude<Step, { kind: 'symbol-index' }>;

/** What a path leads to, undefined where nowhere. `moved` is how far the path stands behind its first reading. */
export function resolve(
  path: SymbolPath,
  moved: number,
  context: Context,
  run: Run,
  evaluate: EvaluateValue,
): Resolved | undefined {
  run.work(workOf.path + path.length * workOf.step);
  const written = echoPath(path);
  const at = path.length === 0 ? 0 : path[0]!.at + moved;
  return guarded(written, `${at} ${written}`, context, () => {
    const steps = plainSteps(path, moved, context, run, evaluate);
    if (steps === undefined) return undefined;
    return walk(steps, written, at, context, run, evaluate);
  });
}

/** The path with its indexes that are tokens resolved; undefined where one has no value. */
function plainSteps(
  path: SymbolPath,
  moved: number,
  context: Context,
  run: Run,
  evaluate: EvaluateValue,
): readonly PlainStep[] | undefined {
  if (path.every((step) => step.kind !== 'symbol-index')) return path as readonly PlainStep[];
  const steps: PlainStep[] = [];
  for (const step of path) {
    if (step.kind !== 'symbol-index') {
      steps.push(step);
      continue;
    }
    const index = run.deeper(echoPath(path), () => resolve(step.path, moved, context, run, evaluate));
    if (index?.text === undefined) return undefined;
    steps.push({ kind: 'index', text: index.text, at: -1 });
  }
  return steps;
}

function walk(
  steps: readonly PlainStep[],
  written: string,
  at: number,
  context: Context,
  run: Run,
  evaluate: EvaluateValue,
): Resolved | undefined {
  const found = walkHere(steps, context, run, evaluate);
  if (found !== undefined) return valueAt(found, context, run, evaluate);
  const { parent } = context;
  if (parent === undefined) return undefined;
  // An index that came out of a token is not the same as one that was written.
  const marked = steps.map((step) => (step.at < 0 ? { ...step, text: `=${step.text}` } : step));
  return guarded(written, `${at} ${echoPath(marked)}`, parent, () =>
    walk(steps, written, at, parent, run, evaluate),
  );
}

function guarded<Result>(written: string, key: string, context: Context, resolveIt: () => Result): Result {
  for (let one: Context | undefined = context; one !== undefined; one = one.parent) {
    if (one.progress.includes(key)) throw recursion(written, one.progress);
  }
  context.progress.push(key);
  try {
    return resolveIt();
  } finally {
    context.progress.pop();
  }
}

function walkHere(
  steps: readonly PlainStep[],
  context: Context,
  run: Run,
  evaluate: EvaluateValue,
): BoundNode | undefined {
  let node = context.binding;
  for (const step of steps) {
    let next: BoundNode | undefined;
    if (step.kind === 'name') next = node.named.get(folded(step.text));
    else if (step.text === '*' && node.indexed.size > 0) next = node.indexed.values().next().value;
    else next = node.indexed.get(folded(step.text));
    next ??= insideJson(node, step.text, context, run, evaluate);
    if (next === undefined) return undefined;
    node = next;
  }
  return node;
}

function valueAt(node: BoundNode, context: Context, run: Run, evaluate: EvaluateValue): Resolved {
  const { value } = node;
  if (value === undefined) return { text: undefined, literal: false, missing: [], node };
  const { literal } = value;
  if (literal) return { text: value.text, literal, missing: [], node };
  // Only what belongs to the variables themselves outlives this evaluation.
  const keeps = context.parent === undefined && node.path !== '';
  if (keeps && node.evaluated !== undefined) {
    const { text, missing } = node.evaluated;
    return { text, literal, missing, node: undefined };
  }
  const before = run.unsteady;
  const result = evaluate(value, context, node.path === '' ? run.owner : node.path);
  if (result === undefined) return { text: value.text, literal, missing: [], node };
  if (keeps && run.unsteady === before) node.evaluated = result;
  return { ...result, literal, node: undefined };
}

/** The part of a JSON value that a step leads to: a member by its exact name, or an element by its number. */
function insideJson(
  node: BoundNode,
  step: string,
  context: Context,
  run: Run,
  evaluate: EvaluateValue,
): BoundNode | undefined {
  const { value } = node;
  if (value === undefined || value.text === '' || step === '') return undefined;
  const { literal } = value;
  let { text } = value;
  if (!literal && text.includes('#{')) {
    const keeps = context.parent === undefined && node.path !== '' ? node.evaluated : undefined;
    if (keeps === undefined) {
      const before = run.unsteady;
      try {
        const result = evaluate(value, context, node.path === '' ? run.owner : node.path);
        text = result?.text ?? text;
        if (context.parent === undefined && node.path !== '' && run.unsteady === before)
          node.evaluated = result;
      } catch (error) {
        if (!(error instanceof VariableError) || error.code !== 'TEMPLATE_RECURSION') throw error;
        run.unsteady += 1;
        return undefined;
      }
    } else {
      ({ text } = keeps);
    }
  }
  const document = run.json(text);
  if (document?.kind === 'object') {
    const member = document.members.get(step);
    return place('', { text: member === undefined ? '' : textOf(member), literal });
  }
  if (document?.kind === 'array') {
    const index = parseInt32(step);
    if (index === undefined) return undefined;
    if (index < 0) throw unfit(`[${index}]`, 'a JSON array has no element before its first');
    const element = document.items[index];
    return place('', { text: element === undefined ? '' : textOf(element), literal });
  }
  return undefined;
}

/** The items that `each` goes over. */
export function itemsOf(resolved: Resolved | undefined, run: Run): BoundNode[] {
  if (resolved === undefined) return [];
  const { node, text, literal } = resolved;
  if (node !== undefined && node.indexed.size > 0 && (!literal || text === undefined)) {
    return [...node.indexed.values()];
  }
  if (text === undefined) return [];
  run.work(text.length);
  const document = text === '' ? undefined : run.json(text);
  if (document?.kind === 'array') {
    return document.items.map((item) => place('', { text: textOf(item), literal }));
  }
  if (document?.kind === 'object') {
    return [...document.members].map(([name, member]) => {
      const item = place('', { text: name, literal });
      item.named.set('KEY', place('', { text: name, literal }));
      item.named.set('VALUE', place('', { text: textOf(member), literal }));
      return item;
    });
  }
  return text.split(',').map((part) => place('', { text: part, literal }));
}

function textOf(value: JsonValue): string {
  const text = jsonText(value);
  if (text === undefined) throw unfit('a JSON value', 'an integer in it does not fit 64 bits');
  return text;
}

function unfit(what: string, why: string): VariableError {
  return new VariableError('TEMPLATE_VALUE_UNFIT', `Cannot evaluate ${what}: ${why}`, {
    hint: 'Correct the value, or the path that leads into it.',
    details: { token: what },
  });
}

function recursion(written: string, progress: readonly string[]): VariableError {
  const chain = [...progress.map((key) => key.slice(key.indexOf(' ') + 1)), written];
  return new VariableError(
    'TEMPLATE_RECURSION',
    `Cannot evaluate ${written}: its value refers to itself (${chain.join(' -> ')})`,
    {
      hint: 'Change one of these variables so that it no longer leads back.',
      details: { variable: written, chain },
    },
  );
}
