import { packageTrust, revisionOf } from '../../daemon/index.ts';
import { feedId } from '../../events/index.ts';
import { openIntroduction } from '../../identity/index.ts';
import type { JudgedSignature, Release } from '../../guide/index.ts';
import type { Instance } from '../../instance/index.ts';
import { openTrust, verifyPackage } from '../../packages/index.ts';
import { namesUnknownHere, type Revision } from '../../process/index.ts';
import {
  fileFor,
  readDeployments,
  readEnvironments,
  readLinks,
  readReleases,
  type PackageRow,
  type ReleaseRow,
} from '../../projections/index.ts';
import { CliError } from '../errors.ts';
import { notesOf } from '../told/release-facts.ts';
import type { Carried } from './carried.ts';

/** Where a release goes if nobody names a place: neither this site nor the process knows one. */
const usualEnvironment = 'production';

/**
 * The release that was carried here: the one that an installer names; else the newest one that the bundle, or one before
 * it, offers and of which the process is here.
 *
 * @throws CliError NOTHING_CARRIED where it offers none
 */
export function releaseCarried(instance: Instance, { newest: { facts }, release }: Carried): ReleaseRow {
  const { link, from, last } = facts;
  const feed = feedId(from.instance, link);
  const offered = new Set(
    instance.log.ofType(feed, 'release.offered').flatMap(({ event, header }) => {
      const isWithin = header.epoch < last.epoch || (header.epoch === last.epoch && header.seq <= last.seq);
      return isWithin && event.known && event.name === 'release.offered' ? [event.data.digest] : [];
    }),
  );
  const releases = readReleases(instance.db).filter((row) => row.link === link && offered.has(row.digest));
  const isHere = ({ document }: ReleaseRow): boolean => instance.holds(document.revision.digest);
  const found =
    releases.find(({ digest }) => digest === release) ??
    releases.findLast((row) => isHere(row) && row.withdrawn === null) ??
    releases.findLast(isHere);
  if (found !== undefined) return found;
  throw new CliError(
    'NOTHING_CARRIED',
    `Cannot install from bundle ${facts.number} of ${from.name}: it carries no release`,
    {
      hint: `Ask ${from.name} for one that does: crossgap bundle export --to LINK --release R.`,
      details: { bundle: facts.number, link },
    },
  );
}

/** A release as the guide tells of it. */
export async function toldRelease(instance: Instance, release: ReleaseRow): Promise<Release> {
  const revision = await revisionOf(instance, release);
  const environments = environmentsOf(instance, release, revision);
  return {
    author: authorOf(instance, release),
    process: release.process,
    number: release.number,
    digest: release.digest,
    notes: notesOf(instance, release),
    packages: release.document.packages.map((pin) => {
      const file = heldFile(instance, release, pin);
      const { id, version, sizeBytes } = pin;
      return { id, version, sizeBytes, signer: file?.signer ?? 'not here' };
    }),
    environments: environments.length === 0 ? [usualEnvironment] : environments,
    takesAnyEnvironment: environments.length === 0,
    hasUninstall: revision.uninstall !== undefined,
  };
}

/** Whose release it is, as it introduced itself: the other side of its link, or this instance. */
function authorOf({ db, identity }: Instance, { link, createdAt }: ReleaseRow): Release['author'] {
  const row = readLinks(db).find((one) => one.link === link);
  const introduction = row?.introduction ?? null;
  const { name, certificate } = introduction === null ? identity : openIntroduction(introduction);
  return { name: row?.name ?? name, company: certificate.subject, madeAt: new Date(createdAt).toISOString() };
}

/** Each signature as it stands now, by what this site knows: nothing is asked of anybody. */
export async function judgedSignatures(instance: Instance, release: ReleaseRow): Promise<JudgedSignature[]> {
  const { fingerprints, rules } = packageTrust(instance, release.link, 'used');
  const judging = {
    trust: openTrust(fingerprints, rules),
    at: new Date(release.document.createdAt),
    now: new Date(instance.clock.now()),
    limits: instance.packageLimits,
  };
  const judged: JudgedSignature[] = [];
  for (const pin of release.document.packages) {
    const file = heldFile(instance, release, pin);
    if (file === undefined) continue;
    const { checks } = await verifyPackage(instance.blobs.path(file.pin.sha256), judging);
    const steps = checks.map(({ step, state, detail }) => `${step} (${state}): ${detail}`);
    judged.push({ id: pin.id, version: pin.version, steps });
  }
  return judged;
}

function heldFile(
  instance: Instance,
  { link }: ReleaseRow,
  pin: ReleaseRow['document']['packages'][number],
): PackageRow | undefined {
  return fileFor(instance.db, link, pin, (digest) => instance.holds(digest));
}

/** Those of this site, where this process ran last first; then those that the process names. */
function environmentsOf({ db }: Instance, { link, process }: ReleaseRow, revision: Revision): string[] {
  const ran = readDeployments(db)
    .filter((row) => row.link === link && row.process === process)
    .map(({ environment }) => environment);
  const own = readEnvironments(db).map(({ name }) => name);
  const named = namesUnknownHere(revision, own, []).environments;
  return [...new Set([...ran.filter((name) => own.includes(name)), ...own, ...named])];
}
