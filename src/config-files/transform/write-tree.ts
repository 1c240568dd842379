import { readDoctype } from '../xml-doctype.ts';
import { ConfigFileError } from '../errors.ts';
import { escapedText, escapedValue } from './characters.ts';
import { Namespaces } from './namespaces.ts';
import type { TreeAttribute, TreeChild, TreeElement, TreeLeaf, TreeParent } from './tree-node.ts';

/** Takes the characters of a document as they come. */
export type Sink = { write(text: string): void };

/** One attribute in its place: the white space before it, undefined where the line decides. */
export type PlacedAttribute = { readonly attribute: TreeAttribute; readonly space: string | undefined };

/** How the attributes of a start tag stand; `newLine` comes before one that would make its line too long. */
export type PlacedAttributes = {
  readonly attributes: readonly PlacedAttribute[];
  readonly trailing: string;
  readonly newLine: string;
  /** What ends a tag without content, behind any declaration that had to be added. */
  readonly selfClosing: '/>' | ' />';
};

/** Where the attributes of an element go. */
export type Placing = (element: TreeElement) => PlacedAttributes;

const columnsMax = 160;

/** One space before each attribute and before `/>`: how an element looks inside a comment. */
export const plainPlacing: Placing = (element) => ({
  attributes: element.attributes.map((attribute) => ({ attribute, space: ' ' })),
  trailing: '',
  newLine: ' ',
  selfClosing: ' />',
});

/**
 * Writes `top` and what lies in it. Prefixes follow the namespaces in scope: what was there keeps its own, what is
 * new takes the one declared last, and declarations are added where none fits.
 */
export function writeTree(top: TreeParent | TreeChild, placing: Placing, sink: Sink): void {
  const output = columnCounting(sink);
  const namespaces = new Namespaces();
  const names: string[] = [];
  let node: TreeParent | TreeChild | undefined = top;
  while (node !== undefined) {
    if (node.kind === 'element') {
      const name = writeStartTag(node, placing, namespaces, output);
      if (node.first !== undefined) {
        names.push(name);
        node = node.first;
        continue;
      }
      if (!node.empty) output.write(`</${name}>`);
      namespaces.leave();
    } else if (node.kind === 'document') {
      node = node.first;
      continue;
    } else {
      writeLeaf(node, output);
    }
    let done: TreeChild = node;
    while (done !== top && done.next === undefined && done.parent?.kind === 'element') {
      done = done.parent;
      output.write(`</${names.pop()}>`);
      namespaces.leave();
    }
    node = done === top ? undefined : done.next;
  }
}

type Output = Sink & { readonly column: number };

function columnCounting(sink: Sink): Output {
  let column = 0;
  return {
    get column() {
      return column;
    },
    write(text) {
      const line = text.lastIndexOf('\n');
      column = line < 0 ? column + text.length : text.length - line - 1;
      sink.write(text);
    },
  };
}

function writeStartTag(
  element: TreeElement,
  placing: Placing,
  namespaces: Namespaces,
  output: Output,
): string {
  const { attributes, trailing, newLine, selfClosing } = placing(element);
  const prefix = namespaces.enter(element);
  const name = prefix === '' ? element.localName : `${prefix}:${element.localName}`;
  output.write(`<${name}`);
  for (const { attribute, space } of attributes) {
    const attributeName = namespaces.attributeName(attribute);
    const value = attribute.written ?? escapedValue(attribute.value);
    // Name, equals sign, both quotes and the space before it.
    const width = attributeName.length + value.length + 5;
    output.write(space ?? (output.column + width > columnsMax ? newLine : ' '));
    output.write(attributeName);
    output.write('="');
    output.write(value);
    output.write('"');
  }
  const added = namespaces
    .added()
    .map(([declared, namespace]) => ` ${declared}="${escapedValue(namespace)}"`);
  output.write(trailing + added.join('') + (element.empty ? selfClosing : '>'));
  return name;
}

function writeLeaf(leaf: TreeLeaf, output: Output): void {
  switch (leaf.kind) {
    case 'text':
    case 'significant':
      return output.write(escapedText(leaf.value));
    case 'space':
      return output.write(leaf.value);
    case 'cdata':
      return output.write(`<![CDATA[${leaf.value}]]>`);
    case 'comment':
      return output.write(`<!--${leaf.value}-->`);
    case 'reference':
      return output.write(`&${leaf.name};`);
    case 'instruction':
      return output.write(`<?${leaf.name} ${leaf.value}?>`);
    case 'declaration':
      return output.write(`<?xml ${declaration(leaf.value)}?>`);
    case 'doctype':
      return output.write(doctype(leaf.value));
  }
}

function declaration(content: string): string {
  return [...content.matchAll(/([a-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)]
    .map(([, name, double, single]) => `${name}="${double ?? single}"`)
    .join(' ');
}

function doctype(body: string): string {
  const { name, publicId, systemId, subset } = readDoctype(
    body,
    (what) => new ConfigFileError('XML_ENTITIES_REFUSED', `Cannot write the XML: ${what}`, { hint: '' }),
  );
  const ids =
    publicId === undefined
      ? systemId === undefined
        ? ''
        : ` SYSTEM "${systemId}"`
      : ` PUBLIC "${publicId}" "${systemId ?? ''}"`;
  return `<!DOCTYPE ${name}${ids}[${subset}]>`;
}
