import { checkXml } from './check-xml.ts';
import { ConfigFileError } from './errors.ts';
import { doctypeEnd, endOfName, qualified, skipSpace, unescaped, upTo } from './xml-scan.ts';
import { decodeXml, encodeXml, escapedAttribute, escapedText, isXmlText } from './xml-text.ts';
import { spliced, type Splice } from './xml.ts';

/** Values by name, found without regard to case; a variable that exists without a value has none to get. */
export interface NamedValues {
  has(name: string): boolean;
  get(name: string): string | undefined;
}

export type ConfigVariablesResult = {
  readonly bytes: Uint8Array;
  /** Whether a byte differs. */
  readonly changed: boolean;
  /** The names that were set, as the file spells them, in its order and without repeats; never their values. */
  readonly replaced: readonly string[];
};

/** An element that is open while the text is walked; only what may matter is remembered of it. */
type Open = {
  readonly name: string;
  readonly localName: string;
  /** Behind its start tag. */
  readonly contentStart: number;
  readonly inApplicationSettings: boolean;
  /** The text for the first `value` below a `setting` that is named like a variable. */
  wanted?: string | undefined;
  /** The text that takes the place of this element's content. */
  readonly content?: string | undefined;
  /** Whether it stands in such content: nothing of it will be left. */
  readonly isCovered: boolean;
};

type Attribute = {
  readonly name: string;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly quote: '"' | "'";
};

/** The sections, with the attribute an entry is known by and the one that takes the value. */
const sections: Readonly<Record<string, readonly [by: string, takes: string] | undefined>> = {
  appSettings: ['key', 'value'],
  connectionStrings: ['name', 'connectionString'],
};

/**
 * Sets what an XML configuration file names like a variable: `appSettings/add` by key, `connectionStrings/add` by
 * name and `applicationSettings//setting` by name, by local name and anywhere in the document. A variable without a
 * value empties the setting. Everything else keeps its bytes, encoding, byte order mark and line ends included.
 *
 * Throws ConfigFileError where the file can't be read, or a value holds a character that XML can't express.
 */
export function setConfigVariables(bytes: Uint8Array, variables: NamedValues): ConfigVariablesResult {
  const { text, encoding } = decodeXml(bytes);
  checkXml(text);
  const replaced = new Map<string, string>();
  const splices = changesTo(text, (name) => {
    if (!variables.has(name)) return undefined;
    const known = name.toUpperCase();
    replaced.set(known, replaced.get(known) ?? name);
    return allowed(name, variables.get(name) ?? '');
  });
  const result = splices.length === 0 ? text : spliced(text, splices);
  const changed = result !== text;
  return { bytes: changed ? encodeXml(result, encoding) : bytes, changed, replaced: [...replaced.values()] };
}

function allowed(name: string, value: string): string {
  if (isXmlText(value)) return value;
  throw new ConfigFileError(
    'XML_CHARACTER_NOT_ALLOWED',
    `Cannot write the value of ${name}: it holds a character that XML can't express`,
    { hint: 'Take control characters and broken surrogates out of the value.', details: { name } },
  );
}

/** Walks a text that is known to be well-formed, tag by tag and without building a tree of it. */
function changesTo(text: string, valueOf: (name: string) => string | undefined): Splice[] {
  const splices: Splice[] = [];
  const open: Open[] = [];
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const next = text[at + 1];
    if (next === '?') at = upTo(text, '?>', at);
    else if (next === '!') at = behindMark(text, at);
    else if (next === '/') {
      const closed = open.pop();
      if (closed !== undefined) splices.push(...closing(text, closed, at));
      at = upTo(text, '>', at);
    } else {
      at = startTag(text, at, open, valueOf, splices);
    }
  }
  return splices;
}

function behindMark(text: string, at: number): number {
  if (text.startsWith('<!--', at)) return upTo(text, '-->', at + 4);
  return text.startsWith('<![CDATA[', at) ? upTo(text, ']]>', at) : doctypeEnd(text, at);
}

