import { stringValue, type PathNode } from './xml-nodes.ts';

export type Item = PathNode | string | number | boolean;

/** Why an expression can't be evaluated; it never leaves the evaluation. */
export class XPathFailure extends Error {}

export type Focus = { readonly node: PathNode; readonly position: number; readonly size: number };

export function isNode(item: Item): item is PathNode {
  return typeof item === 'object';
}

/** A node's text, else the value itself. */
export function atomized(item: Item): string | number | boolean {
  return isNode(item) ? stringValue(item) : item;
}

export function textOf(items: readonly Item[]): string {
  const [first, second] = items;
  if (second !== undefined) throw new XPathFailure('several values stand where one is expected');
  return first === undefined ? '' : String(atomized(first));
}

export function numberOf(items: readonly Item[]): number {
  const [first] = items;
  if (first === undefined) return Number.NaN;
  const value = atomized(first);
  if (typeof value === 'string')
    return /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(value) ? Number(value) : Number.NaN;
  return Number(value);
}

/** Whether a condition holds. */
export function truthOf(items: readonly Item[]): boolean {
  const [first, second] = items;
  if (first === undefined) return false;
  if (isNode(first)) return true;
  if (second !== undefined) throw new XPathFailure('several values stand where a condition is expected');
  return typeof first === 'number' ? first !== 0 && !Number.isNaN(first) : Boolean(first);
}

type Call = (given: readonly (readonly Item[])[], focus: Focus) => Item[];
type Function = { readonly least: number; readonly most: number; readonly call: Call };

const of = (least: number, most: number, call: Call): Function => ({ least, most, call });
const text = (given: readonly (readonly Item[])[], n: number): string => textOf(given[n] ?? []);
const orFocus = (given: readonly (readonly Item[])[], focus: Focus): readonly Item[] =>
  given[0] ?? [focus.node];
const nodeOrFocus = (given: readonly (readonly Item[])[], focus: Focus): PathNode | undefined => {
  const [first] = orFocus(given, focus);
  if (first !== undefined && !isNode(first)) throw new XPathFailure('a node is expected here');
  return first;
};
const points = (value: string): string[] => Array.from(value);
const numbers = (items: readonly Item[]): number[] => items.map((item) => numberOf([item]));
const named = (node: PathNode | undefined) =>
  node?.kind === 'element' || node?.kind === 'attribute' ? node.at : undefined;

export const xpathFunctions: ReadonlyMap<string, Function> = new Map<string, Function>([
  ['last', of(0, 0, (_, { size }) => [size])],
  ['position', of(0, 0, (_, { position }) => [position])],
  ['count', of(1, 1, ([items]) => [items!.length])],
  ['exists', of(1, 1, ([items]) => [items!.length > 0])],
  ['empty', of(1, 1, ([items]) => [items!.length === 0])],
  ['not', of(1, 1, ([items]) => [!truthOf(items!)])],
  ['boolean', of(1, 1, ([items]) => [truthOf(items!)])],
  ['true', of(0, 0, () => [true])],
  ['false', of(0, 0, () => [false])],
  ['string', of(0, 1, (given, focus) => [textOf(orFocus(given, focus))])],
  ['data', of(0, 1, (given, focus) => orFocus(given, focus).map(atomized))],
  ['number', of(0, 1, (given, focus) => [numberOf(orFocus(given, focus))])],
  ['name', of(0, 1, (given, focus) => [nameOf(nodeOrFocus(given, focus))])],
  [
    'local-name',
    of(0, 1, (given, focus) => {
      const node = nodeOrFocus(given, focus);
      return [named(node)?.localName ?? nameOf(node)];
    }),
  ],
  ['namespace-uri', of(0, 1, (given, focus) => [named(nodeOrFocus(given, focus))?.namespace ?? ''])],
  ['concat', of(2, 100, (given) => [given.map((one) => textOf(one)).join('')])],
  ['string-join', of(1, 2, (given) => [given[0]!.map((one) => String(atomized(one))).join(text(given, 1))])],
  ['contains', of(2, 2, (given) => [text(given, 0).includes(text(given, 1))])],
  ['starts-with', of(2, 2, (given) => [text(given, 0).startsWith(text(given, 1))])],
  ['ends-with', of(2, 2, (given) => [text(given, 0).endsWith(text(given, 1))])],
  ['lower-case', of(1, 1, (given) => [text(given, 0).toLowerCase()])],
  ['upper-case', of(1, 1, (given) => [text(given, 0).toUpperCase()])],
  ['string-length', of(0, 1, (given, focus) => [points(textOf(orFocus(given, focus))).length])],
  [
    'normalize-space',
    of(0, 1, (given, focus) => [
      textOf(orFocus(given, focus))
        .trim()
        .replaceAll(/[ \t\r\n]+/g, ' '),
    ]),
  ],
  [
    'substring-before',
    of(2, 2, (given) => {
      const at = text(given, 0).indexOf(text(given, 1));
      return [at < 0 ? '' : text(given, 0).slice(0, at)];
    }),
  ],
  [
    'substring-after',
    of(2, 2, (given) => {
      const at = text(given, 0).indexOf(text(given, 1));
      return [at < 0 ? '' : text(given, 0).slice(at + text(given, 1).length)];
    }),
  ],
  [
    'substring',
    of(2, 3, (given) => {
      const from = roundedUp(numberOf(given[1]!));
      const to = given[2] === undefined ? Number.POSITIVE_INFINITY : from + roundedUp(numberOf(given[2]));
      return [
        points(text(given, 0))
          .filter((_, n) => n + 1 >= from && n + 1 < to)
          .join(''),
      ];
    }),
  ],
  [
    'translate',
    of(3, 3, (given) => {
      const from = points(text(given, 1));
      const to = points(text(given, 2));
      const put = (character: string): string => {
        const at = from.indexOf(character);
        return at < 0 ? character : (to[at] ?? '');
      };
      return [points(text(given, 0)).map(put).join('')];
    }),
  ],
  ['sum', of(1, 1, ([items]) => [numbers(items!).reduce((sum, one) => sum + one, 0)])],
  ['min', of(1, 1, ([items]) => (items!.length === 0 ? [] : [Math.min(...numbers(items!))]))],
  ['max', of(1, 1, ([items]) => (items!.length === 0 ? [] : [Math.max(...numbers(items!))]))],
  ['abs', of(1, 1, ([items]) => [Math.abs(numberOf(items!))])],
  ['floor', of(1, 1, ([items]) => [Math.floor(numberOf(items!))])],
  ['ceiling', of(1, 1, ([items]) => [Math.ceil(numberOf(items!))])],
  ['round', of(1, 1, ([items]) => [roundedUp(numberOf(items!))])],
]);

function nameOf(node: PathNode | undefined): string {
  if (node?.kind === 'instruction') return /^\S*/.exec(node.at.value)![0];
  return named(node)?.name ?? '';
}

/** Halves go up, as XPath rounds. */
function roundedUp(value: number): number {
  return Math.floor(value + 0.5);
}
