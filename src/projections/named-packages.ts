import type { Database } from '../db/index.ts';
import { readRelease, type PackagePin } from '../events/index.ts';

/** That a release of a side ('' for this one) names a package, and what became of the release. */
export type NamedPackage = {
  readonly link: string;
  readonly contentDigest: string;
  /** Of the very file that it names; others of the same content stand for it. */
  readonly sha256: string;
  /** When the release was made, milliseconds since 1970. */
  readonly at: number;
  /** This side refused the offer. */
  readonly isRefused: boolean;
  /** Its author wants nobody to deploy it again. */
  readonly isWithdrawn: boolean;
};

/**
 * A reader of every package that any release names. Documents never change, so each is read once, however often what
 * became of the releases is asked.
 */
export function namedPackagesReader(): (db: Database) => NamedPackage[] {
  let known = new Map<string, readonly PackagePin[]>();
  return (db) => {
    const document = db
      .prepare<[string], Uint8Array>('SELECT document FROM release WHERE digest = ? LIMIT 1')
      .pluck();
    const rows = db
      .prepare('SELECT link, digest, created_at, answer, withdrawn FROM release ORDER BY position')
      .all() as {
      readonly link: string;
      readonly digest: string;
      readonly created_at: number;
      readonly answer: string | null;
      readonly withdrawn: string | null;
    }[];
    const present = new Map<string, readonly PackagePin[]>();
    const packagesOf = (digest: string): readonly PackagePin[] => {
      const packages = present.get(digest) ?? known.get(digest) ?? packagesIn(document.get(digest), digest);
      present.set(digest, packages);
      return packages;
    };
    const named = rows.flatMap(({ link, digest, created_at: at, answer, withdrawn }) =>
      packagesOf(digest).map(({ contentDigest, sha256 }) => ({
        link,
        contentDigest,
        sha256,
        at,
        isRefused: answer === 'refused',
        isWithdrawn: withdrawn !== null,
      })),
    );
    known = present;
    return named;
  };
}

function packagesIn(document: Uint8Array | undefined, digest: string): readonly PackagePin[] {
  return (document && readRelease(document, digest)?.packages) ?? [];
}
