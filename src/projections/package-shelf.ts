import type { Database } from '../db/index.ts';
import type { PackagePin } from '../events/index.ts';
import { nameKey, type Fold, type Projection } from './projection.ts';

/**
 * Packages that passed verification, by the road they came: each file by itself, since several can carry the same
 * content. Files that were removed since stay known, and are told apart by `removed_blob`.
 */
export const packageShelf: Projection = {
  name: 'package-shelf',
  tables: ['package_file'],
  prepare(db) {
    const add = db.prepare(
      `INSERT INTO package_file (link, sha256, content_digest, id_key, version_key, id, version, size_bytes, signer,
                                 signer_fingerprint, position, added_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (link, sha256) DO UPDATE
          SET signer = excluded.signer, signer_fingerprint = excluded.signer_fingerprint,
              position = excluded.position, added_at = excluded.added_at`,
    );
    const apply: Fold['apply'] = ({ pos, event, header }) => {
      if (event.name !== 'package.added') return;
      const { package: pin, signer, link } = event.data;
      const { id, version, sha256 } = pin;
      const names = [nameKey(id), nameKey(version), id, version];
      const signed = [signer.subject, signer.fingerprint];
      add.run(link ?? '', sha256, pin.contentDigest, ...names, pin.sizeBytes, ...signed, pos, header.at);
    };
    return { apply };
  },
};

/** A file of a package that is known here; `link` is '' for this side's own. */
export type PackageRow = {
  readonly link: string;
  readonly pin: PackagePin;
  readonly signer: string;
  readonly signerFingerprint: string;
  /** When it was found good here, milliseconds since 1970. */
  readonly addedAt: number;
};

type StoredFile = {
  link: string;
  id: string;
  version: string;
  sha256: string;
  content_digest: string;
  size_bytes: number;
  signer: string;
  signer_fingerprint: string;
  added_at: number;
};

const order = `ORDER BY id_key, version_key, link, position DESC, sha256`;
const notRemoved = `sha256 NOT IN (SELECT digest FROM removed_blob)`;

/** Every file of every package, by id and version, the newest first; without those that were removed. */
export function readPackageFiles(db: Database): PackageRow[] {
  const rows = db.prepare(`SELECT * FROM package_file WHERE ${notRemoved} ${order}`).all() as StoredFile[];
  return rows.map(toPackage);
}

/** A file that was given up since nothing needed it any more. */
export type RemovedPackage = PackageRow & { readonly removedAt: number; readonly why: string };

/** Files of packages that were removed and have not come back, in the same order. */
export function readRemovedPackages(db: Database): RemovedPackage[] {
  const rows = db
    .prepare(`SELECT * FROM package_file JOIN removed_blob ON digest = sha256 ${order}`)
    .all() as (StoredFile & { removed_at: number; why: string })[];
  return rows.map((row) => ({ ...toPackage(row), removedAt: row.removed_at, why: row.why }));
}

/** All packages, by id and version; of each the file that was added last. */
export function readPackages(db: Database): PackageRow[] {
  const seen = new Set<string>();
  return readPackageFiles(db).filter(({ link, pin }) => {
    const key = [link, nameKey(pin.id), nameKey(pin.version), pin.contentDigest].join('\n');
    return !seen.has(key) && seen.add(key);
  });
}

/** The package of this id and version that came by `link` ('' for own), names compared as NuGet does. */
export function findPackage(db: Database, link: string, id: string, version: string): PackageRow | undefined {
  const row = db
    .prepare(
      `SELECT * FROM package_file WHERE link = ? AND id_key = ? AND version_key = ? AND ${notRemoved}
        ORDER BY position DESC, sha256 LIMIT 1`,
    )
    .get(link, nameKey(id), nameKey(version)) as StoredFile | undefined;
  return row && toPackage(row);
}

/**
 * The file that stands for what a release of `link` names: that very file where it is held, else the newest one of the
 * same content; undefined where none is held.
 */
export function fileFor(
  db: Database,
  link: string,
  pin: Pick<PackagePin, 'id' | 'version' | 'sha256' | 'contentDigest'>,
  holds: (digest: string) => boolean,
): PackageRow | undefined {
  const rows = db
    .prepare(
      `SELECT * FROM package_file
        WHERE link = ? AND content_digest = ? AND id_key = ? AND version_key = ? AND ${notRemoved}
        ORDER BY (sha256 = ?) DESC, position DESC, sha256`,
    )
    .all(link, pin.contentDigest, nameKey(pin.id), nameKey(pin.version), pin.sha256) as StoredFile[];
  return rows.map(toPackage).find((row) => holds(row.pin.sha256));
}

function toPackage(row: StoredFile): PackageRow {
  const { id, version, sha256, signer, link } = row;
  const pin = { id, version, sha256, contentDigest: row.content_digest, sizeBytes: row.size_bytes };
  return { link, pin, signer, signerFingerprint: row.signer_fingerprint, addedAt: row.added_at };
}
