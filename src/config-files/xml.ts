/**
 * XML read without losing a byte: a tree in which every node and attribute knows where it stands in the source, so
 * that a change is a splice and everything else stays as it was. `check-xml.ts` decides what is well-formed; the
 * reader here only finds places. Offsets are UTF-16 units of the decoded text; there is no byte order mark in it.
 */
import { checkXml } from './check-xml.ts';
import { notWellFormed } from './xml-position.ts';
import { doctypeEnd, endOfName, qualified, skipSpace, unescaped, upTo } from './xml-scan.ts';

export type XmlAttribute = {
  readonly name: string;
  readonly prefix: string;
  readonly localName: string;
  /** Empty for none; declarations are in `http://www.w3.org/2000/xmlns/`. */
  readonly namespace: string;
  /** As an application reads it: references replaced, line ends and tabs as blanks. */
  readonly value: string;
  readonly quote: '"' | "'";
  /** Where the name starts, the space between the quotes, and behind the closing quote. */
  readonly start: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly end: number;
};

export type XmlElement = {
  readonly kind: 'element';
  readonly name: string;
  readonly prefix: string;
  readonly localName: string;
  readonly namespace: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlNode[];
  readonly parent: XmlElement | undefined;
  readonly selfClosed: boolean;
  /** Where `<` stands, behind the name, and behind the `>` or `/>` of the start tag. */
  readonly start: number;
  readonly nameEnd: number;
  readonly startTagEnd: number;
  /** Where `</` stands and behind its `>`; both `startTagEnd` for a self-closed element. */
  readonly endTagStart: number;
  readonly end: number;
};

/** `value` is the text as an application reads it; for a comment what stands between the marks. */
export type XmlLeaf = {
  readonly kind: 'text' | 'cdata' | 'comment' | 'instruction' | 'declaration' | 'doctype';
  readonly value: string;
  readonly start: number;
  readonly end: number;
};

export type XmlNode = XmlElement | XmlLeaf;

export type XmlDocument = {
  readonly source: string;
  readonly nodes: readonly XmlNode[];
  readonly root: XmlElement;
};

/** A change to the source: what stands from `start` to `end` becomes `text`. */
export type Splice = { readonly start: number; readonly end: number; readonly text: string };

type OpenElement = {
  -readonly [Key in keyof XmlElement]: XmlElement[Key];
} & { children: XmlNode[]; attributes: XmlAttribute[] };

const xmlnsNamespace = 'http://www.w3.org/2000/xmlns/';
const xmlNamespace = 'http://www.w3.org/XML/1998/namespace';

/**
 * The tree of `source`. Throws ConfigFileError: `XML_NOT_WELL_FORMED` with line and column, `XML_ENTITIES_REFUSED`
 * for a document type that declares entities, `XML_TOO_LARGE` beyond the limits of size and depth.
 */
export function readXml(source: string): XmlDocument {
  checkXml(source);
  const nodes: XmlNode[] = [];
  const open: { element: OpenElement; namespaces: ReadonlyMap<string, string> }[] = [];
  let root: XmlElement | undefined;
  let at = 0;

  const add = (node: XmlNode): void => {
    (open.at(-1)?.element.children ?? nodes).push(node);
  };
  const leaf = (kind: XmlLeaf['kind'], opening: string, closing: string): void => {
    const end = upTo(source, closing, at + opening.length);
    add({ kind, value: source.slice(at + opening.length, end - closing.length), start: at, end });
    at = end;
  };

  while (at < source.length) {
    if (source[at] !== '<') {
      const next = source.indexOf('<', at);
      const end = next < 0 ? source.length : next;
      add({ kind: 'text', value: unescaped(source.slice(at, end)), start: at, end });
      at = end;
    } else if (source.startsWith('<!--', at)) {
      leaf('comment', '<!--', '-->');
    } else if (source.startsWith('<![CDATA[', at)) {
      leaf('cdata', '<![CDATA[', ']]>');
    } else if (source.startsWith('<?', at)) {
      leaf(at === 0 && /^<\?xml\s/.test(source) ? 'declaration' : 'instruction', '<?', '?>');
    } else if (source.startsWith('<!', at)) {
      const end = doctypeEnd(source, at);
      add({ kind: 'doctype', value: source.slice(at + 2, end - 1), start: at, end });
      at = end;
    } else if (source[at + 1] === '/') {
      const closed = open.pop();
      if (closed === undefined) throw notWellFormed(source, at, 'an end tag without its start tag');
      closed.element.endTagStart = at;
      at = upTo(source, '>', at);
      closed.element.end = at;
    } else {
      const outer = open.at(-1);
      const started = startTag(source, at, outer?.element, outer?.namespaces ?? builtInNamespaces);
      add(started.element);
      root ??= started.element;
      at = started.element.startTagEnd;
      if (!started.element.selfClosed) open.push(started);
    }
  }
  if (root === undefined || open.length > 0) throw notWellFormed(source, at, 'the document has no end');
  return { source, nodes, root };
}

