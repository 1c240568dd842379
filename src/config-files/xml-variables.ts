import { ConfigFileError } from './errors.ts';
import { decodeXml, encodeXml, escapedAttribute, escapedText, isXmlText } from './xml-text.ts';
import { plainAttribute, readXml, spliced, type Splice, type XmlElement } from './xml.ts';

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

/**
 * Sets what an XML configuration file names like a variable: `appSettings/add` by key, `connectionStrings/add` by
 * name and `applicationSettings//setting` by name, by local name and anywhere in the document. A variable without a
 * value empties the setting. Everything else keeps its bytes, encoding, byte order mark and line ends included.
 *
 * Throws ConfigFileError where the file can't be read, or a value holds a character that XML can't express.
 */
export function setConfigVariables(bytes: Uint8Array, variables: NamedValues): ConfigVariablesResult {
  const { text, encoding } = decodeXml(bytes);
  const { root } = readXml(text);
  const splices: Splice[] = [];
  const replaced = new Map<string, string>();

  const valueFor = (name: string): string => {
    const value = variables.get(name) ?? '';
    if (!isXmlText(value)) {
      throw new ConfigFileError(
        'XML_CHARACTER_NOT_ALLOWED',
        `Cannot write the value of ${name}: it holds a character that XML can't express`,
        { hint: 'Take control characters and broken surrogates out of the value.', details: { name } },
      );
    }
    return value;
  };
  const walk = (element: XmlElement, inApplicationSettings: boolean): void => {
    const target = targetOf(element, inApplicationSettings);
    let written: XmlElement | undefined;
    if (target !== undefined && variables.has(target.name)) {
      replaced.set(target.name.toUpperCase(), replaced.get(target.name.toUpperCase()) ?? target.name);
      const value = valueFor(target.name);
      if (target.attribute === undefined) {
        written = valueElement(element);
        splices.push(written ? setContent(written, value) : addValueElement(element, value, text));
      } else {
        splices.push(setAttribute(element, target.attribute, value));
      }
    }
    const inside = inApplicationSettings || element.localName === 'applicationSettings';
    for (const child of element.children) {
      // What is replaced as a whole is not looked into: nothing of it will be left.
      if (child.kind === 'element' && child !== written) walk(child, inside);
    }
  };
  walk(root, false);

  const result = spliced(text, splices);
  const changed = result !== text;
  return { bytes: changed ? encodeXml(result, encoding) : bytes, changed, replaced: [...replaced.values()] };
}

/** What the element is called as a setting, and the attribute that takes the value; undefined for a `setting`. */
function targetOf(
  element: XmlElement,
  inApplicationSettings: boolean,
): { readonly name: string; readonly attribute: string | undefined } | undefined {
  if (element.localName === 'add') {
    const section = element.parent?.localName;
    if (section === 'appSettings') return named(element, 'key', 'value');
    if (section === 'connectionStrings') return named(element, 'name', 'connectionString');
  }
  return inApplicationSettings && element.localName === 'setting'
    ? named(element, 'name', undefined)
    : undefined;
}

function named(element: XmlElement, by: string, attribute: string | undefined) {
  const name = plainAttribute(element, by)?.value;
  return name === undefined ? undefined : { name, attribute };
}

function valueElement(setting: XmlElement): XmlElement | undefined {
  return setting.children.find((child) => child.kind === 'element' && child.localName === 'value') as
    | XmlElement
    | undefined;
}

function setAttribute(element: XmlElement, localName: string, value: string): Splice {
  const present = plainAttribute(element, localName);
  if (present !== undefined) {
    return { start: present.valueStart, end: present.valueEnd, text: escapedAttribute(value, present.quote) };
  }
  const last = element.attributes.at(-1);
  const at = last?.end ?? element.nameEnd;
  const quote = last?.quote ?? '"';
  return { start: at, end: at, text: ` ${localName}=${quote}${escapedAttribute(value, quote)}${quote}` };
}

function setContent(element: XmlElement, value: string): Splice {
  const text = escapedText(value);
  if (!element.selfClosed) return { start: element.startTagEnd, end: element.endTagStart, text };
  if (text === '') return { start: element.startTagEnd, end: element.startTagEnd, text: '' };
  return openUp(element, text);
}

/** A new `value` child, in the namespace of its `setting`. */
function addValueElement(setting: XmlElement, value: string, source: string): Splice {
  const name = setting.prefix === '' ? 'value' : `${setting.prefix}:value`;
  const text = `<${name}>${escapedText(value)}</${name}>`;
  if (setting.selfClosed) return openUp(setting, text);
  const content = source.slice(setting.startTagEnd, setting.endTagStart);
  const at = setting.startTagEnd + content.trimEnd().length;
  return { start: at, end: at, text };
}

/** `<a b="c" />` as `<a b="c">text</a>`. */
function openUp(element: XmlElement, text: string): Splice {
  const start = element.attributes.at(-1)?.end ?? element.nameEnd;
  return { start, end: element.startTagEnd, text: `>${text}</${element.name}>` };
}