/** Reads a start tag and tells where it ends; an element that has an end tag is then open. */
function startTag(
  text: string,
  start: number,
  open: Open[],
  valueOf: (name: string) => string | undefined,
  splices: Splice[],
): number {
  const nameEnd = endOfName(text, start + 1);
  const name = text.slice(start + 1, nameEnd);
  const { localName } = qualified(name);
  const outer = open.at(-1);
  const isCovered = outer !== undefined && (outer.isCovered || outer.content !== undefined);
  const isSetting = localName === 'setting' && outer?.inApplicationSettings === true;
  const section = localName === 'add' ? sections[outer?.localName ?? ''] : undefined;
  const isRead = !isCovered && (isSetting || section !== undefined);
  const attributes: Attribute[] = [];
  const tagEnd = isRead ? readAttributes(text, nameEnd, attributes) : endOfTag(text, nameEnd);
  const selfClosed = text[tagEnd - 2] === '/';

  let wanted: string | undefined;
  if (isRead) {
    const known = attributes.find((one) => one.name === (section?.[0] ?? 'name'));
    const value = known === undefined ? undefined : valueOf(attributeValue(text, known));
    if (value !== undefined && section !== undefined) {
      splices.push(setAttribute(attributes, section[1], value, nameEnd));
    } else if (value !== undefined && selfClosed) {
      splices.push(openedUp(text, name, tagEnd, valueElement(name, value)));
    } else {
      wanted = value;
    }
  }
  let content: string | undefined;
  if (!isCovered && outer?.wanted !== undefined && localName === 'value') {
    content = escapedText(outer.wanted);
    outer.wanted = undefined;
    if (selfClosed && content !== '') splices.push(openedUp(text, name, tagEnd, content));
  }
  if (selfClosed) return tagEnd;
  const inApplicationSettings = outer?.inApplicationSettings === true || localName === 'applicationSettings';
  open.push({ name, localName, contentStart: tagEnd, inApplicationSettings, wanted, content, isCovered });
  return tagEnd;
}

/** What is changed where an element ends: its content, or a value that it has no element for. */
function closing(text: string, element: Open, endTagStart: number): Splice[] {
  const { name, contentStart, content, wanted } = element;
  if (content !== undefined) return [{ start: contentStart, end: endTagStart, text: content }];
  if (wanted === undefined) return [];
  const at = contentStart + text.slice(contentStart, endTagStart).trimEnd().length;
  return [{ start: at, end: at, text: valueElement(name, wanted) }];
}

/** A new `value` element, in the namespace of its `setting`. */
function valueElement(setting: string, value: string): string {
  const { prefix } = qualified(setting);
  const name = prefix === '' ? 'value' : `${prefix}:value`;
  return `<${name}>${escapedText(value)}</${name}>`;
}

/** `<a b="c" />` as `<a b="c">text</a>`. */
function openedUp(source: string, name: string, tagEnd: number, text: string): Splice {
  let start = tagEnd - 2;
  while (' \t\r\n'.includes(source[start - 1] ?? 'x')) start -= 1;
  return { start, end: tagEnd, text: `>${text}</${name}>` };
}

function setAttribute(
  attributes: readonly Attribute[],
  name: string,
  value: string,
  nameEnd: number,
): Splice {
  const present = attributes.find((one) => one.name === name);
  if (present !== undefined) {
    return { start: present.valueStart, end: present.valueEnd, text: escapedAttribute(value, present.quote) };
  }
  const last = attributes.at(-1);
  const at = last === undefined ? nameEnd : last.valueEnd + 1;
  const quote = last?.quote ?? '"';
  return { start: at, end: at, text: ` ${name}=${quote}${escapedAttribute(value, quote)}${quote}` };
}

/** As an application reads it: references replaced, line ends and tabs as blanks. */
function attributeValue(text: string, { valueStart, valueEnd }: Attribute): string {
  return unescaped(text.slice(valueStart, valueEnd).replaceAll(/\r\n|[\t\r\n]/g, ' '));
}

/** Adds the attributes of a start tag to `found`, and tells where the tag ends. */
function readAttributes(text: string, nameEnd: number, found: Attribute[]): number {
  let at = skipSpace(text, nameEnd);
  while (text[at] !== '>' && text[at] !== '/') {
    const end = endOfName(text, at);
    const opening = skipSpace(text, skipSpace(text, end) + 1);
    const quote = text[opening] === "'" ? "'" : '"';
    const valueEnd = upTo(text, quote, opening + 1) - 1;
    found.push({ name: text.slice(at, end), valueStart: opening + 1, valueEnd, quote });
    at = skipSpace(text, valueEnd + 1);
  }
  return upTo(text, '>', at);
}

/** Behind the `>` of a start tag; one between quotes is part of a value. */
function endOfTag(text: string, from: number): number {
  let at = from;
  for (;;) {
    const character = text[at];
    if (character === '>') return at + 1;
    at = character === '"' || character === "'" ? upTo(text, character, at + 1) : at + 1;
    if (at > text.length) return upTo(text, '>', from);
  }
}
