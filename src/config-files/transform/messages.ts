import { placeAt } from './tree.ts';
import type { TreeAttribute, TreeElement, TreeNode } from './tree-node.ts';

/** What a warning or error of a transform is about. */
export const transformMessageKinds = [
  'argument-no-attribute',
  'bad-attribute-text',
  'bad-boolean',
  'bad-comment',
  'bad-import',
  'bad-xpath',
  'import-load',
  'match-attribute-missing',
  'match-removed',
  'multiple-targets',
  'no-match',
  'nothing-to-remove',
  'nothing-to-set',
  'null-target',
  'sibling-argument-missing',
  'sibling-no-match',
  'sibling-not-element',
  'sibling-too-many-arguments',
  'too-few-arguments',
  'undeclared-entity',
  'unexpected-arguments',
  'unknown-name',
  'unknown-xdt-element',
  'unreadable',
  'wrong-argument-count',
  'wrong-kind',
] as const;
export type TransformMessageKind = (typeof transformMessageKinds)[number];

/** A warning or an error, in the words of Microsoft's library; line and column count from 1. */
export type TransformMessage = {
  readonly level: 'warning' | 'error';
  readonly kind: TransformMessageKind;
  readonly message: string;
  /** The file it is about, where there is a place to tell. */
  readonly in?: 'transform' | 'source';
  readonly line?: number;
  readonly column?: number;
};

/** What a message can stand at; what is neither element nor attribute has a file only. */
export type MessagePlace = TreeNode | undefined;

/** Why a transform, or one target of it, was given up; caught where the next one begins. */
export class TransformFailure extends Error {
  readonly kind: TransformMessageKind;
  /** Undefined until it is known where it is told. */
  readonly place: TreeElement | TreeAttribute | undefined;

  constructor(kind: TransformMessageKind, message: string, place?: TreeElement | TreeAttribute) {
    super(message);
    this.kind = kind;
    this.place = place;
  }

  /** The same with a place, unless it has one. */
  placedAt(place: TreeElement | TreeAttribute | undefined): TransformFailure {
    return this.place === undefined ? new TransformFailure(this.kind, this.message, place) : this;
  }
}

/** Where a message stands: file, line and column of an element's or attribute's name. */
export function placeOf(place: MessagePlace): Pick<TransformMessage, 'in' | 'line' | 'column'> {
  if (place === undefined) return {};
  if (place.kind !== 'element' && place.kind !== 'attribute') return { in: 'source' };
  const { line, column } = placeAt(place.origin, place.at);
  return { in: place.origin.file, line, column };
}
