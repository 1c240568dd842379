import { parseVersion } from '../packages/index.ts';
import type { ServedPackage } from '../nuget/index.ts';
import type { NamedPackage, PackageRow } from '../projections/index.ts';

/** A package that may be served, with what it is verified by: whose it is, and when its signer had to be valid. */
export type ServablePackage = ServedPackage & { readonly link: string; readonly verifyAt: number };

/** What is known of packages and of the sides they came from. */
export type PackageFacts = {
  /** Files that passed verification, by the road they came. */
  readonly rows: readonly PackageRow[];
  /** Links whose other side was confirmed by its fingerprint. */
  readonly confirmed: ReadonlySet<string>;
  readonly named: readonly NamedPackage[];
  /** Whether the file is in the store. */
  readonly holds: (sha256: string) => boolean;
};

/**
 * The packages that the feed serves: this side's own, and those that confirmed links offered and this side did not
 * refuse. One whose releases were all withdrawn is unlisted.
 *
 * An id belongs to one side: this one where it has packages of that name, else the link that brought the first; what
 * others bring under the name is served only where the same certificate signed it, so that nobody can slip a newer
 * version under somebody else's name. `passedOver` are the packages left out for that reason.
 */
export function servablePackages(facts: PackageFacts): {
  readonly served: readonly ServablePackage[];
  readonly passedOver: readonly PackageRow[];
} {
  const namings = new Map<string, NamedPackage[]>();
  for (const each of facts.named) {
    const key = `${each.link} ${each.contentDigest}`;
    namings.set(key, [...(namings.get(key) ?? []), each]);
  }
  const namingsOf = ({ link, pin }: PackageRow): readonly NamedPackage[] =>
    namings.get(`${link} ${pin.contentDigest}`) ?? [];
  const mayBeServed = (row: PackageRow): boolean =>
    facts.holds(row.pin.sha256) &&
    (row.link === '' ||
      (facts.confirmed.has(row.link) && namingsOf(row).some(({ isRefused }) => !isRefused)));

  const rows = facts.rows.filter(mayBeServed);
  const owners = ownersOf(rows);
  const isOwners = (row: PackageRow): boolean => {
    const { link, signers } = owners.get(row.pin.id.toLowerCase())!;
    return row.link === link || signers.has(row.signerFingerprint);
  };
  const served = rows
    .filter(isOwners)
    // Of several that are one for NuGet, the first is served: this side's own, then that which came last.
    .toSorted((a, b) => Number(a.link !== '') - Number(b.link !== '') || b.addedAt - a.addedAt)
    .flatMap((row): ServablePackage[] => {
      const version = parseVersion(row.pin.version);
      if (version === undefined) return [];
      const standing = namingsOf(row).filter(({ isRefused }) => !isRefused);
      const isListed = standing.length === 0 || standing.some(({ isWithdrawn }) => !isWithdrawn);
      const { link, addedAt: publishedAt } = row;
      const { id, sha256, sizeBytes } = row.pin;
      // Another file of the same content was signed who knows when: it counts from when it was found good here.
      const verifyAt = standing.find((release) => release.sha256 === sha256)?.at ?? publishedAt;
      return [{ id, version, isListed, publishedAt, sha256, sizeBytes, link, verifyAt }];
    });
  return { served, passedOver: rows.filter((row) => !isOwners(row)) };
}

/** Whose each id is, and who signs for that side. */
function ownersOf(
  rows: readonly PackageRow[],
): ReadonlyMap<string, { readonly link: string; readonly signers: ReadonlySet<string> }> {
  const owners = new Map<string, { readonly link: string; readonly signers: Set<string> }>();
  const inOrder = rows.toSorted(
    (a, b) => Number(a.link !== '') - Number(b.link !== '') || a.addedAt - b.addedAt,
  );
  for (const { link, pin, signerFingerprint } of inOrder) {
    const key = pin.id.toLowerCase();
    const owner = owners.get(key) ?? { link, signers: new Set() };
    owners.set(key, owner);
    if (link === owner.link) owner.signers.add(signerFingerprint);
  }
  return owners;
}
