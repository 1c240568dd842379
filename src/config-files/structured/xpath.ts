import type { PathNode } from './xml-nodes.ts';
import { atomized, isNode, numberOf, truthOf, xpathFunctions, XPathFailure } from './xpath-functions.ts';
import type { Focus, Item } from './xpath-functions.ts';
import { parseXPath, type Axis, type Expression, type NodeTest, type Step } from './xpath-parse.ts';

const functionNames: ReadonlySet<string> = new Set(xpathFunctions.keys());
/** Beyond this an expression is given up: on a file of some megabytes a second of looking. */
const visitsMax = 20_000_000;

/** `text` as an expression that can be evaluated, undefined where it is none. */
export function compileXPath(text: string, namespaces: ReadonlyMap<string, string>): Expression | undefined {
  return parseXPath(text, namespaces, functionNames);
}

/** The nodes that the expression selects, in the order of the document, or why it can't be said. */
export function selectNodes(
  expression: Expression,
  root: PathNode,
): { readonly nodes: readonly PathNode[] } | { readonly failure: string } {
  let visits = 0;
  const visited = (): void => {
    visits += 1;
    if (visits > visitsMax) throw new XPathFailure('it takes too long on this file');
  };
  try {
    const items = evaluate(expression, { node: root, position: 1, size: 1 }, root, visited);
    const nodes = items.filter(isNode);
    if (nodes.length < items.length) throw new XPathFailure('it selects no nodes of the file');
    return { nodes };
  } catch (error) {
    if (error instanceof XPathFailure) return { failure: error.message };
    throw error;
  }
}

function evaluate(
  expression: Expression,
  focus: Focus,
  root: PathNode,
  visited: () => void,
): readonly Item[] {
  const inner = (one: Expression): readonly Item[] => evaluate(one, focus, root, visited);
  switch (expression.kind) {
    case 'literal':
      return [expression.value];
    case 'context':
      return [focus.node];
    case 'variable':
      throw new XPathFailure('it names an XPath variable, and there are none');
    case 'sequence':
      return expression.items.flatMap((item) => inner(item));
    case 'negation':
      return negated(inner(expression.of));
    case 'call':
      return called(
        expression.name,
        expression.given.map((one) => inner(one)),
        focus,
      );
    case 'operation':
      return operated(expression.operator, inner(expression.left), () => inner(expression.right));
    case 'path': {
      let items: readonly Item[] = [expression.isAbsolute ? root : focus.node];
      for (const step of expression.steps) items = stepped(step, items, root, visited);
      return items;
    }
  }
}

function stepped(step: Step, from: readonly Item[], root: PathNode, visited: () => void): readonly Item[] {
  const found = new Set<Item>();
  for (const [n, item] of from.entries()) {
    if (!isNode(item)) throw new XPathFailure('a step begins at something that is no node');
    let here: readonly Item[];
    if (step.axis === 'filter') {
      here = evaluate(step.of, { node: item, position: n + 1, size: from.length }, root, visited);
    } else {
      const { axis, test } = step;
      here = nodesAlong(axis, item).filter((node) => {
        visited();
        return passes(test, node, axis);
      });
    }
    for (const predicate of step.predicates) here = filtered(predicate, here, root, visited);
    for (const one of here) found.add(one);
  }
  const all = [...found];
  return all.every((item) => isNode(item)) ? all.toSorted((one, other) => one.order - other.order) : all;
}

function filtered(
  predicate: Expression,
  items: readonly Item[],
  root: PathNode,
  visited: () => void,
): readonly Item[] {
  return items.filter((item, n) => {
    if (!isNode(item)) throw new XPathFailure('a predicate stands behind something that is no node');
    visited();
    const result = evaluate(predicate, { node: item, position: n + 1, size: items.length }, root, visited);
    const [only] = result;
    return result.length === 1 && typeof only === 'number' ? only === n + 1 : truthOf(result);
  });
}

/** As `along`, without walking where there is a list already. */
function nodesAlong(axis: Axis, node: PathNode): readonly PathNode[] {
  if (axis === 'child') return node.children;
  return axis === 'attribute' ? node.attributes : [...along(axis, node)];
}

/** The nodes along an axis, those next to the node first. */
function* along(axis: Axis, node: PathNode): Generator<PathNode> {
  switch (axis) {
    case 'child':
      yield* node.children;
      break;
    case 'attribute':
      yield* node.attributes;
      break;
    case 'self':
      yield node;
      break;
    case 'parent':
      if (node.parent !== undefined) yield node.parent;
      break;
    case 'descendant-or-self':
    case 'descendant': {
      const open = [node];
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        if (next !== node || axis === 'descendant-or-self') yield next;
        for (let n = next.children.length - 1; n >= 0; n -= 1) open.push(next.children[n]!);
      }
      break;
    }
    case 'ancestor-or-self':
    case 'ancestor':
      for (let one = axis === 'ancestor' ? node.parent : node; one !== undefined; one = one.parent) yield one;
      break;
    case 'following-sibling':
      yield* siblings(node).filter((one) => one.order > node.order);
      break;
    case 'preceding-sibling':
      yield* siblings(node)
        .filter((one) => one.order < node.order)
        .toReversed();
      break;
    case 'following':
      for (const above of along('ancestor-or-self', node)) {
        for (const one of along('following-sibling', above)) yield* along('descendant-or-self', one);
      }
      break;
    case 'preceding':
      for (const above of along('ancestor-or-self', node)) {
        for (const one of along('preceding-sibling', above)) {
          yield* [...along('descendant-or-self', one)].toReversed();
        }
      }
      break;
  }
}

