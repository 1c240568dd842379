import { compareVersions, parseVersion, versionText, type PackageVersion } from '../../packages/index.ts';

/** A package that may be served. */
export type ServedPackage = {
  readonly id: string;
  readonly version: PackageVersion;
  /** Unlisted ones are found by those who name the version, and by nobody who looks around. */
  readonly isListed: boolean;
  /** When it came here, milliseconds. */
  readonly publishedAt: number;
  /** SHA-256 of the file, lower-case hex, and its size. */
  readonly sha256: string;
  readonly sizeBytes: number;
};

/** All versions of one id. */
export type ServedId = {
  /** As its newest version writes it. */
  readonly id: string;
  /** As it stands in addresses. */
  readonly key: string;
  /** Oldest first. */
  readonly versions: readonly ServedPackage[];
};

/** What a feed serves, in the order of ids. */
export type FeedShelf = {
  readonly ids: readonly ServedId[];
  /** Case makes no difference. */
  find(id: string): ServedId | undefined;
  /** Neither case nor spelling of the version makes a difference. */
  findPackage(id: string, version: string): ServedPackage | undefined;
};

/** Orders packages for serving. Where two are one as NuGet sees it, the first of them is it. */
export function feedShelf(packages: readonly ServedPackage[]): FeedShelf {
  const byId = new Map<string, Map<string, ServedPackage>>();
  for (const each of packages) {
    const versions = byId.get(keyOf(each.id)) ?? new Map<string, ServedPackage>();
    byId.set(keyOf(each.id), versions);
    if (!versions.has(versionKey(each))) versions.set(versionKey(each), each);
  }
  const ids = [...byId].map(([key, versions]): ServedId => {
    const ordered = [...versions.values()].toSorted((a, b) => compareVersions(a.version, b.version));
    return { id: ordered.at(-1)!.id, key, versions: ordered };
  });
  const found = new Map(ids.map((each) => [each.key, each]));
  return {
    ids: ids.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    find: (id) => found.get(keyOf(id)),
    findPackage(id, text) {
      const version = parseVersion(text);
      return version && byId.get(keyOf(id))?.get(versionText(version).toLowerCase());
    },
  };
}

/** An id as it stands in addresses. */
export const keyOf = (id: string): string => id.toLowerCase();

/** The version of a package as it stands in addresses: normalised, lower case, without build metadata. */
export const versionKey = ({ version }: ServedPackage): string => versionText(version).toLowerCase();
