import { refuseBlob, takePackage } from '../commands/index.ts';
import type { PackagePin } from '../events/index.ts';
import type { Instance } from '../instance/index.ts';
import { openTrust, verifyPackage, type PackageReport } from '../packages/index.ts';
import {
  nameKey,
  readPackageFiles,
  readReleases,
  readWantedBlobs,
  type WantedBlob,
} from '../projections/index.ts';
import { packageTrust } from './package-trust.ts';

type WantedPackage = WantedBlob & { readonly pin: PackagePin };

/** The packages that offers of a link name and of which no verified file is here. */
export function lackingPackages(
  { db, holds }: Pick<Instance, 'db' | 'holds'>,
  link: string,
): WantedPackage[] {
  return readWantedBlobs(db).filter(
    (blob): blob is WantedPackage =>
      blob.link === link && blob.pin !== null && !blob.final && !blob.files.some((digest) => holds(digest)),
  );
}

/** Those of them that were not judged yet: neither found good before nor refused for good. */
export function unjudgedPackages(instance: Instance, link: string): WantedPackage[] {
  return lackingPackages(instance, link).filter(({ digest, files }) => !files.includes(digest));
}

/**
 * Judges a blob whose bytes are those announced. A package must be signed by the company behind the link and be
 * what the offer says; what is not, is refused for good. Other blobs need no more than their digest.
 */
export async function admitPackage(
  instance: Instance,
  blob: WantedBlob,
): Promise<'held' | { readonly refused: readonly string[] }> {
  const { pin, link, digest } = blob;
  if (pin === null) return 'held';
  const report = await judge(instance, link, instance.blobs.path(digest), announcedAt(instance, link, pin));
  const told = [...reasonsAgainst(report), ...mismatches(report, pin)];
  if (told.length > 0) {
    const what = `${pin.id} ${pin.version}`;
    instance.record(() =>
      refuseBlob({
        link,
        digest,
        what,
        attempt: blob.refusals + 1,
        final: true,
        parts: [what],
        problems: told,
      }),
    );
    return { refused: told };
  }
  take(instance, link, pin, report);
  return 'held';
}

/** What became of a file at hand. */
export type Admission =
  /** It is kept and stands for what the link's releases name; `pin` tells of this file. */
  | { readonly outcome: 'kept' | 'known'; readonly pin: PackagePin }
  /** A release of the link names this id and version with another content: nothing was kept. */
  | {
      readonly outcome: 'other-content';
      readonly wanted: PackagePin;
      readonly found: { readonly sha256: string; readonly contentDigest: string };
    }
  /** No release of the link names it: nothing was kept. */
  | {
      readonly outcome: 'not-wanted';
      readonly id: string | null;
      readonly version: string | null;
      readonly contentDigest: string | null;
    }
  /** It is no package, or nobody signed it whom this link's packages may be signed by: nothing was kept. */
  | { readonly outcome: 'refused'; readonly problems: readonly string[] };

/**
 * Takes a package from wherever it was found (a NuGet source, a folder, another link) for the releases of `link`. What
 * identifies it is its content: a file that a repository countersigned, or that was signed again, is as good as the one
 * that the release names. It is verified with the trust of that link, put into the store and recorded. Errors:
 * `PACKAGE_FILE_UNREADABLE`, `BLOB_STORE_UNUSABLE`.
 */
export async function admitFile(instance: Instance, link: string, file: string): Promise<Admission> {
  const judged = await judgeFile(instance, link, file);
  if ('outcome' in judged) return judged;
  const { pin, report } = judged;
  const { sha256 } = report;
  const stored = await instance.blobs.putFile(file);
  if (stored.digest !== sha256) return { outcome: 'refused', problems: ['it was changed while it was read'] };
  const isNews = take(instance, link, { ...pin, sha256, sizeBytes: stored.sizeBytes }, report);
  // A removal that began before it was recorded may have taken it away again.
  if (!instance.holds(sha256)) await instance.blobs.putFile(file);
  return { outcome: isNews ? 'kept' : 'known', pin: { ...pin, sha256, sizeBytes: stored.sizeBytes } };
}

/** Whether `admitFile` would take the file for the releases of `link`; nothing is kept. Errors: `PACKAGE_FILE_UNREADABLE`. */
export async function wouldAdmitFile(instance: Instance, link: string, file: string): Promise<boolean> {
  return !('outcome' in (await judgeFile(instance, link, file)));
}

type NotAdmitted = Extract<Admission, { readonly outcome: 'other-content' | 'not-wanted' | 'refused' }>;

