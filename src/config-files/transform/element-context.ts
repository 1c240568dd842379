import { readNameAndArguments, type NameAndArguments } from './attribute-text.ts';
import { cloneForTarget } from './clone.ts';
import { defaultLocator, defaultNamespacePrefix, locators, type Locator } from './locators.ts';
import { TransformFailure } from './messages.ts';
import type { TreeAttribute, TreeDocument, TreeElement, TreeNode } from './tree-node.ts';
import { selectNodes, type XPathBudget } from './xpath-evaluate.ts';
import { parseXPath, type Prefixes } from './xpath-parse.ts';

export const transformNamespace = 'http://schemas.microsoft.com/XML-Document-Transform';

/** The document being transformed, and what it was before the first transform. */
export type Target = {
  readonly document: TreeDocument;
  readonly original: () => TreeDocument;
  readonly budget: XPathBudget;
};

/**
 * One element of the transform: its paths and what they find. What was found once is not looked for again, so that a
 * parent still counts as found after it was removed.
 */
export type ElementContext = {
  readonly element: TreeElement;
  readonly parent: ElementContext | undefined;
  readonly target: Target;
  path: string | undefined;
  parentPath: string | undefined;
  targets: readonly TreeNode[] | undefined;
  targetParents: readonly TreeNode[] | undefined;
  clone: TreeElement | undefined;
};

export function newContext(
  element: TreeElement,
  parent: ElementContext | undefined,
  target: Target,
): ElementContext {
  return {
    element,
    parent,
    target,
    path: undefined,
    parentPath: undefined,
    targets: undefined,
    targetParents: undefined,
    clone: undefined,
  };
}

/** The XPath of the elements that this one is about. Throws TransformFailure, placed. */
export function pathOf(context: ElementContext): string {
  context.path ??= located(context, (locator, request) => locator.path(request));
  return context.path;
}

export function parentPathOf(context: ElementContext): string {
  context.parentPath ??= located(context, (locator, request) => locator.parentPath(request));
  return context.parentPath;
}

export function targetsOf(context: ElementContext): readonly TreeNode[] {
  context.targets ??= select(context, pathOf(context), context.target.document);
  return context.targets;
}

/** Throws TransformFailure `null-target` for the root of the transform, which has no parent. */
export function targetParentsOf(context: ElementContext): readonly TreeNode[] {
  if (context.parent === undefined) throw nullTarget();
  context.targetParents ??= select(context, parentPathOf(context), context.target.document);
  return context.targetParents;
}

/** The element as it goes into the target. */
export function cloneOf(context: ElementContext): TreeElement {
  context.clone ??= cloneForTarget(context.element, transformNamespace);
  return context.clone;
}

/** Whether `path` found something before the first transform. */
export function existedBefore(context: ElementContext, path: string): boolean {
  return select(context, path, context.target.original()).length > 0;
}

/** Evaluates an argument of a verb from one node; no prefix can be used there. */
export function selectFrom(node: TreeNode, xpath: string, { document, budget }: Target): readonly TreeNode[] {
  return selectNodes(parseXPath(xpath, noPrefixes), node, document, budget);
}

/** What an attribute in the transform's namespace names. Throws TransformFailure, placed at the attribute. */
export function readTransformAttribute(
  element: TreeElement,
  localName: 'Transform' | 'Locator',
): (NameAndArguments & { readonly attribute: TreeAttribute }) | undefined {
  const attribute = transformAttribute(element, localName);
  if (attribute === undefined) return undefined;
  try {
    return { ...readNameAndArguments(attribute.value), attribute };
  } catch (error) {
    throw placed(error, attribute);
  }
}

export function transformAttribute(element: TreeElement, localName: string): TreeAttribute | undefined {
  return element.attributes.find(
    (one) => one.localName === localName && one.namespace === transformNamespace,
  );
}

/** A failure with a place, where it has none yet; any other error is ours and stays as it is. */
export function placed(error: unknown, place: TreeElement | TreeAttribute | undefined): unknown {
  return error instanceof TransformFailure ? error.placedAt(place) : error;
}

export function nullTarget(): TransformFailure {
  return new TransformFailure('null-target', 'Object reference not set to an instance of an object.');
}

function located(
  context: ElementContext,
  build: (
    locator: Locator,
    request: { base: string; element: TreeElement; argumentText: string | undefined },
  ) => string,
): string {
  const { element, parent } = context;
  try {
    const base = parent === undefined ? '' : pathOf(parent);
    const given = readTransformAttribute(element, 'Locator');
    const locator = given === undefined ? defaultLocator : locatorNamed(given.name, given.attribute);
    return build(locator, { base, element, argumentText: given?.argumentText });
  } catch (error) {
    throw placed(error, element);
  }
}

/** Names of the other kind, which are known but not meant here. */
const transformNames: ReadonlySet<string> = new Set([
  'AttributeTransform',
  'CommentOut',
  'Insert',
  'InsertAfter',
  'InsertBase',
  'InsertBefore',
  'InsertIfMissing',
  'Locator',
  'Remove',
  'RemoveAll',
  'RemoveAttributes',
  'Replace',
  'SetAttributes',
  'SetTokenizedAttributes',
  'Transform',
]);

function locatorNamed(name: string, place: TreeAttribute): Locator {
  const locator = locators.get(name);
  if (locator !== undefined) return locator;
  throw unresolved(name, 'Locator', transformNames.has(name), place);
}

/** The failure of a name that is not there, or is of another kind. */
export function unresolved(
  name: string,
  kind: 'Transform' | 'Locator',
  known: boolean,
  place: TreeAttribute,
): TransformFailure {
  return known
    ? new TransformFailure(
        'wrong-kind',
        `'Microsoft.Web.XmlTransform.${name}' is not a type of ${kind}`,
        place,
      )
    : new TransformFailure('unknown-name', `Could not resolve '${name}' as a type of ${kind}`, place);
}

function select(context: ElementContext, path: string, document: TreeDocument): readonly TreeNode[] {
  const expression = parseXPath(path, prefixesOf(context.element));
  return selectNodes(expression, document, document, context.target.budget);
}

const noPrefixes: Prefixes = (prefix) =>
  prefix === 'xml' ? 'http://www.w3.org/XML/1998/namespace' : undefined;

/** The declarations in scope on a transform element; its default namespace has a name of its own. */
function prefixesOf(element: TreeElement): Prefixes {
  return (prefix) => {
    const declaration = prefix === defaultNamespacePrefix ? 'xmlns' : `xmlns:${prefix}`;
    for (let at: TreeElement | TreeDocument | undefined = element; at !== undefined; at = at.parent) {
      if (at.kind !== 'element') break;
      const found = at.attributes.find((one) => one.name === declaration);
      if (found !== undefined) return found.value === '' ? undefined : found.value;
    }
    return noPrefixes(prefix);
  };
}
