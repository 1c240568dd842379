/**
 * The tree that transforms work on. Children are a linked list, so that a node comes and goes without the others
 * being touched; nothing here recurses, because depth is the package's choice.
 */

import { childWasPut, childWasRemoved } from './keyed-children.ts';
import type { Origin, TreeElement, TreeLeaf, TreeDocument, TreeChild, TreeParent } from './tree-node.ts';

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
