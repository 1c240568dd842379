/**
 * Lines of a script's output with service messages told apart from text:
 *
 *     ##octopus[NAME ATTRIBUTE='BASE64' ATTRIBUTE="BASE64"]
 *
 * A message stands anywhere in a line and may run over several lines, whose ends don't count. What lies between
 * `##octopus[` and the first `]` reads as the start tag of an XML element, so both quote styles are valid. Every
 * value is base64 of UTF-8; attribute names compare ignoring case, the message's name exactly. What does not read so
 * is text, as it stood.
 */
export type ServiceMessage = {
  readonly name: string;
  /** Decoded values by lower-case attribute name. */
  readonly values: ReadonlyMap<string, string>;
};

export type OutputPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'message'; readonly message: ServiceMessage };

const opening = '##octopus[';
const longestMessage = 16 * 1024 * 1024;

/** Takes whole lines without their ends; `end` gives back what was still open as a message. */
export class ServiceMessageParser {
  /** The lines of a message that is not closed yet. */
  #open: string[] = [];
  #openLength = 0;

  take(line: string): OutputPart[] {
    if (this.#open.length === 0) {
      const start = line.indexOf(opening);
      if (start < 0) return [{ kind: 'text', text: line }];
      if (line.indexOf(']', start) >= 0) return parts([line]);
    }
    this.#open.push(line);
    this.#openLength += line.length;
    if (line.includes(']') || this.#openLength > longestMessage) return this.end();
    return [];
  }

  end(): OutputPart[] {
    const lines = this.#open;
    this.#open = [];
    this.#openLength = 0;
    return lines.length === 0 ? [] : parts(lines);
  }
}

/** The lines as text around one message, or as they are where they hold none. */
function parts(lines: readonly string[]): OutputPart[] {
  const joined = lines.join('');
  const start = joined.indexOf(opening);
  const end = joined.indexOf(']', start);
  const message = end < 0 ? undefined : readMessage(joined.slice(start + opening.length, end));
  if (message === undefined) return lines.map((text) => ({ kind: 'text', text }));
  const text = (said: string): OutputPart[] => (said.trim() === '' ? [] : [{ kind: 'text', text: said }]);
  return [...text(joined.slice(0, start)), { kind: 'message', message }, ...text(joined.slice(end + 1))];
}

const tagName = /^[\p{L}_:][\p{L}\p{N}_:.-]*/u;
const attribute = /\s+([\p{L}_:][\p{L}\p{N}_:.-]*)\s*=\s*(?:'([^'<]*)'|"([^"<]*)")/uy;

function readMessage(tag: string): ServiceMessage | undefined {
  const name = tagName.exec(tag)?.[0];
  if (name === undefined) return undefined;
  const values = new Map<string, string>();
  const spellings = new Set<string>();
  attribute.lastIndex = name.length;
  let read = name.length;
  for (let found = attribute.exec(tag); found !== null; found = attribute.exec(tag)) {
    const [, spelling = '', single, double] = found;
    const value = fromBase64(single ?? double ?? '');
    if (value === undefined || spellings.has(spelling)) return undefined;
    spellings.add(spelling);
    values.set(spelling.toLowerCase(), value);
    read = attribute.lastIndex;
  }
  return /^\s*\/?$/.test(tag.slice(read)) ? { name, values } : undefined;
}

/** UTF-8 text from the standard alphabet with padding; undefined for anything else. */
function fromBase64(text: string): string | undefined {
  const compact = text.replaceAll(/[\t\r\n ]/g, '');
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  return Buffer.from(compact, 'base64').toString('utf8');
}

/** A message as scripts write it, for those who make one. */
export function writeMessage(name: string, values: Readonly<Record<string, string>>): string {
  const attributes = Object.entries(values).map(
    ([key, value]) => ` ${key}='${Buffer.from(value, 'utf8').toString('base64')}'`,
  );
  return `${opening}${name}${attributes.join('')}]`;
}
