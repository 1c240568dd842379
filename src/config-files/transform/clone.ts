import { readFragment } from './read-tree.ts';
import { TransformFailure } from './messages.ts';
import { following, newOrigin, placeAt, xmlNamespace, xmlnsNamespace } from './tree.ts';
import type { TreeChild, TreeElement } from './tree-node.ts';
import { plainPlacing, writeTree } from './write-tree.ts';

/**
 * A transform element as it goes into the target: written out and read again, so that it stands for itself. What is
 * in the transform's namespace and every declaration of a namespace is dropped, other attributes lose their prefix;
 * only `xml:` stays. Throws TransformFailure `undeclared-entity`, because the target knows none of the transform's.
 */
export function cloneForTarget(element: TreeElement, transformNamespace: string): TreeElement {
  const { line, column } = placeAt(element.origin, element.at);
  const text = outerXml(element);
  const origin = { ...newOrigin('source', text), lineOffset: line - 1, columnOffset: column - 2 };
  const reading = { name: 'the transform', origin, dropSpace: false, original: false };
  const clone = readFragment(reading, (entity) => {
    throw new TransformFailure('undeclared-entity', `Reference to undeclared entity '${entity}'.`);
  });
  for (let at: TreeChild | undefined = clone; at !== undefined; at = following(at, clone)) {
    if (at.kind !== 'element') continue;
    at.attributes = at.attributes.filter(
      ({ namespace }) => namespace !== transformNamespace && namespace !== xmlnsNamespace,
    );
    for (const attribute of at.attributes) {
      if (attribute.namespace === xmlNamespace) continue;
      attribute.name = attribute.localName;
      attribute.prefix = '';
    }
  }
  return clone;
}

/** A node and what is in it as text, with the declarations it needs to stand alone. */
export function outerXml(node: TreeChild): string {
  const parts: string[] = [];
  writeTree(node, plainPlacing, { write: (text) => void parts.push(text) });
  return parts.join('');
}
