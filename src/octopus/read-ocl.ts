/**
 * OCL, the language in which Octopus Deploy keeps a project in version control: attributes `name = value` and blocks
 * `name "label" { … }`, one a line. A value is a quoted string (escapes `\"`, `\\`, `\n`, `\r`, `\t`), a heredoc
 * (`<<TAG`, or `<<-TAG` without the indentation that its lines share), a number, true, false, null, a list of such
 * values, or a dictionary `{ key = value }`. Numbers are kept as they are written.
 */
import { OctopusError } from './errors.ts';

export type OclValue = string | boolean | null | readonly OclValue[] | ReadonlyMap<string, OclValue>;
export type OclBlock = {
  readonly name: string;
  readonly labels: readonly string[];
  readonly line: number;
  readonly attributes: ReadonlyMap<string, OclValue>;
  readonly blocks: readonly OclBlock[];
};

const depthMax = 50;

/** The document as a block without a name. Throws OctopusError with line and column. Linear in the text. */
export function readOcl(text: string, path: string): OclBlock {
  return new OclReader(text.replace(/^\uFEFF/, ''), path).document();
}

class OclReader {
  readonly #text: string;
  readonly #path: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string, path: string) {
    this.#text = text;
    this.#path = path;
  }

  document(): OclBlock {
    const body = this.#body('', 0);
    return { name: '', labels: [], line: 1, ...body };
  }

  /** Attributes and blocks up to what ends them: `}`, or the end of the text where `end` is empty. */
  #body(end: '' | '}', depth: number): Pick<OclBlock, 'attributes' | 'blocks'> {
    if (depth > depthMax) throw this.#wrong(`more than ${depthMax} blocks stand in one another`);
    const attributes = new Map<string, OclValue>();
    const blocks: OclBlock[] = [];
    for (;;) {
      this.#skipSpace();
      if (this.#at >= this.#text.length) {
        if (end === '') return { attributes, blocks };
        throw this.#wrong('the file ends within a block');
      }
      if (end === '}' && this.#take('}')) return { attributes, blocks };
      const line = this.#line;
      const name = this.#name();
      this.#skipBlanks();
      if (this.#take('=')) {
        if (attributes.has(name)) throw this.#wrong(`${name} stands here a second time`);
        this.#skipBlanks();
        attributes.set(name, this.#value(depth + 1));
        continue;
      }
      const labels: string[] = [];
      while (this.#peek() === '"') {
        labels.push(this.#quoted());
        this.#skipBlanks();
      }
      if (!this.#take('{')) throw this.#wrong(`after ${name} an = or a { is expected`);
      blocks.push({ name, labels, line, ...this.#body('}', depth + 1) });
    }
  }

  #value(depth: number): OclValue {
    if (depth > depthMax) throw this.#wrong(`more than ${depthMax} values stand in one another`);
    const next = this.#peek();
    if (next === '"') return this.#quoted();
    if (next === '[') return this.#list(depth);
    if (next === '{') return this.#dictionary(depth);
    if (this.#text.startsWith('<<', this.#at)) return this.#heredoc();
    const word = this.#match(/[A-Za-z0-9_.+-]+/y);
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null') return null;
    if (word !== undefined && /^-?\d+(?:\.\d+)?$/.test(word)) return word;
    throw this.#wrong('a value is expected here');
  }

  #list(depth: number): OclValue[] {
    this.#at += 1;
    const items: OclValue[] = [];
    for (;;) {
      this.#skipSpace();
      if (this.#take(']')) return items;
      items.push(this.#value(depth + 1));
      this.#skipSpace();
      if (!this.#take(',') && this.#peek() !== ']') throw this.#wrong('a comma or ] is expected here');
    }
  }

  #dictionary(depth: number): Map<string, OclValue> {
    this.#at += 1;
    const entries = new Map<string, OclValue>();
    for (;;) {
      this.#skipSpace();
      if (this.#take('}')) return entries;
      const key = this.#peek() === '"' ? this.#quoted() : this.#match(/[^\s"={}]+/y);
      if (key === undefined) throw this.#wrong('a name is expected here');
      this.#skipBlanks();
      if (!this.#take('=')) throw this.#wrong(`after ${key} an = is expected`);
      if (entries.has(key)) throw this.#wrong(`${key} stands here a second time`);
      this.#skipBlanks();
      entries.set(key, this.#value(depth + 1));
      this.#skipSpace();
      this.#take(',');
    }
  }

  #quoted(): string {
    this.#at += 1;
    let text = '';
    for (;;) {
      text += this.#match(/[^"\\\r\n]+/y) ?? '';
      const next = this.#peek();
      if (next === '"') {
        this.#at += 1;
        return text;
      }
      const escaped = next === '\\' ? escapes[this.#text[this.#at + 1] ?? ''] : undefined;
      if (escaped === undefined) {
        throw this.#wrong(next === '\\' ? 'this escape is not known' : 'the text is not ended on its line');
      }
      text += escaped;
      this.#at += 2;
    }
  }

  #heredoc(): string {
    const start = this.#match(/<<(-?)([^\s]+)[ \t]*(?:\r?\n)/y);
    if (start === undefined) throw this.#wrong('a tag and a line end are expected behind <<');
    this.#newLine();
    const isIndented = start.startsWith('<<-');
    const tag = start.slice(isIndented ? 3 : 2).trim();
    const lines: string[] = [];
    for (;;) {
      if (this.#at >= this.#text.length) throw this.#wrong(`the text is not ended by ${tag}`);
      const newline = this.#text.indexOf('\n', this.#at);
      const lineEnd = newline < 0 ? this.#text.length : newline;
      const line = this.#text.slice(this.#at, lineEnd);
      if (line.trim() === tag) {
        this.#at = lineEnd;
        break;
      }
      lines.push(line);
      this.#at = Math.min(lineEnd + 1, this.#text.length);
      this.#newLine();
    }
    const isCrlf = lines.slice(0, -1).some((line) => line.endsWith('\r'));
    const plain = lines.map((line) => line.replace(/\r+$/, ''));
    return (isIndented ? unindented(plain) : plain).join(isCrlf ? '\r\n' : '\n');
  }

  #name(): string {
    const name = this.#match(/[\p{L}\p{N}_][\p{L}\p{N}_.-]*/uy);
    if (name === undefined) throw this.#wrong('the name of an attribute or a block is expected here');
    return name;
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #skipBlanks(): void {
    this.#match(/[ \t]+/y);
  }

  /** White space, line ends and comments. */
  #skipSpace(): void {
    for (;;) {
      this.#match(/[ \t\r]+/y);
      if (this.#take('\n')) this.#newLine();
      else if (this.#peek() === '#' || this.#text.startsWith('//', this.#at)) this.#match(/[^\n]*/y);
      else return;
    }
  }

  #newLine(): void {
    this.#line += 1;
    this.#lineStart = this.#at;
  }

  #wrong(what: string): OctopusError {
    const [line, column] = [this.#line, this.#at - this.#lineStart + 1];
    return new OctopusError(`Cannot read ${this.#path}: line ${line}, column ${column}: ${what}`, {
      hint: 'Name the deployment_process.ocl of a project as Octopus Deploy wrote it.',
      details: { path: this.#path, line, column },
    });
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', '"': '"' };

/** Lines without the white space that all of them begin with; blank ones don't count. */
function unindented(lines: readonly string[]): string[] {
  let by = Number.POSITIVE_INFINITY;
  for (const line of lines) if (line.trim() !== '') by = Math.min(by, line.length - line.trimStart().length);
  return lines.map((line) => (line.length <= by ? '' : line.slice(by)));
}
