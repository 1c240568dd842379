/**
 * White space between attributes: what stood in the source stays, what is added stands where the library would put
 * it. An element that came from the transform has nothing recorded.
 */
import { endOfName, skipSpace } from '../xml-scan.ts';
import type { TreeAttribute, TreeElement } from './tree-node.ts';
import type { PlacedAttributes } from './write-tree.ts';

/** What is put before an attribute whose line would be too long, where nothing else is known. */
const lineEndUnknown = '\r\n';

/** Spaces by attribute name, the trailing one under the empty name; a freed place is taken by what comes next. */
class RecordedSpaces {
  readonly #places: ({ readonly name: string; space: string } | undefined)[] = [];
  readonly #free: number[] = [];

  get(name: string): string | undefined {
    return this.#find(name)?.space;
  }

  set(name: string, space: string): void {
    const known = this.#find(name);
    if (known !== undefined) known.space = space;
    else this.#places[this.#free.pop() ?? this.#places.length] = { name, space };
  }

  delete(name: string): void {
    const at = this.#places.findIndex((one) => one?.name === name);
    if (at < 0) return;
    this.#places[at] = undefined;
    this.#free.push(at);
  }

  clear(): void {
    this.#places.length = 0;
    this.#free.length = 0;
  }

  get size(): number {
    return this.#places.length - this.#free.length;
  }

  firstWithLineEnd(): string | undefined {
    return this.#places.find((one) => one !== undefined && hasLineEnd(one.space))?.space;
  }

  #find(name: string) {
    return this.#places.find((one) => one?.name === name);
  }
}

/** How one element's attributes stand after the transform. */
export class AttributeLayout {
  readonly #names: string[];
  readonly #spaces: RecordedSpaces;
  readonly #attributes = new Map<string, TreeAttribute>();
  #newLine: string | undefined;

  /**
   * `indent` tells what a new line begins with here, where the element itself does not say; `newLine` is what it was
   * taken to say before it was laid out.
   */
  constructor(element: TreeElement, indent: () => string, newLine: string | undefined) {
    this.#newLine = newLine;
    const { names, spaces } = recorded(element);
    this.#names = names;
    this.#spaces = spaces;
    for (const attribute of element.attributes) {
      // Two attributes that share a name without its prefix are both kept.
      const taken = this.#attributes.has(attribute.name);
      this.#attributes.set(taken ? `${attribute.name} ${attribute.namespace}` : attribute.name, attribute);
    }
    if (this.#attributes.size === 0) {
      if (names.length > 0) this.#spaces.clear();
      names.length = 0;
      return;
    }
    const known = new Set(names);
    for (const name of this.#attributes.keys()) if (!known.has(name)) names.push(name);
    this.#update(indent);
  }

  /** What a new line of attributes begins with; undefined where this element does not say. */
  newLine(): string | undefined {
    this.#newLine ??= this.#spaces.firstWithLineEnd();
    return this.#newLine;
  }

  placed(): PlacedAttributes {
    return {
      attributes: this.#names.flatMap((name) => {
        const attribute = this.#attributes.get(name);
        return attribute === undefined ? [] : [{ attribute, space: this.#spaces.get(name) }];
      }),
      trailing: this.#spaces.get('') ?? '',
      newLine: this.#newLine ?? lineEndUnknown,
      selfClosing: '/>',
    };
  }

  #update(indent: () => string): void {
    let first = true;
    let kept: string | undefined;
    let perLine: boolean | undefined;
    for (const name of this.#names) {
      const exists = this.#attributes.has(name);
      const space = this.#spaces.get(name);
      if (!exists) {
        if (space === undefined) continue;
        if (first) kept ??= space;
        else if (hasLineEnd(space)) kept = space;
        this.#spaces.delete(name);
      } else if (kept !== undefined) {
        if (first || space === undefined || !hasLineEnd(space)) this.#spaces.set(name, kept);
        kept = undefined;
      } else if (space === undefined) {
        if (first) this.#spaces.set(name, ' ');
        else {
          perLine ??= this.#onePerLine();
          this.#newLine ??= this.#spaces.firstWithLineEnd() ?? indent();
          if (perLine) this.#spaces.set(name, this.#newLine);
        }
      }
      if (exists) first = false;
    }
  }

  /** An element with one attribute counts as one per line, because its end is recorded too. */
  #onePerLine(): boolean {
    if (this.#spaces.size <= 1) return false;
    return this.#names.slice(1).every((name) => {
      const space = this.#spaces.get(name);
      return space === undefined || hasLineEnd(space);
    });
  }
}

/** Whether the white space inside the start tag was kept: not for what is new, nor behind a CR without its LF. */
export function hasRecordedSpaces({ original, origin, at }: TreeElement): boolean {
  return original && at <= origin.spacesKnownTo;
}

/** The attributes of an original element whose names are those of its start tag. */
export function placedAsRead(element: TreeElement): PlacedAttributes {
  const source = element.origin.text;
  return {
    attributes: element.attributes.map((attribute) => ({
      attribute,
      space: spaceBefore(source, attribute.at),
    })),
    trailing: trailingSpace(element),
    newLine: lineEndUnknown,
    selfClosing: '/>',
  };
}

/** What a new line of attributes begins with in the start tag of an original element, as it was read. */
export function newLineAsRead(element: TreeElement): string | undefined {
  const { origin, at } = element;
  // Most tags stand on one line.
  if (!origin.text.slice(at, element.tagEnd).includes('\n')) return undefined;
  return recorded(element).spaces.firstWithLineEnd();
}

function recorded(element: TreeElement): { names: string[]; spaces: RecordedSpaces } {
  const names: string[] = [];
  const spaces = new RecordedSpaces();
  if (!hasRecordedSpaces(element)) return { names, spaces };
  const source = element.origin.text;
  const end = endOfAttributes(element);
  let at = skipSpace(source, element.at + element.name.length);
  while (at < end) {
    const nameEnd = endOfName(source, at);
    const name = source.slice(at, nameEnd);
    names.push(name);
    spaces.set(name, spaceBefore(source, at));
    const opening = skipSpace(source, skipSpace(source, nameEnd) + 1);
    at = skipSpace(source, source.indexOf(source[opening]!, opening + 1) + 1);
  }
  spaces.set('', trailingSpace(element));
  return { names, spaces };
}

function endOfAttributes({ origin, tagEnd }: TreeElement): number {
  return origin.text[tagEnd - 2] === '/' ? tagEnd - 2 : tagEnd - 1;
}

function trailingSpace(element: TreeElement): string {
  return spaceBefore(element.origin.text, endOfAttributes(element));
}

function spaceBefore(source: string, at: number): string {
  let start = at;
  while (' \t\r\n'.includes(source[start - 1]!)) start -= 1;
  return source.slice(start, at);
}

function hasLineEnd(space: string): boolean {
  return space.includes('\n');
}
