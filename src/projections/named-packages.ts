import type { Database } from '../db/index.ts';
import { readRelease } from '../events/index.ts';

/** That a release of a side ('' for this one) names a package, and what became of the release. */
export type NamedPackage = {
  readonly link: string;
  readonly contentDigest: string;
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
  let known = new Map<string, readonly string[]>();
  return (db) => {
    const document = db
      .prepare<[string], Uint8Array>('SELECT document FROM release WHERE digest = ? LIMIT 1')
      .pluck();
    const rows = db
      .prepare('SELECT link, digest, answer, withdrawn FROM release ORDER BY position')
      .all() as {
      readonly link: string;
      readonly digest: string;
      readonly answer: string | null;
      readonly withdrawn: string | null;
    }[];
    const present = new Map<string, readonly string[]>();
    const contentsOf = (digest: string): readonly string[] => {
      const contents = present.get(digest) ?? known.get(digest) ?? packagesIn(document.get(digest), digest);
      present.set(digest, contents);
      return contents;
    };
    const named = rows.flatMap(({ link, digest, answer, withdrawn }) =>
      contentsOf(digest).map((contentDigest) => ({
        link,
        contentDigest,
        isRefused: answer === 'refused',
        isWithdrawn: withdrawn !== null,
      })),
    );
    known = present;
    return named;
  };
}

function packagesIn(document: Uint8Array | undefined, digest: string): string[] {
  const packages = document && readRelease(document, digest)?.packages;
  return (packages ?? []).map(({ contentDigest }) => contentDigest);
}
