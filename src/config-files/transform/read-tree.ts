import { checkXml, entitiesRefused } from '../check-xml.ts';
import { notWellFormed } from '../xml-position.ts';
import { doctypeEnd, endOfName, qualified, skipSpace, upTo } from '../xml-scan.ts';
import { escapedValue, isSpace, isWrittenAlike, piecesOf } from './characters.ts';
import { documentElement, insertChild, newDocument, newLeaf, xmlNamespace, xmlnsNamespace } from './tree.ts';
import type { Origin, TreeAttribute, TreeDocument, TreeElement, TreeParent } from './tree-node.ts';

/** Characters that the entities of a document may come to, were they expanded. */
const expandedMax = 10_000_000;

export type TreeReading = {
  /** What messages call the document. */
  readonly name: string;
  readonly origin: Origin;
  /** Whether white space between elements is dropped, as it is in a transform. */
  readonly dropSpace: boolean;
  /** Whether elements count as there from the start. */
  readonly original: boolean;
};

/**
 * The tree of a whole document, its line ends and values as they stand in the text; entities are kept as references.
 * Throws ConfigFileError as `checkXml`, and `XML_ENTITIES_REFUSED` where the entities used would come to more than
 * ten million characters.
 */
export function readTree(reading: TreeReading): TreeDocument {
  const { name, origin } = reading;
  const sizes = checkXml(origin.text, { name, entities: 'keep', controlReferences: true });
  let expanded = 0;
  return buildTree(reading, (entity, at) => {
    if (entity.startsWith('#')) throw notWellFormed(origin.text, at, 'malformed character entity', name);
    expanded += sizes.get(entity) ?? 0;
    if (expanded > expandedMax) {
      throw entitiesRefused(origin.text, name, `its entities come to more than ${expandedMax} characters`);
    }
  });
}

/**
 * The tree of one element that this program wrote, so that nothing needs to be checked. `undeclared` is told of each
 * reference to an entity.
 */
export function readFragment(reading: TreeReading, undeclared: (entity: string) => void): TreeElement {
  const root = documentElement(buildTree(reading, undeclared))!;
  root.parent = undefined;
  root.previous = undefined;
  root.next = undefined;
  return root;
}

/** Told of each reference to what is not built in, and where the text or value that holds it begins. */
type OnReference = (entity: string, at: number) => void;

type Namespaces = ReadonlyMap<string, string>;
type Level = { readonly node: TreeParent; readonly namespaces: Namespaces; readonly keepsSpace: boolean };

const builtIn: Namespaces = new Map([
  ['', ''],
  ['xml', xmlNamespace],
  ['xmlns', xmlnsNamespace],
]);

function buildTree(reading: TreeReading, onReference: OnReference): TreeDocument {
  const { origin, dropSpace } = reading;
  const source = origin.text;
  const document = newDocument(origin);
  const open: Level[] = [{ node: document, namespaces: builtIn, keepsSpace: false }];
  let level = open[0]!;
  let at = 0;

  const text = (from: number, to: number): void => {
    const raw = source.slice(from, to);
    if (raw.includes('&')) {
      for (const piece of piecesOf(raw)) {
        if (piece.entity !== undefined) {
          onReference(piece.entity, from);
          insertChild(level.node, newLeaf('reference', '', piece.entity));
        } else {
          plainText(piece.text, piece.referenced);
        }
      }
    } else {
      plainText(raw, false);
    }
  };
  const plainText = (value: string, referenced: boolean): void => {
    if (referenced || !isSpace(value)) insertChild(level.node, newLeaf('text', value));
    else if (level.keepsSpace) insertChild(level.node, newLeaf('significant', value));
    else if (!dropSpace) insertChild(level.node, newLeaf('space', value));
  };

  while (at < source.length) {
    if (source.charCodeAt(at) !== 60) {
      const next = source.indexOf('<', at);
      const end = next < 0 ? source.length : next;
      text(at, end);
      at = end;
      continue;
    }
    const second = source.charCodeAt(at + 1);
    if (second === 47) {
      if (level.node.kind === 'element') level.node.empty = false;
      open.pop();
      level = open.at(-1)!;
      at = upTo(source, '>', at);
    } else if (second === 63) {
      const end = upTo(source, '?>', at);
      insertChild(level.node, instruction(source.slice(at + 2, end - 2), at));
      at = end;
    } else if (second === 33) {
      const { leaf, end } = markup(source, at);
      insertChild(level.node, leaf);
      at = end;
    } else {
      const started = startTag(reading, at, level, onReference);
      const element = started.node as TreeElement;
      insertChild(level.node, element);
      at = element.tagEnd;
      if (source.charCodeAt(at - 2) !== 47) {
        open.push(started);
        level = started;
      }
    }
  }
  return document;
}

