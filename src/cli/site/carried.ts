import {
  BundleError,
  findBundles,
  findHopNotes,
  inspectBundles,
  type Found,
  type FoundBundle,
  type ReadNote,
} from '../../bundles/index.ts';
import type { Progress } from '../../guide/index.ts';
import type { Instance } from '../../instance/index.ts';
import { readLinks, type LinkRow } from '../../projections/index.ts';
import { hindrance } from '../commands/bundle-blame.ts';
import { incompleteError } from '../commands/bundle-inspect.ts';
import { misuse } from '../command.ts';

/** What was carried to a site and is meant for it, every byte checked; in the order in which it is to be taken in. */
export type Carried = {
  /** Of one link and one sender, at least one. */
  readonly bundles: readonly FoundBundle[];
  readonly notes: readonly ReadNote[];
  /** The newest: who made it is who made all of it. */
  readonly newest: FoundBundle;
};

/**
 * Looks for what is meant for this site, and checks every byte of it.
 *
 * @throws BundleError what is missing or was changed, or for whom it is instead
 */
export async function readCarried(
  paths: readonly string[],
  instance: Instance | undefined,
  tell: (progress: Progress) => void,
): Promise<Carried> {
  const { notes } = await findHopNotes(paths);
  const found = await findBundles(paths);
  const unreadable = found.bundles.length === 0 ? hindrance([], found.spoilt, notes) : undefined;
  if (unreadable !== undefined) throw unreadable;
  const bundles = meantHere(found, instance);
  await refuseDamaged({ bundles, spoilt: found.spoilt }, tell);
  return { bundles, notes, newest: bundles.at(-1)! };
}

async function refuseDamaged(found: Found, tell: (progress: Progress) => void): Promise<void> {
  const of = found.bundles
    .flatMap(({ parts }) => [...parts.values()])
    .reduce((sum, { content }) => sum + content.sizeBytes, 0);
  let done = 0;
  const what = 'Checking every byte';
  tell({ what, done, of });
  const inspections = await inspectBundles(found, (bytes) => {
    done += bytes;
    tell({ what, done, of });
  });
  const failure = incompleteError(found, inspections);
  if (failure !== undefined) throw failure;
}

/** Of the bundles that lie there those of this site's link; where there are several, a person has to say which. */
function meantHere({ bundles }: Found, instance: Instance | undefined): readonly FoundBundle[] {
  const links = instance === undefined ? [] : readLinks(instance.db).filter(isLiving);
  const ours = bundles.filter(({ facts }) => links.some(({ link }) => link === facts.link));
  const candidates = ours.length > 0 ? ours : bundles;
  const sources = Map.groupBy(candidates, ({ facts }) => `${facts.link} ${facts.from.instance}`);
  if (sources.size > 1) {
    const names = [...sources.values()].map(([one]) => `${one!.facts.from.name} for ${one!.facts.to.name}`);
    throw misuse(
      `Cannot tell which bundle is meant: there are those of ${names.join(', of ')}`,
      'Name its file with --bundle.',
    );
  }
  return candidates;
}

const isLiving = ({ state }: LinkRow): boolean => state !== 'removed';

/** The refusal of what is sealed to a key that is not here. */
export function sealedElsewhere({ facts, sender }: FoundBundle, folder: string): BundleError {
  const { number, from, to } = facts;
  const whose = 'words' in to ? `${to.name} (${to.words})` : to.name;
  return new BundleError(
    'BUNDLE_NOT_FOR_US',
    `Cannot open bundle ${number} from ${from.name}: it is sealed to the key of ${whose}, which is not in ${folder}`,
    {
      hint: `Say with --data where ${to.name} keeps its data. If that is lost, ask ${from.name} to invite this site anew.`,
      details: { bundle: number, id: facts.id, to: to.name, sender: sender.words, folder },
    },
  );
}
