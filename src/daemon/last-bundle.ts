import { statSync } from 'node:fs';
import { join } from 'node:path';
import { BundleError, madeBundles } from '../bundles/index.ts';
import type { Instance } from '../instance/index.ts';
import type { LinkFacts } from '../projections/index.ts';

type LastBundle = ReturnType<LinkFacts['lastBundle']>;
const read = new WeakMap<Instance, Map<string, { readonly changedAt: number; readonly last: LastBundle }>>();

/** The bundle that was made last for a link; read again only after another one was made. */
export function lastBundle(instance: Instance, link: string): LastBundle {
  const root = join(instance.folder.root, 'bundles');
  const changedAt = statSync(join(root, link), { throwIfNoEntry: false })?.mtimeMs;
  if (changedAt === undefined) return undefined;
  const known = read.get(instance) ?? new Map<string, { changedAt: number; last: LastBundle }>();
  read.set(instance, known);
  const before = known.get(link);
  if (before?.changedAt === changedAt) return before.last;
  const last = newestIn(root, link);
  known.set(link, { changedAt, last });
  return last;
}

function newestIn(root: string, link: string): LastBundle {
  try {
    const facts = madeBundles(root, link).at(-1)?.facts;
    return facts && { number: facts.number, at: facts.sentAt, last: facts.last };
  } catch (error) {
    // A damaged note of a bundle is told by `bundle list` and mended by making another; the page goes on without it.
    if (error instanceof BundleError) return undefined;
    throw error;
  }
}
