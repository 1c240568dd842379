import { ConfigFileError } from '../errors.ts';
import { decodeAs, type DecodedText } from '../text-file.ts';
import { escapedAttribute, escapedText, decodeXml, isXmlText } from '../xml-text.ts';
import { readXml, spliced, type Splice, type XmlDocument, type XmlElement, type XmlLeaf } from '../xml.ts';
import { lineEndingOf, type ListedValues, type TextResult } from './text-result.ts';
import { pathTree, prefixesOf, type PathNode } from './xml-nodes.ts';
import { compileXPath, selectNodes } from './xpath.ts';
import type { Expression } from './xpath-parse.ts';

/**
 * The text of an XML file that takes structured variables: as `decodeXml`, and as windows-1252 where the file says
 * nothing of its encoding and is not UTF-8.
 */
export function decodeStructuredXml(bytes: Uint8Array): DecodedText {
  try {
    return decodeXml(bytes);
  } catch (error) {
    const saysNothing = !/^<\?xml[^>]*\sencoding\s*=/.test(
      Buffer.from(bytes.subarray(0, 200)).toString('latin1'),
    );
    if (!(error instanceof ConfigFileError) || error.code !== 'TEXT_NOT_DECODABLE' || !saysNothing)
      throw error;
    return {
      text: decodeAs(bytes, 'windows-1252'),
      encoding: { name: 'windows-1252', byteOrderMark: false },
    };
  }
}

/**
 * Sets what the names of variables select in an XML text when they are read as XPath: every name with a `/` or a `:` is
 * tried, those that are no expression are passed over. They are applied one after another, each to what those before it
 * left. An element with child elements takes markup, everything else takes text. What is not set keeps its characters.
 * Throws ConfigFileError where the XML can't be read, or a value has a character that XML can't express.
 */
export function setInXml(text: string, variables: ListedValues): TextResult {
  let document = readXml(text);
  let tree: PathNode | undefined;
  let pending: Splice[] = [];
  const apply = (): void => {
    if (pending.length === 0) return;
    document = readXml(spliced(document.source, pending));
    tree = undefined;
    pending = [];
  };
  const setBy = (name: string, expression: Expression): Settings => {
    tree ??= pathTree(document);
    const selected = selectNodes(expression, tree);
    if ('nodes' in selected)
      return splicesFor(document, selected.nodes, name, () => variables.get(name) ?? '');
    const warning = `${name}: read as XPath it can't be evaluated (${selected.failure}); nothing is set`;
    return { splices: [], warnings: [warning], isMarkup: false };
  };

  const { namespaces, ambiguous } = prefixesOf(document);
  const replaced: string[] = [];
  const warnings = ambiguous.map(
    (prefix) =>
      `the prefix ${prefix} is bound to several namespaces; in names of variables it means the first`,
  );
  for (const name of variables.names()) {
    const expression = /[/:]/.test(name) ? compileXPath(name, namespaces) : undefined;
    if (expression === undefined) continue;
    // What was set before is there to be read, as far as this name can tell the difference.
    if (!isPlainPath(expression)) apply();
    let set = setBy(name, expression);
    if (!areApart(set.splices, pending)) {
      apply();
      set = setBy(name, expression);
    }
    warnings.push(...set.warnings);
    if (set.splices.length > 0) replaced.push(name);
    for (const splice of set.splices) pending.push(splice);
    if (set.isMarkup) apply();
  }
  apply();
  return { text: document.source, replaced, warnings };
}

/** Whether no splice of one list touches one of the other; lists too long to look through are taken to touch. */
function areApart(some: readonly Splice[], others: readonly Splice[]): boolean {
  if (some.length * others.length > 1_000_000) return false;
  return some.every((one) => others.every((other) => one.end < other.start || other.end < one.start));
}

/** Whether what it selects does not depend on any value: names of elements and attributes, and nothing else. */
function isPlainPath(expression: Expression): boolean {
  return (
    expression.kind === 'path' &&
    expression.steps.every(
      (step) =>
        step.axis !== 'filter' &&
        step.predicates.length === 0 &&
        (step.test.kind === 'name' || step.axis === 'descendant-or-self'),
    )
  );
}

type Settings = {
  readonly splices: readonly Splice[];
  readonly warnings: readonly string[];
  readonly isMarkup: boolean;
};

