import type { Database } from '../db/index.ts';
import type { PackagePin } from '../events/index.ts';
import { nameKey, type Fold, type Projection } from './projection.ts';

/** Packages that passed verification, by the road they came. */
export const packageShelf: Projection = {
  name: 'package-shelf',
  tables: ['package'],
  prepare(db) {
    const add = db.prepare(
      `INSERT INTO package (link, id_key, version_key, id, version, sha256, content_digest, size_bytes, signer,
                            signer_fingerprint, added_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (link, id_key, version_key) DO UPDATE
          SET sha256 = excluded.sha256, size_bytes = excluded.size_bytes, signer = excluded.signer,
              signer_fingerprint = excluded.signer_fingerprint`,
    );
    const apply: Fold['apply'] = ({ event, header }) => {
      if (event.name !== 'package.added') return;
      const { package: pin, signer, link } = event.data;
      add.run(
        link ?? '',
        nameKey(pin.id),
        nameKey(pin.version),
        pin.id,
        pin.version,
        pin.sha256,
        pin.contentDigest,
        pin.sizeBytes,
        signer.subject,
        signer.fingerprint,
        header.at,
      );
    };
    return { apply };
  },
};

/** A package that is known here; `link` is '' for this side's own. */
export type PackageRow = {
  readonly link: string;
  readonly pin: PackagePin;
  readonly signer: string;
  readonly signerFingerprint: string;
  readonly addedAt: number;
};

type StoredPackage = {
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

/** All packages, by id and version. */
export function readPackages(db: Database): PackageRow[] {
  const rows = db
    .prepare(`SELECT * FROM package ORDER BY id_key, version_key, link`)
    .all() as StoredPackage[];
  return rows.map(toPackage);
}

/** The package of this id and version that came by `link` ('' for own), names compared as NuGet does. */
export function findPackage(db: Database, link: string, id: string, version: string): PackageRow | undefined {
  const row = db
    .prepare(`SELECT * FROM package WHERE link = ? AND id_key = ? AND version_key = ?`)
    .get(link, nameKey(id), nameKey(version)) as StoredPackage | undefined;
  return row && toPackage(row);
}

function toPackage(row: StoredPackage): PackageRow {
  const { id, version, sha256, signer, link } = row;
  const pin = { id, version, sha256, contentDigest: row.content_digest, sizeBytes: row.size_bytes };
  return { link, pin, signer, signerFingerprint: row.signer_fingerprint, addedAt: row.added_at };
}
