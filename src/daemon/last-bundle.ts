import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BundleError, isArrival, madeBundles, noteShelf, type BundleFacts } from '../bundles/index.ts';
import type { Instance } from '../instance/index.ts';
import { bundleView, readLink, type LastBundle, type LinkView } from '../projections/index.ts';

type Read = { readonly changedAt: number; readonly all: readonly BundleFacts[] };
const read = new WeakMap<Instance, Map<string, Read>>();

/** The bundle that was made last for a link, those before it, and how far it came as far as hop notes tell. */
export function lastBundle(instance: Instance, link: string): LastBundle | undefined {
  const root = join(instance.folder.root, 'bundles');
  const changedAt = statSync(join(root, link), { throwIfNoEntry: false })?.mtimeMs;
  if (changedAt === undefined) return undefined;
  const known = read.get(instance) ?? new Map<string, Read>();
  read.set(instance, known);
  // Read again only after another one was made: there may be many.
  const before = known.get(link);
  const now = before?.changedAt === changedAt ? before : { changedAt, all: factsIn(root, link) };
  known.set(link, now);
  const newest = now.all.at(-1);
  if (newest === undefined) return undefined;
  const { number, sentAt, last } = newest;
  return { number, at: sentAt, last, earlier: now.all.slice(0, -1), hop: hopOf(instance, newest) };
}

function factsIn(root: string, link: string): readonly BundleFacts[] {
  try {
    return madeBundles(root, link).map(({ facts }) => facts);
  } catch (error) {
    // A damaged note of a bundle is told by `bundle list` and mended by making another; the page goes on without it.
    if (error instanceof BundleError) return [];
    throw error;
  }
}

/** The last hop of a bundle's way that is known here: its receiver where that said that it came. */
function hopOf({ folder }: Instance, facts: BundleFacts): LastBundle['hop'] {
  const way = noteShelf(join(folder.root, 'hops')).of(facts);
  const arrival = way.findLast((note) => isArrival(note, facts));
  const last = arrival ?? way.at(-1);
  if (last === undefined) return null;
  const { by, takenAt, passedAt } = last;
  if (arrival !== undefined) return { name: by.name, at: takenAt, way: 'arrived' };
  return { name: by.name, at: passedAt ?? takenAt, way: passedAt === null ? 'came' : 'passed' };
}

/** The same for every link that bundles were made for and that is reached by hand, by the link's name. */
export function lastBundles(instance: Instance): Map<string, NonNullable<LinkView['lastBundle']>> {
  const views = new Map<string, NonNullable<LinkView['lastBundle']>>();
  for (const id of linksWithBundles(instance)) {
    const link = readLink(instance.db, id);
    const bundle = link?.transport.kind === 'hand' ? lastBundle(instance, id) : undefined;
    if (link !== undefined && link.state !== 'removed' && bundle !== undefined)
      views.set(link.name, bundleView(link, bundle));
  }
  return views;
}

function linksWithBundles({ folder }: Instance): string[] {
  const root = join(folder.root, 'bundles');
  if (statSync(root, { throwIfNoEntry: false }) === undefined) return [];
  return readdirSync(root).filter((name) => /^[0-9a-f]{32}$/.test(name));
}