/** `source` with the splices applied; they may come in any order but must not overlap. */
export function spliced(source: string, splices: readonly Splice[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const splice of splices.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (splice.start < at) throw new RangeError(`splices overlap at ${splice.start}`);
    parts.push(source.slice(at, splice.start), splice.text);
    at = splice.end;
  }
  parts.push(source.slice(at));
  return parts.join('');
}

/** The attribute of this name that is in no namespace. */
export function plainAttribute(element: XmlElement, localName: string): XmlAttribute | undefined {
  return element.attributes.find((one) => one.prefix === '' && one.localName === localName);
}

const builtInNamespaces: ReadonlyMap<string, string> = new Map([
  ['xml', xmlNamespace],
  ['xmlns', xmlnsNamespace],
]);

function startTag(
  source: string,
  start: number,
  parent: XmlElement | undefined,
  outer: ReadonlyMap<string, string>,
): { element: OpenElement; namespaces: ReadonlyMap<string, string> } {
  const nameEnd = endOfName(source, start + 1);
  const raw: Omit<XmlAttribute, 'namespace'>[] = [];
  let at = skipSpace(source, nameEnd);
  while (at < source.length && source[at] !== '>' && source[at] !== '/') {
    const attribute = readAttribute(source, at);
    raw.push(attribute);
    at = skipSpace(source, attribute.end);
  }
  const selfClosed = source[at] === '/';
  const startTagEnd = at + (selfClosed ? 2 : 1);

  let namespaces = outer;
  for (const { prefix, localName, value } of raw) {
    const declared = prefix === 'xmlns' ? localName : prefix === '' && localName === 'xmlns' ? '' : undefined;
    if (declared === undefined) continue;
    if (namespaces === outer) namespaces = new Map(outer);
    (namespaces as Map<string, string>).set(declared, value);
  }
  const attributes = raw.map((one) => ({
    ...one,
    namespace:
      one.prefix !== ''
        ? (namespaces.get(one.prefix) ?? '')
        : one.localName === 'xmlns'
          ? xmlnsNamespace
          : '',
  }));
  const name = source.slice(start + 1, nameEnd);
  const { prefix, localName } = qualified(name);
  const element: OpenElement = {
    kind: 'element',
    name,
    prefix,
    localName,
    namespace: namespaces.get(prefix) ?? '',
    attributes,
    children: [],
    parent,
    selfClosed,
    start,
    nameEnd,
    startTagEnd,
    endTagStart: startTagEnd,
    end: startTagEnd,
  };
  return { element, namespaces };
}

function readAttribute(source: string, start: number): Omit<XmlAttribute, 'namespace'> {
  const nameEnd = endOfName(source, start);
  const equals = skipSpace(source, nameEnd);
  const opening = skipSpace(source, equals + 1);
  const quote = source[opening];
  if (source[equals] !== '=' || (quote !== '"' && quote !== "'")) {
    throw notWellFormed(source, start, 'an attribute without a quoted value');
  }
  const valueEnd = upTo(source, quote, opening + 1) - 1;
  const name = source.slice(start, nameEnd);
  const value = unescaped(source.slice(opening + 1, valueEnd).replaceAll(/\r\n|[\t\r\n]/g, ' '));
  return {
    name,
    ...qualified(name),
    value,
    quote,
    start,
    valueStart: opening + 1,
    valueEnd,
    end: valueEnd + 1,
  };
}
