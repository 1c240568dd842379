import type { XmlAttribute, XmlDocument, XmlElement, XmlLeaf, XmlNode } from '../xml.ts';

/** A node as XPath sees it: text and CDATA beside each other are one, white space between elements is none. */
export type PathNode = {
  readonly parent: PathNode | undefined;
  /** The place in the order of the document. */
  readonly order: number;
  readonly children: readonly PathNode[];
  readonly attributes: readonly PathNode[];
} & (
  | { readonly kind: 'document' }
  | { readonly kind: 'element'; readonly at: XmlElement }
  | { readonly kind: 'attribute'; readonly at: XmlAttribute }
  | { readonly kind: 'text'; readonly at: readonly XmlLeaf[] }
  | { readonly kind: 'comment' | 'instruction'; readonly at: XmlLeaf }
);

const xmlnsNamespace = 'http://www.w3.org/2000/xmlns/';

/** The document as a tree that XPath can walk in every direction. */
export function pathTree(document: XmlDocument): PathNode {
  let order = 0;
  const next = (): number => (order += 1);
  const childrenOf = (nodes: readonly XmlNode[], parent: PathNode, keepsSpace: boolean): PathNode[] => {
    const children: PathNode[] = [];
    let run: XmlLeaf[] = [];
    const endRun = (): void => {
      const isSpace = run.every(({ kind, value }) => kind === 'text' && value.trim() === '');
      const isThere = run.length > 0 && (!isSpace || keepsSpace);
      // White space before or behind a CDATA section is none of its text either.
      const at = keepsSpace ? run : run.filter(({ kind, value }) => kind === 'cdata' || value.trim() !== '');
      if (isThere) children.push({ kind: 'text', at, parent, order: next(), children: [], attributes: [] });
      run = [];
    };
    for (const node of nodes) {
      if (node.kind === 'text' || node.kind === 'cdata') {
        run.push(node);
        continue;
      }
      endRun();
      if (node.kind === 'element') children.push(elementNode(node, parent, keepsSpace));
      else if (node.kind === 'comment' || node.kind === 'instruction') {
        children.push({ kind: node.kind, at: node, parent, order: next(), children: [], attributes: [] });
      }
    }
    endRun();
    return children;
  };
  const elementNode = (at: XmlElement, parent: PathNode, keepsSpace: boolean): PathNode => {
    const children: PathNode[] = [];
    const attributes: PathNode[] = [];
    const node: PathNode = { kind: 'element', at, parent, order: next(), children, attributes };
    for (const one of at.attributes) {
      if (one.namespace === xmlnsNamespace) continue;
      const inner = { parent: node, order: next(), children: [], attributes: [] };
      attributes.push({ kind: 'attribute', at: one, ...inner });
    }
    const space = at.attributes.find(
      ({ prefix, localName }) => prefix === 'xml' && localName === 'space',
    )?.value;
    const keepsInside = space === undefined ? keepsSpace : space === 'preserve';
    children.push(...childrenOf(at.children, node, keepsInside));
    return node;
  };
  const children: PathNode[] = [];
  const root: PathNode = { kind: 'document', parent: undefined, order: 0, children, attributes: [] };
  children.push(
    ...childrenOf(
      document.nodes.filter(({ kind }) => kind !== 'text'),
      root,
      false,
    ),
  );
  return root;
}

/** What the node says, markup left out. */
export function stringValue(node: PathNode): string {
  switch (node.kind) {
    case 'attribute':
    case 'comment':
      return node.at.value;
    case 'instruction':
      return node.at.value.replace(/^\S*\s*/, '');
    case 'text':
      return node.at.map((leaf) => leaf.value).join('');
    case 'document':
    case 'element': {
      const parts: string[] = [];
      const collect = (inside: PathNode): void => {
        for (const child of inside.children) {
          if (child.kind === 'text') parts.push(stringValue(child));
          else if (child.kind === 'element') collect(child);
        }
      };
      collect(node);
      return parts.join('');
    }
  }
}

/** The prefix declarations of a document: a prefix that is bound twice keeps what it was bound to first. */
export function prefixesOf(document: XmlDocument): {
  readonly namespaces: ReadonlyMap<string, string>;
  /** Prefixes that mean something else further down. */
  readonly ambiguous: readonly string[];
} {
  const namespaces = new Map([['xml', 'http://www.w3.org/XML/1998/namespace']]);
  const ambiguous = new Set<string>();
  const visit = (element: XmlElement): void => {
    for (const { prefix, localName, value } of element.attributes) {
      if (prefix !== 'xmlns') continue;
      const known = namespaces.get(localName);
      if (known === undefined) namespaces.set(localName, value);
      else if (known !== value) ambiguous.add(localName);
    }
    for (const child of element.children) if (child.kind === 'element') visit(child);
  };
  visit(document.root);
  return { namespaces, ambiguous: [...ambiguous] };
}
