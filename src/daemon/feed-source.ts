import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { FeedSource } from '../http/index.ts';
import type { Instance } from '../instance/index.ts';
import type { Logger } from '../log.ts';
import { feedShelf, type FeedShelf, type ServedPackage } from '../nuget/index.ts';
import { PackageError, readPackageNuspec, type Nuspec } from '../packages/index.ts';
import { namedPackagesReader, readLinks, readPackageFiles } from '../projections/index.ts';
import { servablePackages } from './servable-packages.ts';

/** However fast the log grows, the packages are looked through no more often than this. */
const lookAgainMs = 1000;

/** The packages of an instance as its feed serves them. */
export function feedSource(instance: Instance, log: Logger): FeedSource {
  const nuspecs = new Map<string, Promise<Nuspec | undefined>>();
  const isIntact = intactFiles(log);
  const shelf = presentShelf(instance, log, (packages) => {
    const served = new Set(packages.map(({ sha256 }) => sha256));
    for (const sha256 of nuspecs.keys()) if (!served.has(sha256)) nuspecs.delete(sha256);
  });

  const openIntact = async ({ sha256, sizeBytes }: ServedPackage): Promise<FileHandle | undefined> => {
    const file = await openThere(instance.blobs.path(sha256));
    if (file === undefined || (await isIntact(file, sha256, sizeBytes))) return file;
    await file.close();
    return undefined;
  };

  return {
    shelf,
    describe(each) {
      const known = nuspecs.get(each.sha256) ?? readNuspec(instance, log, each);
      nuspecs.set(each.sha256, known);
      return known;
    },
    async nuspecBytes(each) {
      const file = await openIntact(each);
      if (file === undefined) return undefined;
      await file.close();
      return (await readPackageNuspec(instance.blobs.path(each.sha256))).bytes;
    },
    open: openIntact,
  };
}

/** What may be served, looked up again after something was written, and told anew only where it differs. */
function presentShelf(
  instance: Instance,
  log: Logger,
  changed: (packages: readonly ServedPackage[]) => void,
): () => FeedShelf {
  const { db, clock } = instance;
  const ofOthers = db.prepare('PRAGMA data_version').pluck();
  const ofOurs = db.prepare('SELECT total_changes()').pluck();
  const readNamed = namedPackagesReader();
  const told = new Set<string>();
  let kept: { readonly shelf: FeedShelf; readonly told: string } | undefined;
  let [lookedAt, lookedOn] = [Number.NEGATIVE_INFINITY, ''];

  return () => {
    const now = clock.now();
    if (kept !== undefined && Math.abs(now - lookedAt) < lookAgainMs) return kept.shelf;
    const stamp = `${String(ofOthers.get())} ${String(ofOurs.get())}`;
    lookedAt = now;
    if (kept !== undefined && stamp === lookedOn) return kept.shelf;
    lookedOn = stamp;
    const { served, passedOver } = servablePackages({
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
    const telling = JSON.stringify(served);
    if (kept?.told !== telling) {
      changed(served);
      kept = { shelf: feedShelf(served), told: telling };
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
    const { nuspec } = await readPackageNuspec(instance.blobs.path(sha256));
    // Nobody asks a feed for them, and they can be long.
    const { releaseNotes: _notes, ...rest } = nuspec;
    return rest;
  } catch (error) {
    if (!(error instanceof PackageError)) throw error;
    log.warn({ err: error, package: id, version: version.numbers.join('.') }, 'package can not be described');
    return undefined;
  }
}

/**
 * Tells whether a file is still what was verified: its bytes are compared with their digest when it is first served, and
 * again where the disk says that it was written since.
 */
function intactFiles(log: Logger) {
  const compared = new Map<string, { readonly written: string; readonly isIntact: Promise<boolean> }>();
  return async (file: FileHandle, sha256: string, sizeBytes: number): Promise<boolean> => {
    const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true });
    const written = [dev, ino, size, mtimeNs, ctimeNs].join(' ');
    const known = compared.get(sha256);
    if (known?.written === written) return known.isIntact;
    const isIntact =
      size === BigInt(sizeBytes) ? digestOf(file).then((found) => found === sha256) : Promise.resolve(false);
    compared.set(sha256, { written, isIntact });
    const found = await isIntact;
    if (!found) log.error({ sha256 }, 'package not served: its file is no longer what was verified');
    return found;
  };
}

async function digestOf(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of file.createReadStream({ start: 0, highWaterMark: 1 << 20, autoClose: false }))
    hash.update(piece as Buffer);
  return hash.digest('hex');
}

async function openThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
