import { releaseOf, type Instance } from '../../instance/index.ts';
import {
  linkNames,
  nameKey,
  readLinks,
  readPackageFiles,
  readReleases,
  readRemovedPackages,
  type PackageRow,
  type ReleaseRow,
  type RemovedPackage,
} from '../../projections/index.ts';

/** A package on the shelf: one content, by one road, in one file or several. */
export type ShelvedPackage = {
  readonly id: string;
  readonly version: string;
  readonly contentDigest: string;
  /** By what road it came: the name of a link, or null for this side's own. */
  readonly link: string | null;
  /** `here`; `missing` where its file is gone; `removed` where it was given up. */
  readonly state: 'here' | 'missing' | 'removed';
  /** Bytes that it takes in the store. */
  readonly sizeBytes: number;
  /** The newest first: what releases made from now on name. */
  readonly files: readonly ShelvedFile[];
  readonly releases: readonly {
    readonly release: string;
    /** Which file the release names. */
    readonly sha256: string;
    readonly withdrawn: boolean;
  }[];
};

type ShelvedFile = {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly signer: string;
  readonly signerFingerprint: string;
  readonly addedAt: string;
  readonly held: boolean;
  readonly removed: { readonly at: string; readonly why: string } | null;
};

/** What is, or was, on the shelf, by id and version. */
export function shelvedPackages(instance: Instance): ShelvedPackage[] {
  const { db } = instance;
  const names = linkNames(readLinks(db));
  const releases = readReleases(db);
  const rows: (PackageRow & Partial<RemovedPackage>)[] = [
    ...readPackageFiles(db),
    ...readRemovedPackages(db),
  ];
  const packages = Map.groupBy(rows, ({ link, pin }) =>
    [link, nameKey(pin.id), nameKey(pin.version), pin.contentDigest].join('\n'),
  );
  return [...packages.values()]
    .map((files) => shelved(instance, files, names, releases))
    .toSorted(
      (a, b) => compare(nameKey(a.id), nameKey(b.id)) || compare(nameKey(a.version), nameKey(b.version)),
    );
}

function shelved(
  instance: Instance,
  rows: readonly (PackageRow & Partial<RemovedPackage>)[],
  names: ReadonlyMap<string, string>,
  releases: readonly ReleaseRow[],
): ShelvedPackage {
  const [newest] = rows;
  const { link, pin } = newest!;
  const files = rows.map((row): ShelvedFile => {
    const { removedAt, why } = row;
    return {
      sha256: row.pin.sha256,
      sizeBytes: row.pin.sizeBytes,
      signer: row.signer,
      signerFingerprint: row.signerFingerprint,
      addedAt: new Date(row.addedAt).toISOString(),
      held: instance.holds(row.pin.sha256),
      removed: removedAt === undefined ? null : { at: new Date(removedAt).toISOString(), why: why ?? '' },
    };
  });
  const kept = files.filter(({ removed }) => removed === null);
  return {
    id: pin.id,
    version: pin.version,
    contentDigest: pin.contentDigest,
    link: link === '' ? null : (names.get(link) ?? link),
    state: kept.length === 0 ? 'removed' : kept.some(({ held }) => held) ? 'here' : 'missing',
    sizeBytes: kept.reduce((sum, file) => sum + (file.held ? file.sizeBytes : 0), 0),
    files,
    releases: releases.flatMap((release) => {
      if (release.link !== link) return [];
      const named = release.document.packages.find(
        (one) => one.contentDigest === pin.contentDigest && nameKey(one.id) === nameKey(pin.id),
      );
      if (named === undefined) return [];
      return [
        {
          release: releaseOf(instance.db, release),
          sha256: named.sha256,
          withdrawn: release.withdrawn !== null,
        },
      ];
    }),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
