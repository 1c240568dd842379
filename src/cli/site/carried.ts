import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import {
  BundleError,
  findBundles,
  findHopNotes,
  incompleteError,
  inspectBundles,
  type Found,
  type FoundBundle,
  type ReadNote,
} from '../../bundles/index.ts';
import type { Progress } from '../../guide/index.ts';
import {
  bundleIn,
  bundleInInstaller,
  readInstaller,
  verifyInstaller,
  type InstallerFile,
} from '../../installer/index.ts';
import type { Instance } from '../../instance/index.ts';
import { readLinks, type LinkRow } from '../../projections/index.ts';
import { hindrance } from '../bundles/bundle-blame.ts';
import { misuse } from '../command.ts';

/** What was carried to a site and is meant for it, every byte checked; in the order in which it is to be taken in. */
export type Carried = {
  /** Of one link and one sender, at least one. */
  readonly bundles: readonly FoundBundle[];
  readonly notes: readonly ReadNote[];
  /** The newest: who made it is who made all of it. */
  readonly newest: FoundBundle;
  /** The digest of the release that an installer says it installs; null where the file says nothing of that. */
  readonly release: string | null;
};

export type Where = {
  /** The installer, the runner, or a bundle. */
  readonly file: string;
  /** Where the bundle lies, if not in that file. */
  readonly bundle: string | undefined;
  /** The instance of this site, if there is one yet. */
  readonly instance: Instance | undefined;
};

/**
 * Looks for what is meant for this site, and checks every byte of it: of an installer against what its maker signed, of
 * a bundle against the front of each part.
 *
 * @throws InstallerError INSTALLER_DAMAGED, BundleError what is missing or was changed
 */
export async function readCarried(
  { file, bundle, instance }: Where,
  { tell, signal }: { readonly tell: (progress: Progress) => void; readonly signal: AbortSignal },
): Promise<Carried> {
  const what = 'Checking every byte';
  const installer = await installerAt(file);
  if (installer !== undefined)
    await verifyInstaller(installer, { signal, tell: (done, of) => tell({ what, done, of }) });
  const isInside = bundle === undefined && installer !== undefined && bundleIn(installer) !== undefined;
  const path = bundle ?? (installer === undefined || isInside ? file : dirname(file));
  const { notes } = isInside ? { notes: [] } : await findHopNotes([path]);
  const found = await findBundles([path], bundleInInstaller);
  const unreadable = found.bundles.length === 0 ? hindrance([], found.spoilt, notes) : undefined;
  if (unreadable !== undefined) throw unreadable;
  const bundles = meantHere(found, instance);
  if (!isInside)
    await refuseDamaged({ bundles, spoilt: found.spoilt }, (done, of) => tell({ what, done, of }));
  const newest = bundles.at(-1)!;
  if (isInside) refuseOtherSender(installer, newest);
  return {
    bundles,
    notes,
    newest,
    release: (isInside ? installer.index.release?.digest : undefined) ?? null,
  };
}

async function installerAt(file: string): Promise<InstallerFile | undefined> {
  return statSync(file).isFile() ? await readInstaller(file) : undefined;
}

/** Who signed the whole of an installer is who made the bundle in it. */
function refuseOtherSender({ path, maker }: InstallerFile, { facts, sender }: FoundBundle): void {
  if (maker.instance === facts.from.instance && maker.fingerprint === sender.fingerprint) return;
  throw new BundleError(
    'BUNDLE_SENDER_UNKNOWN',
    `Cannot use ${basename(path)}: it was made by ${maker.name} (${maker.words}), and its bundle by ${facts.from.name} (${sender.words})`,
    {
      hint: 'Ask who made it for another one.',
      details: { file: path, maker: maker.fingerprint, sender: sender.fingerprint },
    },
  );
}

async function refuseDamaged(found: Found, tell: (done: number, of: number) => void): Promise<void> {
  const of = found.bundles
    .flatMap(({ parts }) => [...parts.values()])
    .reduce((sum, { content }) => sum + content.sizeBytes, 0);
  let done = 0;
  tell(done, of);
  const inspections = await inspectBundles(found, (bytes) => {
    done += bytes;
    tell(done, of);
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

/** The refusal of what was made for another site, or in the data folder of another one. */
export function madeForOther(
  { facts, sender }: FoundBundle,
  here: { readonly name: string; readonly folder: string },
): BundleError {
  const { number, from, to } = facts;
  return new BundleError(
    'BUNDLE_NOT_FOR_US',
    `Cannot use bundle ${number} from ${from.name} here: it was made for ${to.name}, and ${here.folder} is paired with ${from.name} by another invitation`,
    {
      hint: `If this machine is ${to.name}, name its own folder with --data. If ${from.name} invited this site anew, end the pairing before: crossgap link remove ${here.name}.`,
      details: { bundle: number, id: facts.id, to: to.name, sender: sender.words, folder: here.folder },
    },
  );
}