/** What a file is for the releases of `link`: what one of them names, or why it is not taken. */
async function judgeFile(
  instance: Instance,
  link: string,
  file: string,
): Promise<NotAdmitted | { readonly pin: PackagePin; readonly report: PackageReport }> {
  const wanted = readWantedBlobs(instance.db).flatMap((blob) =>
    blob.link === link && blob.pin !== null ? [blob.pin] : [],
  );
  const found = await judge(instance, link, file, new Date(instance.clock.now()));
  const { id, version, sha256, contentDigest } = found;
  if (id === null || version === null || contentDigest === null)
    return { outcome: 'refused', problems: reasonsAgainst(found) };
  const named = wanted.filter((pin) => isCalled(pin, id, version));
  const same = named.filter((pin) => pin.contentDigest === contentDigest);
  const pin = same.find((one) => one.sha256 === sha256) ?? same[0];
  if (pin === undefined) {
    const [other] = named;
    return other === undefined
      ? { outcome: 'not-wanted', id, version, contentDigest }
      : { outcome: 'other-content', wanted: other, found: { sha256, contentDigest } };
  }
  // The very file that a release names is judged at the time of that release, as when it comes over the link.
  const report =
    pin.sha256 === sha256 && !found.ok
      ? await judge(instance, link, file, announcedAt(instance, link, pin))
      : found;
  const problems = reasonsAgainst(report);
  return problems.length > 0 ? { outcome: 'refused', problems } : { pin, report };
}

/** Files of this side's own packages, or other links', that have the content of what `link` lacks. */
export function filesElsewhere(instance: Instance, link: string): readonly string[] {
  const lacking = new Set(unjudgedPackages(instance, link).map(({ pin }) => pin.contentDigest));
  if (lacking.size === 0) return [];
  return readPackageFiles(instance.db)
    .filter((row) => row.link !== link && lacking.has(row.pin.contentDigest))
    .map(({ pin }) => pin.sha256);
}

/**
 * Judges such files for this link as well, so that nothing is sent that is here. What does not fit the link's trust is
 * left for the link to bring.
 */
export async function admitFromElsewhere(
  instance: Instance,
  link: string,
  files: readonly string[],
): Promise<void> {
  const tried = triedInVain(instance);
  for (const digest of files) {
    const look = `${link} ${digest}`;
    if (tried.has(look) || !instance.holds(digest)) continue;
    const { outcome } = await admitFile(instance, link, instance.blobs.path(digest));
    if (outcome !== 'kept') tried.add(look);
  }
}

const inVain = new WeakMap<Instance, Set<string>>();

/** Files that were not fit for a link when they were looked at: one look while this process lives is enough. */
function triedInVain(instance: Instance): Set<string> {
  const tried = inVain.get(instance) ?? new Set();
  inVain.set(instance, tried);
  return tried;
}

function judge(instance: Instance, link: string, file: string, at: Date): Promise<PackageReport> {
  const { fingerprints, rules } = packageTrust(instance, link, 'taken in');
  const limits = instance.packageLimits;
  const now = new Date(instance.clock.now());
  return verifyPackage(file, { trust: openTrust(fingerprints, rules), at, now, limits });
}

/** Why a package may not be used; empty where it may. */
function reasonsAgainst(report: PackageReport): string[] {
  const problems = report.problems
    .filter(({ severity }) => severity === 'error')
    .map(({ code, message }) => `${code}: ${message}`);
  if (problems.length > 0) return problems;
  return report.signature?.signer && report.trusted
    ? []
    : ['it is not signed by the company this link was confirmed with'];
}

/** Records a file as found good; false where that was known. */
function take(instance: Instance, link: string, pin: PackagePin, { signature }: PackageReport): boolean {
  const signer = signature?.signer;
  if (!signer) throw new TypeError('a verified package has a signer');
  const entries = instance.record((db) => {
    const known = readPackageFiles(db).some((row) => row.link === link && row.pin.sha256 === pin.sha256);
    return takePackage(known, { pin, signer, link });
  });
  return entries.length > 0;
}

/** Certificates are judged at the time of the signed release that names the package, not by this clock. */
function announcedAt(instance: Instance, link: string, { sha256 }: PackagePin): Date {
  const release = readReleases(instance.db).find(
    (row) => row.link === link && row.document.packages.some((pin) => pin.sha256 === sha256),
  );
  return new Date(release?.createdAt ?? instance.clock.now());
}

function isCalled(pin: PackagePin, id: string, version: string): boolean {
  return nameKey(pin.id) === nameKey(id) && nameKey(pin.version) === nameKey(version);
}

function mismatches(report: PackageReport, pin: PackagePin): string[] {
  const same = (a: string | null, b: string): boolean => a?.toLowerCase() === b.toLowerCase();
  const found: string[] = [];
  if (!same(report.id, pin.id)) found.push(`its id is ${report.id}, the release names ${pin.id}`);
  if (!same(report.version, pin.version)) {
    found.push(`its version is ${report.version}, the release names ${pin.version}`);
  }
  if (report.contentDigest !== pin.contentDigest) {
    found.push(`its content is ${report.contentDigest}, the release names ${pin.contentDigest}`);
  }
  return found;
}
