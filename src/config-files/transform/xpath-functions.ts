import { stringValue } from './string-value.ts';
import { xmlNamespace } from './tree.ts';
import type { TreeNode } from './tree-node.ts';

export type XPathType = 'nodes' | 'string' | 'number' | 'boolean';
export type XPathValue = readonly TreeNode[] | string | number | boolean;
export type XPathContext = { readonly node: TreeNode; readonly position: number; readonly size: number };

export type XPathFunction = {
  readonly min: number;
  readonly max: number;
  readonly gives: XPathType;
  /** `nodes` where every argument must select nodes. */
  readonly takes: 'nodes' | 'any';
  readonly run: (values: readonly XPathValue[], context: XPathContext) => XPathValue;
};

const entry = (
  name: string,
  [min, max]: readonly [number, number],
  gives: XPathType,
  run: XPathFunction['run'],
  takes: 'nodes' | 'any' = 'any',
): readonly [string, XPathFunction] => [name, { min, max, gives, takes, run }];

/** The text of an argument, or of the node at hand where it is left out. */
const textOf = (values: readonly XPathValue[], context: XPathContext): string =>
  values[0] === undefined ? stringValue(context.node) : toText(values[0]);
const nodeOf = (values: readonly XPathValue[], { node }: XPathContext): TreeNode | undefined =>
  values[0] === undefined ? node : (values[0] as readonly TreeNode[])[0];
const firstTwo = (values: readonly XPathValue[]): readonly [string, string] => [
  toText(values[0]!),
  toText(values[1]!),
];

/** The core functions of XPath 1.0. */
export const xpathFunctions: ReadonlyMap<string, XPathFunction> = new Map([
  entry('last', [0, 0], 'number', (_, { size }) => size),
  entry('position', [0, 0], 'number', (_, { position }) => position),
  entry('count', [1, 1], 'number', ([nodes]) => (nodes as readonly TreeNode[]).length, 'nodes'),
  // Attributes of type ID are declared by a document type, which is not acted on.
  entry('id', [1, 1], 'nodes', () => []),
  entry('local-name', [0, 1], 'string', (values, at) => localNameOf(nodeOf(values, at)), 'nodes'),
  entry('namespace-uri', [0, 1], 'string', (values, at) => namespaceOf(nodeOf(values, at)), 'nodes'),
  entry('name', [0, 1], 'string', (values, at) => nameOf(nodeOf(values, at)), 'nodes'),
  entry('string', [0, 1], 'string', textOf),
  entry('concat', [2, Infinity], 'string', (values) => values.map(toText).join('')),
  entry('starts-with', [2, 2], 'boolean', (values) => {
    const [text, part] = firstTwo(values);
    return text.startsWith(part);
  }),
  entry('contains', [2, 2], 'boolean', (values) => {
    const [text, part] = firstTwo(values);
    return text.includes(part);
  }),
  entry('substring-before', [2, 2], 'string', (values) => {
    const [text, part] = firstTwo(values);
    return text.slice(0, Math.max(0, text.indexOf(part)));
  }),
  entry('substring-after', [2, 2], 'string', (values) => {
    const [text, part] = firstTwo(values);
    const at = text.indexOf(part);
    return at < 0 ? '' : text.slice(at + part.length);
  }),
  entry('substring', [2, 3], 'string', ([text, start, length]) => {
    const from = rounded(toNumber(start!));
    const to = length === undefined ? Infinity : from + rounded(toNumber(length));
    const whole = toText(text!);
    // What is not a number selects nothing.
    if (!(from < to)) return '';
    return whole.slice(Math.max(0, from - 1), Math.max(0, to - 1));
  }),
  entry('string-length', [0, 1], 'number', (values, at) => textOf(values, at).length),
  entry('normalize-space', [0, 1], 'string', (values, at) =>
    textOf(values, at)
      .replaceAll(/[ \t\r\n]+/g, ' ')
      .replace(/^ | $/g, ''),
  ),
  entry('translate', [3, 3], 'string', ([text, from, to]) => {
    const put = toText(to!);
    const changes = new Map<string, string>();
    for (const [n, character] of Array.from(toText(from!).split('')).entries()) {
      if (!changes.has(character)) changes.set(character, put[n] ?? '');
    }
    return toText(text!).replaceAll(/[^]/g, (character) => changes.get(character) ?? character);
  }),
  entry('boolean', [1, 1], 'boolean', ([value]) => toBoolean(value!)),
  entry('not', [1, 1], 'boolean', ([value]) => !toBoolean(value!)),
  entry('true', [0, 0], 'boolean', () => true),
  entry('false', [0, 0], 'boolean', () => false),
  entry('lang', [1, 1], 'boolean', ([language], { node }) => hasLanguage(node, toText(language!))),
  entry('number', [0, 1], 'number', (values, { node }) => toNumber(values[0] ?? [node])),
  entry(
    'sum',
    [1, 1],
    'number',
    ([nodes]) => (nodes as readonly TreeNode[]).reduce((sum, node) => sum + toNumber([node]), 0),
    'nodes',
  ),
  entry('floor', [1, 1], 'number', ([value]) => Math.floor(toNumber(value!))),
  entry('ceiling', [1, 1], 'number', ([value]) => Math.ceil(toNumber(value!))),
  entry('round', [1, 1], 'number', ([value]) => rounded(toNumber(value!))),
]);

export function toText(value: XPathValue): string {
  if (typeof value === 'number') return numberText(value);
  if (typeof value !== 'object') return String(value);
  return value[0] === undefined ? '' : stringValue(value[0]);
}

export function toNumber(value: XPathValue): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  const text = toText(value).trim();
  return /^-?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
}

export function toBoolean(value: XPathValue): boolean {
  if (typeof value === 'object') return value.length > 0;
  return typeof value === 'number' ? value !== 0 && !Number.isNaN(value) : Boolean(value);
}

/** Half rounds up, also below zero. */
function rounded(value: number): number {
  return Number.isFinite(value) ? Math.floor(value + 0.5) : value;
}

/** Never with an exponent. */
function numberText(value: number): string {
  if (Object.is(value, -0)) return '0';
  const text = String(value);
  if (!text.includes('e')) return text;
  if (Math.abs(value) >= 1) return BigInt(value).toString();
  const [digits, exponent] = text.replace('-', '').split('e-') as [string, string];
  const zeros = '0'.repeat(Number(exponent) - 1);
  return `${value < 0 ? '-' : ''}0.${zeros}${digits.replace('.', '')}`;
}

function localNameOf(node: TreeNode | undefined): string {
  if (node?.kind === 'element' || node?.kind === 'attribute') return node.localName;
  return node?.kind === 'instruction' ? node.name : '';
}

function namespaceOf(node: TreeNode | undefined): string {
  return node?.kind === 'element' || node?.kind === 'attribute' ? node.namespace : '';
}

function nameOf(node: TreeNode | undefined): string {
  return node === undefined || node.kind === 'document' ? '' : node.name;
}

function hasLanguage(node: TreeNode, language: string): boolean {
  let at = node.kind === 'attribute' ? node.element : node;
  for (; at !== undefined; at = at.parent) {
    if (at.kind !== 'element') continue;
    const found = at.attributes.find((one) => one.namespace === xmlNamespace && one.localName === 'lang');
    if (found === undefined) continue;
    const [own, asked] = [found.value.toLowerCase(), language.toLowerCase()];
    return own === asked || own.startsWith(`${asked}-`);
  }
  return false;
}
