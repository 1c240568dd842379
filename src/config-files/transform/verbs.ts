/** The verbs of `xdt:Transform`: what each does to the targets that were found for it. */
import { splitArguments } from './attribute-text.ts';
import { outerXml } from './clone.ts';
import { cloneOf, nullTarget, selectFrom, targetsOf, type ElementContext } from './element-context.ts';
import { attributeChanged } from './keyed-children.ts';
import { TransformFailure, type MessagePlace, type TransformMessageKind } from './messages.ts';
import { documentElement, insertChild, newLeaf, removeChild } from './tree.ts';
import type { TreeAttribute, TreeChild, TreeElement, TreeNode, TreeParent } from './tree-node.ts';

/** One application of a verb to one target. */
export type Application = {
  readonly verb: string;
  readonly context: ElementContext;
  readonly target: TreeNode;
  readonly targets: readonly TreeNode[];
  readonly argumentText: string | undefined;
  readonly warn: (kind: TransformMessageKind, message: string, place?: MessagePlace) => void;
  readonly detail: (message: string) => void;
};

export type Verb = {
  /** Whether it acts on the parents that the parent path finds. */
  readonly onParents: boolean;
  /** Whether it acts on each target rather than the first. */
  readonly onEach: boolean;
  readonly apply: (application: Application) => void;
};

const onFirst = (apply: Verb['apply']): Verb => ({ onParents: false, onEach: false, apply });
const onEach = (apply: Verb['apply']): Verb => ({ onParents: false, onEach: true, apply });
const onParent = (apply: Verb['apply']): Verb => ({ onParents: true, onEach: false, apply });

/** Verbs by name; names are case-sensitive. */
export const verbs: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  [
    'Replace',
    onFirst((application) => {
      expectNoArguments(application);
      expectOneTarget(application);
      const { target, context } = application;
      const { parent } = childOf(target);
      const clone = cloneOf(context);
      if (parent.kind === 'document' && target.kind !== 'element') throw secondRoot();
      insertChild(parent, clone, target as TreeChild);
      removeChild(target as TreeChild);
      application.detail(`Replaced '${nodeName(target)}' element`);
    }),
  ],
  [
    'Remove',
    onFirst((application) => {
      expectOneTarget(application);
      removeTarget(application);
    }),
  ],
  ['RemoveAll', onEach(removeTarget)],
  [
    'Insert',
    onParent((application) => {
      expectNoArguments(application);
      append(application);
    }),
  ],
  [
    'InsertIfMissing',
    onParent((application) => {
      expectNoArguments(application);
      if (targetsOf(application.context).length === 0) append(application);
    }),
  ],
  ['InsertBefore', onParent((application) => insertBeside(application, (sibling) => sibling))],
  ['InsertAfter', onParent((application) => insertBeside(application, (sibling) => sibling.next))],
  [
    'SetAttributes',
    onEach((application) => {
      setAttributes(application, ({ value }) => value);
    }),
  ],
  [
    'SetTokenizedAttributes',
    onEach((application) => {
      setAttributes(application, (attribute) => withTokens(application, attribute));
    }),
  ],
  ['RemoveAttributes', onEach(removeAttributes)],
  ['CommentOut', onFirst(commentOut)],
]);

function expectNoArguments({ verb, argumentText, warn }: Application): void {
  if (argumentText !== undefined) warn('unexpected-arguments', `${verb} does not expect arguments; ignoring`);
}

function expectOneTarget({ verb, targets, warn }: Application): void {
  if (targets.length > 1) {
    warn(
      'multiple-targets',
      `Found multiple target elements, but the '${verb}' Transform only applies to the first match`,
    );
  }
}

/** What stands in a list of children; attributes and the document do not. */
function childOf(node: TreeNode): { readonly parent: TreeParent } {
  if (node.kind === 'attribute' || node.parent === undefined) throw nullTarget();
  return { parent: node.parent };
}

function removeTarget(application: Application): void {
  expectNoArguments(application);
  const { target } = application;
  childOf(target);
  removeChild(target as TreeChild);
  application.detail(`Removed '${nodeName(target)}' element`);
}

function append({ target, context, detail }: Application): void {
  const clone = cloneOf(context);
  if (target.kind === 'document') {
    if (documentElement(target) !== undefined) throw secondRoot();
  } else if (target.kind !== 'element') {
    throw new TransformFailure(
      'null-target',
      'The specified node cannot be inserted as the valid child of this node, because the specified node is the wrong type.',
    );
  }
  insertChild(target, clone);
  detail(`Inserted '${clone.name}' element`);
}

function insertBeside(
  application: Application,
  before: (sibling: TreeElement) => TreeChild | undefined,
): void {
  const { context, detail } = application;
  const sibling = siblingOf(application);
  const { parent } = childOf(sibling);
  const clone = cloneOf(context);
  if (parent.kind === 'document') throw secondRoot();
  insertChild(parent, clone, before(sibling));
  detail(`Inserted '${clone.name}' element`);
}