function siblings(node: PathNode): readonly PathNode[] {
  return node.kind === 'attribute' ? [] : (node.parent?.children ?? []);
}

function passes(test: NodeTest, node: PathNode, axis: Axis): boolean {
  switch (test.kind) {
    case 'node':
      return true;
    case 'text':
    case 'comment':
    case 'document':
      return node.kind === test.kind;
    case 'instruction':
      return (
        node.kind === 'instruction' &&
        (test.target === undefined || /^\S*/.exec(node.at.value)![0] === test.target)
      );
    case 'name': {
      if (node.kind !== (axis === 'attribute' ? 'attribute' : 'element')) return false;
      const { namespace, localName } = (node as Extract<PathNode, { kind: 'element' | 'attribute' }>).at;
      return (
        (test.namespace === undefined || test.namespace === namespace) &&
        (test.localName === undefined || test.localName === localName)
      );
    }
  }
}

function called(name: string, given: readonly (readonly Item[])[], focus: Focus): readonly Item[] {
  const { least, most, call } = xpathFunctions.get(name)!;
  if (given.length < least || given.length > most) throw new XPathFailure(`${name} takes other arguments`);
  return call(given, focus);
}

function negated(items: readonly Item[]): readonly Item[] {
  return items.length === 0 ? [] : [-numberOf(items)];
}

function operated(operator: string, left: readonly Item[], right: () => readonly Item[]): readonly Item[] {
  switch (operator) {
    case 'or':
      return [truthOf(left) || truthOf(right())];
    case 'and':
      return [truthOf(left) && truthOf(right())];
    case '|':
    case 'union':
      return ordered([...nodesOnly(left), ...nodesOnly(right())]);
    case 'intersect': {
      const others = new Set(nodesOnly(right()));
      return nodesOnly(left).filter((node) => others.has(node));
    }
    case 'except': {
      const others = new Set(nodesOnly(right()));
      return nodesOnly(left).filter((node) => !others.has(node));
    }
    case 'is':
    case '<<':
    case '>>':
      return comparedNodes(operator, nodesOnly(left), nodesOnly(right()));
    case 'to': {
      const [from, to] = [numberOf(left), numberOf(right())];
      if (to - from > 100_000) throw new XPathFailure('a range is too long');
      return Array.from({ length: Math.max(0, to - from + 1) }, (_, n) => from + n);
    }
    case '+':
    case '-':
    case '*':
    case 'div':
    case 'idiv':
    case 'mod': {
      const others = right();
      if (left.length === 0 || others.length === 0) return [];
      return [computed(operator, numberOf(left), numberOf(others))];
    }
    default: {
      const others = right();
      return [left.some((one) => others.some((other) => compares(operator, atomized(one), atomized(other))))];
    }
  }
}

function nodesOnly(items: readonly Item[]): PathNode[] {
  const nodes = items.filter(isNode);
  if (nodes.length < items.length) throw new XPathFailure('nodes are expected on both sides of an operator');
  return nodes;
}

function ordered(nodes: readonly PathNode[]): PathNode[] {
  return [...new Set(nodes)].toSorted((one, other) => one.order - other.order);
}

function comparedNodes(
  operator: 'is' | '<<' | '>>',
  [one]: readonly PathNode[],
  [other]: readonly PathNode[],
): readonly Item[] {
  if (one === undefined || other === undefined) return [];
  if (operator === 'is') return [one === other];
  return [operator === '<<' ? one.order < other.order : one.order > other.order];
}

function computed(operator: '+' | '-' | '*' | 'div' | 'idiv' | 'mod', left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case 'div':
      return left / right;
    case 'idiv':
      return Math.trunc(left / right);
    case 'mod':
      return left % right;
  }
}

type Value = string | number | boolean;

/** A number makes both sides numbers, a truth both truths; everything else is compared as text. */
function compares(operator: string, left: Value, right: Value): boolean {
  const kind = [typeof left, typeof right];
  const as = (value: Value): Value => {
    if (kind.includes('number')) return numberOf([value]);
    if (kind.includes('boolean'))
      return typeof value === 'boolean' ? value : value === 'true' || value === '1';
    return value;
  };
  const [one, other] = [as(left), as(right)];
  switch (operator) {
    case '=':
    case 'eq':
      return one === other;
    case '!=':
    case 'ne':
      return one !== other;
    case '<':
    case 'lt':
      return one < other;
    case '<=':
    case 'le':
      return one <= other;
    case '>':
    case 'gt':
      return one > other;
    default:
      return one >= other;
  }
}
