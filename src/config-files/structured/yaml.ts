import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type CST,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { spliced, type Splice } from '../xml.ts';
import { isGiven, joinedPath, lineEndingOf, longestName } from './text-result.ts';
import type { ListedValues, StructuredPath, TextResult } from './text-result.ts';
import { readYamlFragment, type YamlFragment } from './yaml-fragment.ts';
import { readYamlDocuments, type YamlNode } from './yaml-read.ts';
import { doubleQuoted, flowText, newScalar, scalarText } from './yaml-text.ts';

/** What stands before a node: its indicator (`:` or `-`), comments, anchor and tag. */
type Place = {
  readonly lead: readonly CST.SourceToken[];
  readonly inFlow: boolean;
  /** The column of the collection around it, undefined at the root of a document. */
  readonly outerIndent: number;
  readonly isItem: boolean;
};

type Found =
  | { readonly kind: 'node'; readonly path: string; readonly node: YamlNode; readonly place: Place }
  /** `{a}` and `? a`: there is a name, and not even the place of a value. */
  | { readonly kind: 'no-place'; readonly path: string; readonly after: number; readonly inFlow: boolean };

/**
 * Sets what stands at the paths of a YAML text, in every document of it, that are named like a variable: keys and
 * indices joined by `:`. A scalar keeps its style, tag and anchor, and a plain one that would no longer be read as this
 * scalar is quoted; a mapping or sequence takes the value read as YAML, or as a string where it is none. Every other
 * character stays. An alias is an item like others and never replaced. Throws ConfigFileError `YAML_NOT_WELL_FORMED`.
 */
export function setInYaml(text: string, variables: ListedValues): TextResult {
  const longest = longestName(variables);
  const lineEnd = lineEndingOf(text);
  const splices: Splice[] = [];
  const replaced = new Map<string, string>();
  const warnings: string[] = [];

  const set = (found: Found): void => {
    const { path } = found;
    const splice = spliceFor(text, found, variables.get(path), lineEnd);
    if (splice === undefined) {
      warnings.push(`${path}: the key stands there without a place for a value; it stays`);
      return;
    }
    splices.push(splice);
    if (!replaced.has(path.toUpperCase())) replaced.set(path.toUpperCase(), path);
  };
  const walk = (node: YamlNode, path: StructuredPath, place: Place): void => {
    if (isAlias(node)) return;
    if (isGiven(path, variables)) return set({ kind: 'node', path, node, place });
    if (isMap<Node, Node | null>(node)) walkMap(node, path);
    else if (isSeq<Node>(node)) walkSeq(node, path);
  };
  const walkMap = (map: YAMLMap<Node, Node | null>, path: StructuredPath): void => {
    for (const pair of map.items) {
      const name = isScalar(pair.key) ? scalarText(pair.key) : undefined;
      const inner = name === undefined ? undefined : joinedPath(path, name, longest);
      if (pair.value !== null) {
        walk(pair.value as YamlNode, inner, placeIn(map, valueLead(pair), false));
      } else if (isGiven(inner, variables)) {
        set({ kind: 'no-place', path: inner, after: pair.key.range![1], inFlow: map.flow === true });
      }
    }
  };
  const walkSeq = (seq: YAMLSeq<Node>, path: StructuredPath): void => {
    const leads = new Map<unknown, readonly CST.SourceToken[]>();
    for (const item of tokensOf(seq)) if (item.value !== undefined) leads.set(item.value, item.start);
    for (const [n, item] of seq.items.entries()) {
      const lead = leads.get((item as YamlNode).srcToken) ?? [];
      walk(item as YamlNode, joinedPath(path, String(n), longest), placeIn(seq, lead, true));
    }
  };
  for (const { contents } of readYamlDocuments(text)) {
    if (contents !== null)
      walk(contents as YamlNode, null, { lead: [], inFlow: false, outerIndent: 0, isItem: false });
  }
  return { text: spliced(text, splices), replaced: [...replaced.values()], warnings };
}

function placeIn(outer: YAMLMap | YAMLSeq, lead: readonly CST.SourceToken[], isItem: boolean): Place {
  const token = (outer as YamlNode).srcToken;
  const outerIndent = token !== undefined && 'indent' in token ? token.indent : 0;
  return { lead, inFlow: outer.flow === true, outerIndent, isItem };
}

function valueLead(pair: Pair<Node, Node | null>): readonly CST.SourceToken[] {
  return pair.srcToken?.sep ?? [];
}

function tokensOf(seq: YAMLSeq): readonly CST.CollectionItem[] {
  const token = (seq as YamlNode).srcToken;
  return token !== undefined && 'items' in token ? (token.items as readonly CST.CollectionItem[]) : [];
}

function spliceFor(
  text: string,
  found: Found,
  value: string | undefined,
  lineEnd: string,
): Splice | undefined {
  if (found.kind === 'no-place') {
    if (!found.inFlow) return undefined;
    const written = value === undefined ? 'null' : newScalar(value, 'PLAIN', true);
    return { start: found.after, end: found.after, text: `: ${written}` };
  }
  const { node, place } = found;
  if (isScalar(node)) return scalarSplice(text, node, place, value, lineEnd);
  const fragment = value === undefined ? undefined : readYamlFragment(value);
  const inline = (): string => {
    if (value === undefined) return 'null';
    if (fragment === undefined) return doubleQuoted(value);
    return place.inFlow ? flowText(fragment.contents) : fragment.inline!;
  };
  const [start, end] = node.range!;
  const props = place.lead.filter((token) => token.type === 'anchor' || token.type === 'tag');
  const isBlock = !('flow' in node && node.flow === true);
  const continued = lineEnd + ' '.repeat(place.outerIndent + 2);
  if (place.inFlow || (!isBlock && (fragment === undefined || fragment.inline !== undefined))) {
    const written = inline().replaceAll(/\r\n|\r|\n/g, continued);
    return { start: props[0]?.offset ?? start, end, text: written };
  }
  const indicator = place.lead.findLast(
    (token) => token.type === 'map-value-ind' || token.type === 'seq-item-ind',
  );
  const from = indicator === undefined ? start : indicator.offset + indicator.source.length;
  const to = isBlock ? contentEnd(text, node) : end;
  const comment = sameLineComment(place.lead, indicator);
  const block = fragment?.inline === undefined ? fragment : undefined;
  if (block === undefined) {
    const written = inline().replaceAll(/\r\n|\r|\n/g, continued);
    return { start: from, end: to, text: ` ${written}${comment}` };
  }
  return { start: from, end: to, text: blockText(block, node, place, comment, lineEnd) };
}

