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

/** Which children are meant: their name, and the attribute that they are told apart by. */
export type ChildKey = {
  readonly namespace: string;
  readonly localName: string;
  readonly attributeNamespace: string;
  readonly attributeName: string;
};

export type KeyedChildren = ChildKey & {
  /** In document order; undefined until it is asked for again. */
  byValue: Map<string, TreeElement[]> | undefined;
};
