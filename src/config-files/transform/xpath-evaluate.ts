import { childrenByKey } from './keyed-children.ts';
import { TransformFailure } from './messages.ts';
import { isTextual, stringValue } from './string-value.ts';
import { following, followingOutside, xmlnsNamespace } from './tree.ts';
import type { TreeChild, TreeDocument, TreeNode, TreeParent } from './tree-node.ts';
import {
  toBoolean,
  toNumber,
  toText,
  xpathFunctions,
  type XPathContext,
  type XPathValue,
} from './xpath-functions.ts';
import type { Arithmetic, Comparison, NodeTest, Step, XPath } from './xpath-parse.ts';

/** How much all expressions of one transform may look at together. */
export type XPathBudget = { visits: number };

export const visitsMax = 1_000_000_000;

/**
 * The nodes that an expression selects from `start`, each once and in document order. Throws TransformFailure
 * `bad-xpath` where the budget is used up.
 */
export function selectNodes(
  expression: XPath,
  start: TreeNode,
  document: TreeDocument,
  budget: XPathBudget,
): readonly TreeNode[] {
  const visit = (): void => {
    budget.visits += 1;
    if (budget.visits > visitsMax) {
      throw new TransformFailure('bad-xpath', 'The expressions of this transform look at too many nodes.');
    }
  };

  const evaluate = (one: XPath, context: XPathContext): XPathValue => {
    switch (one.kind) {
      case 'literal':
        return one.value;
      case 'call':
        return xpathFunctions.get(one.name)!.run(
          one.items.map((item) => evaluate(item, context)),
          context,
        );
      case 'or':
        return one.items.some((item) => toBoolean(evaluate(item, context)));
      case 'and':
        return one.items.every((item) => toBoolean(evaluate(item, context)));
      case 'union':
        return inOrder(one.items.flatMap((item) => evaluate(item, context) as readonly TreeNode[]));
      case 'compare': {
        let value = evaluate(one.first, context);
        for (const { operator, item } of one.rest) {
          value = compared(operator, value, evaluate(item, context), visit);
        }
        return value;
      }
      case 'calculate': {
        let value = toNumber(evaluate(one.first, context));
        for (const { operator, item } of one.rest) {
          value = calculated(operator, value, toNumber(evaluate(item, context)));
        }
        return value;
      }
      case 'negate':
        return -toNumber(evaluate(one.item, context));
      case 'path':
        return walk(one, context);
    }
  };

  const walk = (path: Extract<XPath, { kind: 'path' }>, context: XPathContext): readonly TreeNode[] => {
    let nodes: readonly TreeNode[];
    if (path.from === 'root') nodes = [document];
    else if (path.from === 'here') nodes = [context.node];
    else nodes = evaluate(path.from, context) as readonly TreeNode[];
    for (const predicate of path.predicates) nodes = filtered(nodes, predicate);
    // Sets whose nodes lie beside one another stay in order by themselves.
    let beside = nodes.length <= 1;
    for (const step of path.steps) {
      const found: TreeNode[] = [];
      for (const node of nodes) stepFrom(node, step, found);
      const keepsOrder = step.axis === 'child' || step.axis === 'attribute' || step.axis === 'self';
      nodes = (keepsOrder && beside) || nodes.length <= 1 ? found : inOrder(found);
      beside = (beside && keepsOrder) || nodes.length <= 1;
    }
    return nodes;
  };

  /** Whether a predicate that asks for no position is true of a node. */
  const holds = (predicate: XPath, node: TreeNode): boolean => {
    if (predicate.kind === 'compare') {
      const asked = attributeAsked(predicate);
      if (asked !== undefined) return hasAttribute(node, asked);
    }
    if (predicate.kind === 'and') return predicate.items.every((item) => holds(item, node));
    return toBoolean(evaluate(predicate, { node, position: 1, size: 1 }));
  };

  /** Children by name, the step that paths of transforms are made of, in one plain loop. */
  const childrenNamed = (node: TreeParent, { test, predicates }: Step, into: TreeNode[]): void => {
    if (test.kind !== 'name') return;
    const key = keyOf(predicates[0]);
    const keyed = key && childrenByKey(node, { ...test, ...key }, key.value);
    if (keyed !== undefined) {
      for (const one of keyed) {
        visit();
        if (predicates.every((each) => holds(each, one))) into.push(one);
      }
      return;
    }
    for (let at = node.first; at !== undefined; at = at.next) {
      visit();
      if (at.kind !== 'element' || at.localName !== test.localName || at.namespace !== test.namespace)
        continue;
      const one: TreeNode = at;
      if (predicates.every((each) => holds(each, one))) into.push(one);
    }
  };

  const stepFrom = (node: TreeNode, step: Step, into: TreeNode[]): void => {
    const { axis, test, predicates } = step;
    if (step.positionFree) {
      if (axis === 'child' && test.kind === 'name' && (node.kind === 'element' || node.kind === 'document')) {
        childrenNamed(node, step, into);
        return;
      }
      const from = into.length;
      for (const one of axisOf(node, axis)) {
        visit();
        if (passes(one, test, axis) && predicates.every((each) => holds(each, one))) into.push(one);
      }
      if (reverse.has(axis)) for (const one of into.splice(from).reverse()) into.push(one);
      return;
    }
    let nodes: TreeNode[] = [];
    for (const one of axisOf(node, axis)) {
      visit();
      if (passes(one, test, axis)) nodes.push(one);
    }
    for (const predicate of predicates) nodes = filtered(nodes, predicate);
    if (reverse.has(axis)) nodes.reverse();
    for (const one of nodes) into.push(one);
  };

  const filtered = (nodes: readonly TreeNode[], predicate: XPath): TreeNode[] => {
    if (predicate.kind === 'literal' && typeof predicate.value === 'number') {
      const only = nodes[predicate.value - 1];
      return only === undefined ? [] : [only];
    }
    return nodes.filter((node, n) => {
      const value = evaluate(predicate, { node, position: n + 1, size: nodes.length });
      return predicate.type === 'number' ? value === n + 1 : toBoolean(value);
    });
  };

  const inOrder = (nodes: readonly TreeNode[]): readonly TreeNode[] => {
    if (nodes.length <= 1) return nodes;
    numberAll(nodes[0]!);
    return [...new Set(nodes)].sort((a, b) => a.order - b.order);
  };

  return evaluate(expression, { node: start, position: 1, size: 1 }) as readonly TreeNode[];
}

