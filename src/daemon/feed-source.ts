import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { FeedSource } from '../http/index.ts';
import type { Instance } from '../instance/index.ts';
import type { Logger } from '../log.ts';
import { feedShelf, type FeedShelf, type ServedPackage } from '../nuget/index.ts';
import { PackageError, readPackageNuspec, type Nuspec } from '../packages/index.ts';
import { namedPackagesReader, readLinks, readPackageFiles } from '../projections/index.ts';
import { changeStamp } from './change-stamp.ts';
import { servablePackages, type ServablePackage } from './servable-packages.ts';
import { verifiedFiles } from './verified-files.ts';

/** The packages of an instance as its feed serves them. */
export function feedSource(instance: Instance, log: Logger): FeedSource {
  const nuspecs = new Map<string, Promise<Nuspec | undefined>>();
  const stamp = changeStamp(instance);
  const files = verifiedFiles(instance, log, stamp);
  let servable = new Map<string, ServablePackage>();
  // What does not verify is left out of the lists as well: a client stops at one that is listed and not there.
  let refusals = 0;
  const shelf = presentShelf(instance, log, {
    stamp: () => `${stamp()} ${refusals}`,
    mayBeListed: (each) => !files.isKnownBad(each),
    changed(packages) {
      servable = new Map(packages.toReversed().map((each) => [each.sha256, each]));
      for (const sha256 of nuspecs.keys()) if (!servable.has(sha256)) nuspecs.delete(sha256);
    },
  });

  const openVerified = async ({ sha256 }: ServedPackage): Promise<FileHandle | undefined> => {
    const each = servable.get(sha256);
    const file = each && (await openThere(instance.blobs.path(sha256)));
    if (each === undefined || file === undefined) return undefined;
    let isGood = false;
    try {
      isGood = await files.verify(file, each);
    } finally {
      if (!isGood) await file.close();
    }
    if (!isGood) refusals += 1;
    return isGood ? file : undefined;
  };

  return {
    shelf,
    describe(each) {
      const known =
        nuspecs.get(each.sha256) ??
        (instance.holds(each.sha256) ? readNuspec(instance, log, each) : undefined);
      if (known === undefined) return Promise.resolve(undefined);
      nuspecs.set(each.sha256, known);
      return known;
    },
    async nuspecBytes(each) {
      const file = await openVerified(each);
      if (file === undefined) return undefined;
      await file.close();
      return (await readPackageNuspec(instance.blobs.path(each.sha256), instance.packageLimits)).bytes;
    },
    open: openVerified,
  };
}

/** What may be served, looked up again after something was written, and told anew only where it differs. */
function presentShelf(
  instance: Instance,
  log: Logger,
  look: {
    readonly stamp: () => string;
    readonly mayBeListed: (each: ServablePackage) => boolean;
    readonly changed: (packages: readonly ServablePackage[]) => void;
  },
): () => FeedShelf {
  const { db } = instance;
  const { stamp, mayBeListed, changed } = look;
  const readNamed = namedPackagesReader();
  const told = new Set<string>();
  let kept: { readonly on: string; readonly shelf: FeedShelf; readonly told: string } | undefined;

  return () => {
    const on = stamp();
    if (kept?.on === on) return kept.shelf;
    const { served: all, passedOver } = servablePackages({
      rows: readPackageFiles(db),
      confirmed: new Set(readLinks(db).flatMap(({ state, link }) => (state === 'confirmed' ? [link] : []))),
      named: readNamed(db),
      holds: (sha256) => instance.holds(sha256),
    });
    for (const { link, pin } of passedOver) {
      const { id, version, sha256 } = pin;
      if (told.has(sha256)) continue;
      told.add(sha256);
      log.warn({ package: `${id} ${version}`, link }, 'package not served: its id belongs to another side');
    }
    const served = all.filter(mayBeListed);
    const telling = JSON.stringify(served);
    if (kept?.told === telling) kept = { ...kept, on };
    else {
      changed(served);
      kept = { on, shelf: feedShelf(served), told: telling };
    }
    return kept.shelf;
  };
}

async function readNuspec(
  instance: Instance,
  log: Logger,
  { id, version, sha256 }: ServedPackage,
): Promise<Nuspec | undefined> {
  try {
    const { nuspec } = await readPackageNuspec(instance.blobs.path(sha256), instance.packageLimits);
    // Nobody asks a feed for them, and they can be long.
    const { releaseNotes: _notes, ...rest } = nuspec;
    return rest;
  } catch (error) {
    if (!(error instanceof PackageError)) throw error;
    log.warn({ err: error, package: id, version: version.numbers.join('.') }, 'package can not be described');
    return undefined;
  }
}

async function openThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
