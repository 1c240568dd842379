import { refuseBlob, takePackage } from '../commands/index.ts';
import type { Instance } from '../instance/index.ts';
import { verifyPackage, type PackageReport } from '../packages/index.ts';
import { readPackages, readReleases, readWantedBlobs, type WantedBlob } from '../projections/index.ts';
import { trustedFingerprints } from './trusted-fingerprints.ts';

/** The blobs that offers of a link name as packages and that were neither found good nor refused for good. */
export function unjudgedPackages({ db }: Instance, link: string): WantedBlob[] {
  const known = new Set(
    readPackages(db)
      .filter((row) => row.link === link)
      .map(({ pin }) => pin.sha256),
  );
  return readWantedBlobs(db).filter(
    (blob) => blob.link === link && blob.pin !== null && !known.has(blob.digest) && !blob.final,
  );
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
  const report = await verifyPackage(instance.blobs.path(digest), {
    trust: { fingerprints: new Set(trustedFingerprints(instance, link)) },
    at: announcedAt(instance, link, digest),
  });
  const problems = [
    ...report.problems
      .filter(({ severity }) => severity === 'error')
      .map(({ code, message }) => `${code}: ${message}`),
    ...mismatches(report, pin),
  ];
  const { signature } = report;
  const signer = signature?.signer;
  if (problems.length > 0 || !signer || !report.trusted) {
    const what = `${pin.id} ${pin.version}`;
    const told =
      problems.length > 0 ? problems : ['it is not signed by the company this link was confirmed with'];
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
  instance.record((db) => {
    const known = readPackages(db).some((row) => row.link === link && row.pin.sha256 === digest);
    return takePackage(known, { pin, signer, link });
  });
  return 'held';
}

/** Certificates are judged at the time of the signed release that names the package, not by this clock. */
function announcedAt(instance: Instance, link: string, digest: string): Date {
  const release = readReleases(instance.db).find(
    (row) => row.link === link && row.document.packages.some(({ sha256 }) => sha256 === digest),
  );
  return new Date(release?.createdAt ?? instance.clock.now());
}

function mismatches(report: PackageReport, pin: NonNullable<WantedBlob['pin']>): string[] {
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