function splicesFor(
  document: XmlDocument,
  nodes: readonly PathNode[],
  name: string,
  valueOf: () => string,
): Settings {
  if (nodes.length === 0) return { splices: [], warnings: [], isMarkup: false };
  const value = valueOf();
  const splices: Splice[] = [];
  const warnings: string[] = [];
  let isMarkup = false;
  let coveredTo = -1;
  for (const node of nodes) {
    if (node.kind === 'document') {
      warnings.push(`${name}: it selects the whole document, which can't be set`);
      continue;
    }
    // What is replaced as a whole is not looked into: nothing of it will be left.
    const start = node.kind === 'text' ? node.at[0]!.start : node.at.start;
    if (start < coveredTo) continue;
    if (node.kind !== 'element') {
      splices.push(contentSplice(node, allowed(name, value)));
      continue;
    }
    const { at } = node;
    const hasElements = at.children.some((child) => child.kind === 'element');
    if (hasElements && !isFragment(document, at, value)) {
      warnings.push(
        `${name}: the value is not well-formed XML, and the element has elements in it; it stays`,
      );
      continue;
    }
    isMarkup ||= hasElements;
    splices.push(elementSplice(document, at, hasElements ? 'markup' : 'text', allowed(name, value)));
    coveredTo = at.endTagStart;
  }
  return { splices, warnings, isMarkup };
}

function allowed(name: string, value: string): string {
  if (isXmlText(value)) return value;
  throw new ConfigFileError(
    'XML_CHARACTER_NOT_ALLOWED',
    `Cannot write the value of ${name}: it holds a character that XML can't express`,
    { hint: 'Take control characters and broken surrogates out of the value.', details: { name } },
  );
}

function contentSplice(
  node: Extract<PathNode, { kind: 'attribute' | 'text' | 'comment' | 'instruction' }>,
  value: string,
): Splice {
  switch (node.kind) {
    case 'attribute': {
      const { valueStart, valueEnd, quote } = node.at;
      return { start: valueStart, end: valueEnd, text: escapedAttribute(value, quote) };
    }
    case 'text': {
      const [first] = node.at;
      const { start, end } = first!;
      return { start, end, text: first!.kind === 'cdata' ? cdata(value) : escapedText(value) };
    }
    case 'comment': {
      const text = value.replaceAll(/-(?=-|$)/g, '- ');
      return { start: node.at.start, end: node.at.end, text: `<!--${text}-->` };
    }
    case 'instruction': {
      const target = /^\S*/.exec(node.at.value)![0];
      const data = value === '' ? '' : ` ${value.replaceAll('?>', '? >')}`;
      return { start: node.at.start, end: node.at.end, text: `<?${target}${data}?>` };
    }
  }
}

function elementSplice(
  document: XmlDocument,
  element: XmlElement,
  as: 'markup' | 'text',
  value: string,
): Splice {
  const only = onlyContent(element);
  const text =
    as === 'markup'
      ? value.replaceAll(/\r\n|\r|\n/g, lineEndingOf(document.source))
      : only?.kind === 'cdata'
        ? cdata(value)
        : escapedText(value);
  if (!element.selfClosed) return { start: element.startTagEnd, end: element.endTagStart, text };
  const start = element.attributes.at(-1)?.end ?? element.nameEnd;
  if (text === '') return { start: element.startTagEnd, end: element.startTagEnd, text: '' };
  return { start, end: element.startTagEnd, text: `>${text}</${element.name}>` };
}

/** The one thing in an element, white space left out of account. */
function onlyContent(element: XmlElement): XmlLeaf | undefined {
  const content = element.children.filter((child) => child.kind !== 'text' || child.value.trim() !== '');
  const [only] = content;
  return content.length === 1 && only!.kind !== 'element' ? only : undefined;
}

function cdata(value: string): string {
  return `<![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}

/** Whether `value` can stand in the element: well-formed, with no prefix that is not declared there. */
function isFragment(document: XmlDocument, element: XmlElement, value: string): boolean {
  const declarations = new Map<string, string>();
  for (let one: XmlElement | undefined = element; one !== undefined; one = one.parent) {
    for (const { prefix, name, start, end } of one.attributes) {
      if ((prefix === 'xmlns' || name === 'xmlns') && !declarations.has(name)) {
        declarations.set(name, document.source.slice(start, end));
      }
    }
  }
  const opening = ['<x', ...declarations.values()].join(' ');
  try {
    const { root, nodes } = readXml(`${opening}>${value}</x>`);
    return root.end === opening.length + 1 + value.length + '</x>'.length && nodes.length === 1;
  } catch (error) {
    if (error instanceof ConfigFileError) return false;
    throw error;
  }
}
