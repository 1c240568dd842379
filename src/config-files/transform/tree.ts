/**
 * The tree that transforms work on. Children are a linked list, so that a node comes and goes without the others
 * being touched; nothing here recurses, because depth is the package's choice.
 */

import { childWasPut, childWasRemoved, type KeyedChildren } from './keyed-children.ts';

/** The text that a part of the tree was read from, and how its lines and columns are told. */
export type Origin = {
  readonly file: 'source' | 'transform';
  readonly text: string;
  /** Added to lines and columns: a clone is told of as if it stood where its element does. */
  readonly lineOffset: number;
  readonly columnOffset: number;
  /** From here on white space inside tags is not known: a CR without its LF came before. */
  readonly spacesKnownTo: number;
  /** Offsets at which lines start, found when the first place is told. */
  lineStarts: readonly number[] | undefined;
};

export type TreeAttribute = {
  readonly kind: 'attribute';
  element: TreeElement | undefined;
  name: string;
  prefix: string;
  readonly localName: string;
  /** Empty for none; declarations are in `http://www.w3.org/2000/xmlns/`. */
  readonly namespace: string;
  value: string;
  /** The value as it is written, where the source has told; references to entities stand here and not in `value`. */
  written: string | undefined;
  readonly origin: Origin;
  /** Where its name starts. */
  readonly at: number;
  order: number;
};

export type TreeElement = {
  readonly kind: 'element';
  parent: TreeParent | undefined;
  previous: TreeChild | undefined;
  next: TreeChild | undefined;
  first: TreeChild | undefined;
  last: TreeChild | undefined;
  readonly name: string;
  readonly prefix: string;
  readonly localName: string;
  readonly namespace: string;
  attributes: TreeAttribute[];
  /** Written as one self-closed tag: it never had a child nor an end tag. */
  empty: boolean;
  /** Whether it was in the source from the start. */
  readonly original: boolean;
  readonly origin: Origin;
  /** Where its name starts and where its start tag ends. */
  readonly at: number;
  tagEnd: number;
  /** Whether its attributes are no longer those of its start tag. */
  altered: boolean;
  /** Children that keyed transforms asked for. */
  keyed: KeyedChildren[] | undefined;
  order: number;
};

/** What is neither element nor attribute. `space` is white space alone, `significant` the same where it counts. */
export type TreeLeaf = {
  readonly kind:
    | 'text'
    | 'space'
    | 'significant'
    | 'cdata'
    | 'comment'
    | 'instruction'
    | 'reference'
    | 'declaration'
    | 'doctype';
  parent: TreeParent | undefined;
  previous: TreeChild | undefined;
  next: TreeChild | undefined;
  /** The target of an instruction, the entity of a reference; else empty. */
  readonly name: string;
  readonly value: string;
  order: number;
};

export type TreeDocument = {
  readonly kind: 'document';
  readonly parent: undefined;
  first: TreeChild | undefined;
  last: TreeChild | undefined;
  readonly origin: Origin;
  order: number;
  keyed: KeyedChildren[] | undefined;
  /** Whether `order` of every node holds; each change of the tree ends that. */
  ordered: boolean;
};

export type TreeChild = TreeElement | TreeLeaf;
export type TreeParent = TreeElement | TreeDocument;
export type TreeNode = TreeChild | TreeDocument | TreeAttribute;

export const xmlnsNamespace = 'http://www.w3.org/2000/xmlns/';
export const xmlNamespace = 'http://www.w3.org/XML/1998/namespace';

/** Text read from one of the two files. */
export function newOrigin(file: Origin['file'], text: string): Origin {
  const loneReturn = text.includes('\r') ? text.search(/\r(?!\n)/) : -1;
  const spacesKnownTo = loneReturn < 0 ? text.length : loneReturn;
  return { file, text, lineOffset: 0, columnOffset: 0, spacesKnownTo, lineStarts: undefined };
}

export function newLeaf(kind: TreeLeaf['kind'], value: string, name = ''): TreeLeaf {
  return { kind, parent: undefined, previous: undefined, next: undefined, name, value, order: 0 };
}

export function newDocument(origin: Origin): TreeDocument {
  return {
    kind: 'document',
    parent: undefined,
    first: undefined,
    last: undefined,
    origin,
    order: 0,
    keyed: undefined,
    ordered: false,
  };
}

/** Puts `child`, which has no parent, before `reference`, or last where there is none. */
export function insertChild(parent: TreeParent, child: TreeChild, reference?: TreeChild): void {
  const before = reference === undefined ? parent.last : reference.previous;
  child.parent = parent;
  child.previous = before;
  child.next = reference;
  if (before === undefined) parent.first = child;
  else before.next = child;
  if (reference === undefined) parent.last = child;
  else reference.previous = child;
  if (parent.kind === 'element') parent.empty = false;
  childWasPut(parent, child, reference === undefined);
}

export function removeChild(child: TreeChild): void {
  const { parent, previous, next } = child;
  if (parent === undefined) return;
  childWasRemoved(parent, child);
  if (previous === undefined) parent.first = next;
  else previous.next = next;
  if (next === undefined) parent.last = previous;
  else next.previous = previous;
  child.parent = undefined;
  child.previous = undefined;
  child.next = undefined;
}

export function documentElement(document: TreeDocument): TreeElement | undefined {
  for (let child = document.first; child !== undefined; child = child.next) {
    if (child.kind === 'element') return child;
  }
  return undefined;
}

/** The node that comes after `node` in document order and lies below `top`; attributes are passed over. */
export function following(node: TreeChild | TreeDocument, top: TreeParent): TreeChild | undefined {
  if ((node.kind === 'element' || node.kind === 'document') && node.first !== undefined) return node.first;
  return followingOutside(node, top);
}

/** As `following`, but what lies inside `node` is passed over too. */
export function followingOutside(node: TreeChild | TreeDocument, top: TreeParent): TreeChild | undefined {
  let at: TreeChild | TreeDocument | undefined = node;
  while (at !== undefined && at !== top && at.kind !== 'document') {
    if (at.next !== undefined) return at.next;
    at = at.parent;
  }
  return undefined;
}

/** Whether the node is, or lies inside, an element that came from the transform. */
export function isNew(node: TreeChild | TreeDocument | undefined): boolean {
  if (node === undefined) return false;
  const element = node.kind === 'element' ? node : node.parent;
  return element?.kind === 'element' && !element.original;
}

/** Line and column of a place, from 1; columns in UTF-16 units, a lone CR starts a line. */
export function placeAt(origin: Origin, at: number): { readonly line: number; readonly column: number } {
  origin.lineStarts ??= lineStartsOf(origin.text);
  const starts = origin.lineStarts;
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= at) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1 + origin.lineOffset, column: at - starts[low]! + 1 + origin.columnOffset };
}

function lineStartsOf(text: string): readonly number[] {
  const starts = [0];
  for (const end of text.matchAll(/\r\n?|\n/g)) starts.push(end.index + end[0].length);
  return starts;
}
