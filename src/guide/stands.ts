import type { Known } from './known.ts';
import type { Leaf } from './leaf.ts';
import { pages } from './pages.ts';

/** A page at its place in the walk. */
export type Stand = { readonly leaf: Leaf; readonly key: string };

/** Every page of the walk as things are known, in order. */
export function stands(known: Known): Stand[] {
  return pages.flatMap((leaf) => leaf.keys(known).map((key) => ({ leaf, key })));
}

/** Whether the walk leads there at all. */
export function isPart({ leaf, key }: Stand, known: Known): boolean {
  return leaf.keys(known).includes(key);
}

/** What follows a page, also where the page itself is no part of the walk any more. */
export function after(at: Stand, known: Known): Stand[] {
  return stands(known).filter((one) => compare(one, at, known) > 0);
}

export function before(at: Stand, known: Known): Stand[] {
  return stands(known).filter((one) => compare(one, at, known) < 0);
}

function compare(one: Stand, other: Stand, known: Known): number {
  const between = pages.indexOf(one.leaf) - pages.indexOf(other.leaf);
  if (between !== 0) return between;
  const keys = one.leaf.keys(known);
  return keys.indexOf(one.key) - keys.indexOf(other.key);
}
