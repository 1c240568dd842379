import { createRequire } from 'node:module';
import type MarkdownIt from 'markdown-it';
import type { Filter } from './filter.ts';

// The library comes in with the first text in Markdown. A filter gives its value at once, so nothing can be awaited.
const require = createRequire(import.meta.url);

/** Longer text is refused: a reader of Markdown may go over some of it again and again. */
const lengthMax = 256 * 1024;

type Reader = ReturnType<typeof newReader>;
type StateInline = Parameters<Parameters<Reader['inline']['ruler']['push']>[1]>[0];
type Delimiter = StateInline['delimiters'][number];

let reader: Reader | undefined;

/** Markdown as HTML: CommonMark with tables, more kinds of emphasis and bare links. It ends in one line end more. */
export const markdown: Filter = (input, options, run) => {
  if (input === undefined || options.length > 0) return undefined;
  if (input.length > lengthMax) run.admit(Infinity);
  run.work(input.length * 50);
  reader ??= newReader();
  return `${reader.render(input.trim())}\n`;
};

function newReader() {
  const Markdown = require('markdown-it') as typeof MarkdownIt;
  const md = new Markdown({ html: true, xhtmlOut: true, linkify: true });
  md.disable('strikethrough');
  md.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
  md.linkify.add('//', null);
  md.linkify.add('www.', {
    validate: (text: string, at: number) =>
      /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?:[/?#][^\s<]*[^\s<?!.,:*_~)]|\/)?/i.exec(
        text.slice(at, at + 2048),
      )?.[0].length ?? 0,
    normalize: (match: { url: string }) => {
      match.url = `http://${match.url}`;
    },
  });
  md.validateLink = () => true;
  md.inline.ruler.before('emphasis', 'more-emphasis', pushDelimiters);
  md.inline.ruler2.before('emphasis', 'more-emphasis', pairDelimiters);
  md.renderer.rules['th_open'] = md.renderer.rules['td_open'] = (tokens, at) => {
    const token = tokens[at]!;
    const style = token.attrGet('style')?.toString().replace(':', ': ');
    return `<${token.tag}${style ? ` style="${style};"` : ''}>`;
  };
  return md;
}

/** By a mark and how many of it: the element it makes. */
const elements: Readonly<Record<string, readonly [single: string | undefined, double: string | undefined]>> =
  {
    '~': ['sub', 'del'],
    '^': ['sup', undefined],
    '+': [undefined, 'ins'],
    '=': [undefined, 'mark'],
  };

function pushDelimiters(state: StateInline, silent: boolean): boolean {
  const mark = state.src[state.pos]!;
  if (silent || !Object.hasOwn(elements, mark)) return false;
  const scanned = state.scanDelims(state.pos, true);
  for (let n = 0; n < scanned.length; n += 1) {
    const token = state.push('text', '', 0);
    token.content = mark;
    state.delimiters.push({
      marker: mark.charCodeAt(0),
      length: scanned.length,
      token: state.tokens.length - 1,
      end: -1,
      open: scanned.can_open,
      close: scanned.can_close,
    });
  }
  state.pos += scanned.length;
  return true;
}

function pairDelimiters(state: StateInline): boolean {
  pair(state, state.delimiters);
  for (const meta of state.tokens_meta) if (meta?.delimiters) pair(state, meta.delimiters);
  return true;
}

function pair(state: StateInline, delimiters: readonly Delimiter[]): void {
  for (let n = delimiters.length - 1; n >= 0; n -= 1) {
    const open = delimiters[n]!;
    const mark = String.fromCharCode(open.marker);
    if (!Object.hasOwn(elements, mark) || open.end === -1) continue;
    const close = delimiters[open.end]!;
    const [single, double] = elements[mark]!;
    const before = delimiters[n - 1];
    const after = delimiters[open.end + 1];
    const isDouble =
      double !== undefined &&
      before?.end === open.end + 1 &&
      before.marker === open.marker &&
      before.token === open.token - 1 &&
      after?.token === close.token + 1;
    const element = isDouble ? double : single;
    if (element === undefined) continue;
    set(state, open.token, element, 1, mark.repeat(isDouble ? 2 : 1));
    set(state, close.token, element, -1, mark.repeat(isDouble ? 2 : 1));
    if (isDouble) {
      state.tokens[before!.token]!.content = '';
      state.tokens[after!.token]!.content = '';
      n -= 1;
    }
  }
}

function set(state: StateInline, at: number, element: string, nesting: 1 | -1, markup: string): void {
  const token = state.tokens[at]!;
  token.type = `${element}_${nesting === 1 ? 'open' : 'close'}`;
  token.tag = element;
  token.nesting = nesting;
  token.markup = markup;
  token.content = '';
}