const reverse: ReadonlySet<string> = new Set([
  'ancestor',
  'ancestor-or-self',
  'preceding',
  'preceding-sibling',
]);

type AttributeKey = {
  readonly attributeName: string;
  readonly attributeNamespace: string;
  readonly value: string;
};

/** What `@name = 'text'` asks for, the heart of every keyed transform; undefined for all else. */
function attributeAsked({ first, rest }: Extract<XPath, { kind: 'compare' }>): AttributeKey | undefined {
  const only = rest[0]!;
  if (rest.length !== 1 || only.operator !== '=' || only.item.kind !== 'literal') return undefined;
  if (typeof only.item.value !== 'string' || first.kind !== 'path' || first.from !== 'here') return undefined;
  const step = first.steps[0]!;
  if (first.steps.length !== 1 || step.axis !== 'attribute' || step.test.kind !== 'name') return undefined;
  if (step.predicates.length > 0) return undefined;
  const { localName, namespace } = step.test;
  return { attributeName: localName, attributeNamespace: namespace, value: only.item.value };
}

/** The first thing that a predicate of `Match` asks for. */
function keyOf(predicate: XPath | undefined): AttributeKey | undefined {
  if (predicate?.kind === 'and') return keyOf(predicate.items[0]);
  return predicate?.kind === 'compare' ? attributeAsked(predicate) : undefined;
}

function hasAttribute(node: TreeNode, { attributeName, attributeNamespace, value }: AttributeKey): boolean {
  if (node.kind !== 'element') return false;
  for (const attribute of node.attributes) {
    if (attribute.localName === attributeName && attribute.namespace === attributeNamespace) {
      return attribute.value === value;
    }
  }
  return false;
}

function passes(node: TreeNode, test: NodeTest, axis: Step['axis']): boolean {
  const principal = axis === 'attribute' ? 'attribute' : 'element';
  switch (test.kind) {
    case 'node':
      return true;
    case 'any':
      return node.kind === principal;
    case 'namespace':
      return node.kind === principal && node.namespace === test.namespace;
    case 'name':
      return (
        node.kind === principal && node.localName === test.localName && node.namespace === test.namespace
      );
    case 'text':
      return isTextual(node);
    case 'comment':
      return node.kind === 'comment';
    case 'instruction':
      return node.kind === 'instruction' && (test.name === undefined || node.name === test.name);
  }
}

/**
 * Whether XPath sees the node: not the declaration, the document type, a reference, text behind text, or white space
 * outside the root.
 */
function isSeen(node: TreeChild): boolean {
  if (node.kind === 'declaration' || node.kind === 'doctype' || node.kind === 'reference') return false;
  return !isTextual(node) || (!isTextual(node.previous) && node.parent?.kind !== 'document');
}

function* axisOf(node: TreeNode, axis: Step['axis']): Generator<TreeNode> {
  switch (axis) {
    case 'self':
      yield node;
      return;
    case 'attribute':
      if (node.kind !== 'element') return;
      for (const one of node.attributes) if (one.namespace !== xmlnsNamespace) yield one;
      return;
    case 'child':
      if (node.kind !== 'element' && node.kind !== 'document') return;
      for (let at = node.first; at !== undefined; at = at.next) if (isSeen(at)) yield at;
      return;
    case 'parent': {
      const parent = parentOf(node);
      if (parent !== undefined) yield parent;
      return;
    }
    case 'ancestor-or-self':
    case 'ancestor': {
      if (axis === 'ancestor-or-self') yield node;
      for (let at = parentOf(node); at !== undefined; at = parentOf(at)) yield at;
      return;
    }
    case 'descendant-or-self':
    case 'descendant': {
      if (axis === 'descendant-or-self') yield node;
      if (node.kind !== 'element' && node.kind !== 'document') return;
      for (let at = following(node, node); at !== undefined; at = following(at, node)) {
        if (isSeen(at)) yield at;
      }
      return;
    }
    case 'following-sibling':
    case 'preceding-sibling': {
      if (node.kind === 'attribute' || node.kind === 'document') return;
      const forward = axis === 'following-sibling';
      for (let at = forward ? node.next : node.previous; at; at = forward ? at.next : at.previous) {
        if (isSeen(at) && !sameText(at, node)) yield at;
      }
      return;
    }
    case 'following':
    case 'preceding':
      yield* outside(node, axis);
      return;
    case 'namespace':
      return;
  }
}

