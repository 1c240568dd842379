import {
  escapedAttribute,
  readXml,
  spliced,
  type Splice,
  type XmlElement,
} from '../../../config-files/index.ts';

/** An element that is still to be written: attributes in this order. */
export type NewElement = {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children?: readonly NewElement[];
};

/**
 * A configuration file of IIS as text, changed one piece after the other; every byte that no change means stays.
 * Elements that it hands out are good until the next change.
 */
export function xmlEditor(source: string) {
  let text = source;
  let root = readXml(text).root;
  const newLine = source.includes('\r\n') ? '\r\n' : '\n';
  const indent = /\n([ \t]+)</.exec(source)?.[1] ?? '  ';
  const apply = (...splices: readonly Splice[]): void => {
    const next = spliced(text, splices);
    if (next === text) return;
    text = next;
    root = readXml(text).root;
  };
  return {
    get text(): string {
      return text;
    },
    get root(): XmlElement {
      return root;
    },
    /** Sets an attribute; one that has this value already, however it is written, stays as it is. */
    setAttribute(element: XmlElement, name: string, value: string): void {
      const there = element.attributes.find((one) => one.name === name);
      if (there?.value === value) return;
      if (there !== undefined) {
        apply({ start: there.valueStart, end: there.valueEnd, text: escapedAttribute(value, there.quote) });
      } else {
        const at = element.attributes.at(-1)?.end ?? element.nameEnd;
        apply({ start: at, end: at, text: ` ${name}="${escapedAttribute(value, '"')}"` });
      }
    },
    removeAttribute(element: XmlElement, name: string): void {
      const there = element.attributes.find((one) => one.name === name);
      if (there === undefined) return;
      const before = /\s*$/.exec(text.slice(0, there.start))![0].length;
      apply({ start: there.start - before, end: there.end, text: '' });
    },
    /** Puts a new element behind the last child of `parent`, or behind `after`, on a line of its own. */
    add(parent: XmlElement, child: NewElement, after?: XmlElement): void {
      const outer = lineIndent(text, parent.start);
      const last = after ?? elementsOf(parent).at(-1);
      const inner = last === undefined ? outer + indent : lineIndent(text, last.start);
      const written = newLine + serialized(child, inner, indent, newLine);
      if (last !== undefined) apply({ start: last.end, end: last.end, text: written });
      else if (parent.selfClosed) {
        const slash = text.slice(0, parent.startTagEnd - 2).trimEnd().length;
        apply({
          start: slash,
          end: parent.startTagEnd,
          text: `>${written}${newLine}${outer}</${parent.name}>`,
        });
      } else {
        const tail = /[ \t]*$/.exec(text.slice(0, parent.endTagStart))![0];
        const isOwnLine = /\n[ \t]*$/.test(text.slice(parent.startTagEnd, parent.endTagStart));
        const at = isOwnLine ? lineBreakBefore(text, parent.endTagStart - tail.length) : parent.endTagStart;
        apply({ start: at, end: at, text: isOwnLine ? written : `${written}${newLine}${outer}` });
      }
    },
    /** Takes an element away, with the line it stands on where it has one of its own. */
    remove(element: XmlElement): void {
      const before = text.slice(0, element.start);
      const lead = /\r?\n[ \t]*$/.exec(before)?.[0].length ?? 0;
      apply({ start: element.start - lead, end: element.end, text: '' });
    },
  };
}
export type XmlEditor = ReturnType<typeof xmlEditor>;

export function elementsOf(parent: XmlElement, name?: string): XmlElement[] {
  return parent.children.filter(
    (node): node is XmlElement => node.kind === 'element' && (name === undefined || node.name === name),
  );
}

/** The value of an attribute, as an application reads it. */
export function valueOf(element: XmlElement, name: string): string | undefined {
  return element.attributes.find((one) => one.name === name)?.value;
}

/** The element at the end of a path of names, undefined where a part of it is missing. */
export function elementAt(from: XmlElement, ...names: readonly string[]): XmlElement | undefined {
  return names.reduce<XmlElement | undefined>(
    (element, name) => element && elementsOf(element, name)[0],
    from,
  );
}

function lineIndent(text: string, at: number): string {
  return /(?:^|\n)([ \t]*)$/.exec(text.slice(0, at))?.[1] ?? '';
}

function lineBreakBefore(text: string, at: number): number {
  return text[at - 2] === '\r' ? at - 2 : at - 1;
}

function serialized(element: NewElement, at: string, indent: string, newLine: string): string {
  const attributes = Object.entries(element.attributes)
    .map(([name, value]) => ` ${name}="${escapedAttribute(value, '"')}"`)
    .join('');
  const start = `${at}<${element.name}${attributes}`;
  const { children = [] } = element;
  if (children.length === 0) return `${start} />`;
  const inner = children.map((child) => serialized(child, at + indent, indent, newLine)).join(newLine);
  return `${start}>${newLine}${inner}${newLine}${at}</${element.name}>`;
}
