import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readXml, spliced, type XmlElement, type XmlNode } from '../../src/config-files/index.ts';

const name = fc.constantFrom('a', 'b-c', 'p:d', 'é');
const space = fc.constantFrom(' ', '\n', '\r\n\t', '  ');
const attribute = fc
  .tuple(
    space,
    fc.constantFrom('x', 'p:y'),
    fc.constantFrom('="1"', " = '<'".replace('<', '&lt;'), '="a\n&gt;>"'),
  )
  .map((parts) => parts.join(''));
const xml = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom('text', ' \r\n', '&amp;&#x41;', '<!-- c > -->', '<![CDATA[<x>]]>', '<?pi d?>', '<s />'),
    fc
      .tuple(name, fc.option(attribute, { nil: '' }), space, fc.array(tie('node'), { maxLength: 3 }))
      .map(([tag, attributes, gap, children]) => `<${tag}${attributes}${gap}>${children.join('')}</${tag} >`),
  ),
})).node;
const document = fc
  .array(xml, { maxLength: 4 })
  .map((parts) => `<?xml version="1.0"?>\n<root xmlns:p="urn:p">${parts.join('')}</root>\n`);

describe('the XML reader', () => {
  test('every node and attribute knows its place: the pieces put together are the source', () => {
    fc.assert(
      fc.property(document, (source) => {
        const { nodes } = readXml(source);
        expect(nodes.map((node) => rebuilt(node, source)).join('')).toBe(source);
      }),
    );
  });

  test('no splice changes nothing, and each splice changes its own place only', () => {
    fc.assert(
      fc.property(document, (source) => {
        expect(spliced(source, [])).toBe(source);
        const { root } = readXml(source);
        const put = spliced(source, [{ start: root.startTagEnd, end: root.startTagEnd, text: '<new/>' }]);
        expect(put.replace('<new/>', '')).toBe(source);
      }),
    );
  });

  test('namespaces, references and line ends are read as an application reads them', () => {
    const { root } = readXml('<a xmlns="urn:d" xmlns:p="urn:p"><p:b p:c="1&#10;2\r\n3" d=""/>&lt;\r\n</a>');
    const child = root.children[0] as XmlElement;
    expect(root.namespace).toBe('urn:d');
    expect(child).toMatchObject({ prefix: 'p', localName: 'b', namespace: 'urn:p', selfClosed: true });
    expect(child.attributes.map((one) => [one.namespace, one.localName, one.value])).toEqual([
      ['urn:p', 'c', '1\n2 3'],
      ['', 'd', ''],
    ]);
    expect(root.children[1]).toMatchObject({ kind: 'text', value: '<\n' });
  });

  test('a > in an attribute value does not end the tag', () => {
    expect(readXml(`<a b='x>y' c="'"/>`).root.attributes.map((one) => one.value)).toEqual(['x>y', "'"]);
  });
});

function rebuilt(node: XmlNode, source: string): string {
  if (node.kind !== 'element') return source.slice(node.start, node.end);
  const before = source.slice(node.start, node.nameEnd);
  expect(before).toBe(`<${node.name}`);
  let at = node.nameEnd;
  let attributes = '';
  for (const one of node.attributes) {
    expect(source.slice(one.valueStart - 1, one.valueStart)).toBe(one.quote);
    attributes += source.slice(at, one.end);
    at = one.end;
  }
  const tagEnd = source.slice(at, node.startTagEnd);
  const children = node.children.map((child) => rebuilt(child, source)).join('');
  return before + attributes + tagEnd + children + source.slice(node.endTagStart, node.end);
}