function* outside(node: TreeNode, axis: 'following' | 'preceding'): Generator<TreeNode> {
  const start = node.kind === 'attribute' ? node.element : node;
  if (start === undefined || start.kind === 'document') return;
  const top = topOf(start);
  if (axis === 'following') {
    let at = node.kind === 'attribute' ? following(start, top) : followingOutside(start, top);
    for (; at !== undefined; at = following(at, top)) if (isSeen(at) && !sameText(at, start)) yield at;
    return;
  }
  const ancestors = new Set<TreeNode>();
  for (let at: TreeNode | undefined = start; at !== undefined; at = parentOf(at)) ancestors.add(at);
  const before: TreeNode[] = [];
  for (let at = following(top, top); at !== undefined && at !== start; at = following(at, top)) {
    if (isSeen(at) && !ancestors.has(at)) before.push(at);
  }
  yield* before.reverse();
}

/** Whether a text node begins before `node` and goes on through it: then it is the same text. */
function sameText(first: TreeChild, node: TreeChild): boolean {
  if (!isTextual(first) || !isTextual(node)) return false;
  let at: TreeChild | undefined = first;
  while (at !== undefined && isTextual(at) && at !== node) at = at.next;
  return at === node;
}

/** The document, or the element that stands in none. */
function topOf(node: TreeNode): TreeParent {
  let at: TreeNode = node;
  for (let outer = parentOf(at); outer !== undefined; outer = parentOf(at)) at = outer;
  return at as TreeParent;
}

function parentOf(node: TreeNode): TreeNode | undefined {
  return node.kind === 'attribute' ? node.element : node.parent;
}

/** Gives every node of the tree around `node` its number in document order. */
function numberAll(node: TreeNode): void {
  const top = topOf(node);
  if (top.kind === 'document' && top.ordered) return;
  let order = 0;
  for (let at: TreeParent | TreeChild | undefined = top; at !== undefined; at = following(at, top)) {
    at.order = order;
    order += 1;
    if (at.kind !== 'element') continue;
    for (const attribute of at.attributes) {
      attribute.order = order;
      order += 1;
    }
  }
  if (top.kind === 'document') top.ordered = true;
}

function compared(operator: Comparison, left: XPathValue, right: XPathValue, visit: () => void): boolean {
  if (typeof left === 'object' && typeof right === 'object') {
    const rights = right.map(stringValue);
    if (operator === '=' || operator === '!=') {
      const different = new Set(rights);
      return left.some((node) => {
        visit();
        const text = stringValue(node);
        return operator === '=' ? different.has(text) : different.size > (different.has(text) ? 1 : 0);
      });
    }
    const numbers = rights.map(toNumber).filter((value) => !Number.isNaN(value));
    const extreme = operator.startsWith('<') ? greatest(numbers) : -greatest(numbers.map((value) => -value));
    return numbers.length > 0 && left.some((node) => simply(operator, toNumber([node]), extreme));
  }
  if (typeof left === 'object') return againstNodes(operator, left, right);
  if (typeof right === 'object') return againstNodes(turned[operator], right, left);
  return simply(operator, left, right);
}

function againstNodes(operator: Comparison, nodes: readonly TreeNode[], value: XPathValue): boolean {
  if (typeof value === 'boolean') return simply(operator, nodes.length > 0, value);
  return nodes.some((node) =>
    simply(operator, typeof value === 'number' ? toNumber([node]) : stringValue(node), value),
  );
}

const turned: Readonly<Record<Comparison, Comparison>> = {
  '=': '=',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** Two values that are no sets of nodes. */
function simply(operator: Comparison, left: XPathValue, right: XPathValue): boolean {
  if (operator === '=' || operator === '!=') {
    let same: boolean;
    if (typeof left === 'boolean' || typeof right === 'boolean') same = toBoolean(left) === toBoolean(right);
    else if (typeof left === 'number' || typeof right === 'number') same = toNumber(left) === toNumber(right);
    else same = toText(left) === toText(right);
    return same === (operator === '=');
  }
  const [a, b] = [toNumber(left), toNumber(right)];
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

function calculated(operator: Arithmetic, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case 'div':
      return left / right;
    case 'mod':
      return left % right;
  }
}

function greatest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}