/** A block collection behind `- ` on the same line, else below its key. */
function blockText(
  fragment: YamlFragment,
  old: YamlNode,
  place: Place,
  comment: string,
  lineEnd: string,
): string {
  const token = old.srcToken;
  const oldIndent =
    token !== undefined && token.type.startsWith('block') && 'indent' in token ? token.indent : 0;
  const least = place.outerIndent + (isSeq(fragment.contents) && !place.isItem && isSeq(old) ? 0 : 1);
  const indent = place.isItem || oldIndent < least ? place.outerIndent + 2 : oldIndent;
  const lines = fragment.lines.map((line) => (line === '' ? '' : ' '.repeat(indent) + line));
  if (place.isItem && comment === '') return ` ${[lines[0]!.trimStart(), ...lines.slice(1)].join(lineEnd)}`;
  return `${comment}${lineEnd}${lines.join(lineEnd)}`;
}

function scalarSplice(
  text: string,
  node: Extract<YamlNode, { type?: unknown }> & { type?: unknown },
  place: Place,
  value: string | undefined,
  lineEnd: string,
): Splice {
  const [start, end] = node.range!;
  const style = (node as { type?: string }).type;
  const isBlock = style === 'BLOCK_LITERAL' || style === 'BLOCK_FOLDED';
  if (isBlock) {
    const old = text.slice(start, end);
    const header = /^[^\r\n]*/.exec(old)![0];
    const comment = /[ \t]+#.*$/.exec(header)?.[0] ?? '';
    const ending = /\r?\n$/.exec(old)?.[0] ?? '';
    const body = value === undefined ? undefined : literalBody(value, old, header, place, lineEnd);
    if (body !== undefined)
      return { start, end, text: `${body.header}${comment}${lineEnd}${body.lines}${ending}` };
    return { start, end, text: `${value === undefined ? 'null' : doubleQuoted(value)}${comment}${ending}` };
  }
  const written = value === undefined ? 'null' : newScalar(value, style, place.inFlow);
  const before = start === end && !/[\s[{,]/.test(text[start - 1] ?? ' ') && written !== '' ? ' ' : '';
  const after = start === end && !/[\s\]},]/.test(text[end] ?? ' ') ? ' ' : '';
  return { start, end, text: `${before}${written}${after}` };
}

/** The value as a literal block, undefined where its characters or its indentation ask for quotes. */
function literalBody(
  value: string,
  old: string,
  header: string,
  place: Place,
  lineEnd: string,
): { readonly header: string; readonly lines: string } | undefined {
  // oxlint-disable-next-line no-control-regex -- what YAML lets stand in quotes only
  if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]|\p{Surrogate}/u.test(value))
    return undefined;
  if (/^\n*(?: |$)/.test(value) || value.endsWith('\n\n')) return undefined;
  const first = /\n( *)[^ \r\n]/.exec(old.slice(header.length))?.[1]?.length;
  const indent = first === undefined || /\d/.test(header.split('#')[0]!) ? place.outerIndent + 2 : first;
  const keepsEnd = value.endsWith('\n');
  const lines = (keepsEnd ? value.slice(0, -1) : value).split('\n');
  return {
    header: keepsEnd ? '|' : '|-',
    lines: lines.map((line) => (line === '' ? '' : ' '.repeat(indent) + line)).join(lineEnd),
  };
}

/** Where the last thing of a block collection ends, with a comment on its line. */
function contentEnd(text: string, node: YamlNode): number {
  let last: YamlNode = node;
  for (;;) {
    if (isMap<Node, Node | null>(last) && last.flow !== true && last.items.length > 0) {
      const pair: Pair<Node, Node | null> = last.items.at(-1)!;
      const value = pair.value as YamlNode | null;
      last = value === null || value.range![1] < pair.key.range![1] ? (pair.key as YamlNode) : value;
    } else if (isSeq<Node>(last) && last.flow !== true && last.items.length > 0) {
      last = last.items.at(-1)! as YamlNode;
    } else {
      break;
    }
  }
  let end = last.range![1];
  if (/[\r\n]/.test(text[end - 1] ?? '')) {
    while (end > node.range![0] && /\s/.test(text[end - 1]!)) end -= 1;
    return end;
  }
  while (end < text.length && text[end] !== '\n' && text[end] !== '\r') end += 1;
  return end;
}

/** The comment on the line of the indicator, with a blank before it; it belongs to the key, not to what is replaced. */
function sameLineComment(lead: readonly CST.SourceToken[], indicator: CST.SourceToken | undefined): string {
  if (indicator === undefined) return '';
  for (const token of lead.slice(lead.indexOf(indicator) + 1)) {
    if (token.type === 'newline') return '';
    if (token.type === 'comment') return ` ${token.source}`;
  }
  return '';
}