function instruction(content: string, at: number) {
  const end = endOfName(content, 0);
  const target = content.slice(0, end);
  return newLeaf(
    at === 0 && target === 'xml' ? 'declaration' : 'instruction',
    content.slice(skipSpace(content, end)),
    target,
  );
}

function markup(source: string, at: number) {
  if (source.startsWith('<!--', at)) {
    const end = upTo(source, '-->', at + 4);
    return { leaf: newLeaf('comment', source.slice(at + 4, end - 3)), end };
  }
  if (source.startsWith('<![CDATA[', at)) {
    const end = upTo(source, ']]>', at + 9);
    return { leaf: newLeaf('cdata', source.slice(at + 9, end - 3)), end };
  }
  const end = doctypeEnd(source, at);
  return { leaf: newLeaf('doctype', source.slice(at + 9, end - 1)), end };
}

function startTag(
  { origin, original }: TreeReading,
  start: number,
  outer: Level,
  onReference: OnReference,
): Level {
  const source = origin.text;
  const nameEnd = endOfName(source, start + 1);
  const attributes: TreeAttribute[] = [];
  let { namespaces, keepsSpace } = outer;
  let at = skipSpace(source, nameEnd);
  for (let code = source.charCodeAt(at); code !== 62 && code !== 47; code = source.charCodeAt(at)) {
    const attributeEnd = endOfName(source, at);
    const name = source.slice(at, attributeEnd);
    const opening = skipSpace(source, skipSpace(source, attributeEnd) + 1);
    const valueEnd = source.indexOf(source[opening]!, opening + 1);
    if (valueEnd < 0) throw notWellFormed(source, at, 'an attribute without a quoted value');
    const raw = source.slice(opening + 1, valueEnd);
    const { prefix, localName } = qualified(name);
    const attribute: TreeAttribute = {
      kind: 'attribute',
      element: undefined,
      name,
      prefix,
      localName,
      namespace: '',
      value: raw,
      written: undefined,
      origin,
      at,
      order: 0,
    };
    if (raw.includes('&')) readReferences(attribute, onReference);
    attributes.push(attribute);
    const declared = prefix === 'xmlns' ? localName : name === 'xmlns' ? '' : undefined;
    if (declared !== undefined) {
      if (namespaces === outer.namespaces) namespaces = new Map(namespaces);
      (namespaces as Map<string, string>).set(declared, attribute.value);
    } else if (name === 'xml:space') {
      keepsSpace = attribute.value === 'preserve';
    }
    at = skipSpace(source, valueEnd + 1);
  }
  const tagEnd = source.charCodeAt(at) === 47 ? at + 2 : at + 1;
  const name = source.slice(start + 1, nameEnd);
  const { prefix, localName } = qualified(name);
  const node: TreeElement = {
    kind: 'element',
    parent: undefined,
    previous: undefined,
    next: undefined,
    first: undefined,
    last: undefined,
    name,
    prefix,
    localName,
    namespace: namespaces.get(prefix) ?? '',
    attributes,
    empty: true,
    original,
    origin,
    at: start + 1,
    tagEnd,
    altered: false,
    keyed: undefined,
    order: 0,
  };
  for (const attribute of attributes) {
    attribute.element = node;
    if (attribute.prefix !== '' || attribute.name === 'xmlns') {
      (attribute as { namespace: string }).namespace = namespaces.get(attribute.prefix || 'xmlns') ?? '';
    }
  }
  return { node, namespaces, keepsSpace };
}

function readReferences(attribute: TreeAttribute, onReference: OnReference): void {
  const raw = attribute.value;
  const pieces = piecesOf(raw);
  attribute.value = pieces.map((piece) => piece.text).join('');
  if (pieces.every((piece) => piece.entity === undefined)) {
    if (isWrittenAlike(raw)) attribute.written = raw;
    return;
  }
  attribute.written = pieces
    .map((piece) => (piece.entity === undefined ? escapedValue(piece.text) : `&${piece.entity};`))
    .join('');
  for (const { entity } of pieces) if (entity !== undefined) onReference(entity, attribute.at);
}