function siblingOf({ verb, argumentText, target, context }: Application): TreeElement {
  const given = argumentText === undefined ? [] : splitArguments(argumentText);
  if (given.length === 0) {
    throw new TransformFailure('sibling-argument-missing', `${verb} requires an XPath argument`);
  }
  if (given.length > 1)
    throw new TransformFailure('sibling-too-many-arguments', `Too many arguments to ${verb}`);
  const xpath = given[0]!;
  const found = selectFrom(target, xpath, context.target)[0];
  if (found === undefined) {
    throw new TransformFailure('sibling-no-match', `No element in the source document matches '${xpath}'`);
  }
  if (found.kind === 'element') return found;
  throw new TransformFailure('sibling-not-element', `'${xpath}' does not evaluate to an element`);
}

/** The attributes that the arguments name on an element, all where there are none. */
function namedAttributes(application: Application, from: TreeNode): readonly TreeAttribute[] {
  const { argumentText, context, warn } = application;
  const select = (names: readonly string[]): readonly TreeNode[] =>
    selectFrom(from, names.map((name) => `@${name}`).join('|'), context.target);
  let found: readonly TreeNode[];
  if (argumentText === undefined) {
    found = select(['*']);
  } else {
    const names = splitArguments(argumentText);
    found = [];
    for (const name of names) {
      found = select([name]);
      if (found.length === 0) {
        warn('argument-no-attribute', `Argument '${name}' did not match any attributes`);
      }
    }
    if (names.length > 1) found = select(names);
  }
  return found.map((node) => {
    if (node.kind === 'attribute') return node;
    throw new TransformFailure('bad-xpath', `'@${argumentText}' does not evaluate to attributes`);
  });
}

function setAttributes(application: Application, valueOf: (attribute: TreeAttribute) => string): void {
  const { context, target, detail, warn } = application;
  const given = namedAttributes(application, cloneOf(context));
  for (const attribute of given) {
    if (target.kind !== 'element') throw nullTarget();
    setAttribute(target, attribute, valueOf(attribute));
    detail(`Set '${attribute.name}' attribute`);
  }
  context.target.document.ordered = false;
  if (given.length > 0) detail(`Set ${given.length} attributes`);
  else warn('nothing-to-set', 'No attributes found to set');
}

function setAttribute(target: TreeElement, attribute: TreeAttribute, value: string): void {
  const present = target.attributes.find(({ name }) => name === attribute.name);
  if (present !== undefined) {
    if (present.value !== value) attributeChanged(target, present.localName);
    present.value = value;
    present.written = undefined;
    return;
  }
  attributeChanged(target, attribute.localName);
  const { localName, namespace } = attribute;
  target.attributes = target.attributes.filter(
    (one) => one.localName !== localName || one.namespace !== namespace,
  );
  const written = value === attribute.value ? attribute.written : undefined;
  target.attributes.push({ ...attribute, element: target, value, written });
  target.altered = true;
}

function removeAttributes(application: Application): void {
  const { target, detail, warn, context } = application;
  const found = namedAttributes(application, target);
  if (target.kind === 'element' && found.length > 0) {
    const gone = new Set(found);
    target.attributes = target.attributes.filter((attribute) => !gone.has(attribute));
    target.altered = true;
    context.target.document.ordered = false;
    for (const { localName } of found) attributeChanged(target, localName);
    for (const { name } of found) detail(`Removed '${name}' attribute`);
    detail(`Removed ${found.length} attributes`);
  } else {
    warn('nothing-to-remove', 'No attributes found to remove', target);
  }
}

const tokens = /\$\(([\p{L}\p{Mn}\p{Nd}\p{Pc}:.]+)\)/gu;

/** `$(name)` in a new value: that attribute of the target, else of the transform element, but never itself. */
function withTokens({ target, context }: Application, attribute: TreeAttribute): string {
  return attribute.value.replaceAll(tokens, (_, name: string) => {
    const named = (one: TreeAttribute): boolean => one.name === name;
    const ofTarget = target.kind === 'element' ? target.attributes.find(named) : undefined;
    const itself = name.toLowerCase() === attribute.name.toLowerCase();
    const found = ofTarget ?? (itself ? undefined : cloneOf(context).attributes.find(named));
    if (found === undefined) throw nullTarget();
    return found.value;
  });
}

function commentOut({ target, detail }: Application): void {
  const { parent } = childOf(target);
  const child = target as TreeChild;
  const text = ` ${outerXml(child)} `;
  if (text.includes('--')) {
    throw new TransformFailure(
      'bad-comment',
      `'${nodeName(child)}' holds "--", which can't stand in a comment`,
    );
  }
  insertChild(parent, newLeaf('comment', text), child);
  removeChild(child);
  detail(`Commented out '${nodeName(child)}' element`);
}

function secondRoot(): TransformFailure {
  return new TransformFailure('null-target', "This document already has a 'DocumentElement' node.");
}

function nodeName(node: TreeNode): string {
  switch (node.kind) {
    case 'element':
    case 'attribute':
    case 'instruction':
      return node.name;
    default:
      return `#${node.kind}`;
  }
}
