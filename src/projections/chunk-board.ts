import { prepared, type Database } from '../db/index.ts';
import type { Fold, Projection } from './projection.ts';

/** How offered packages are cut, and what of them was asked for once more. */
export const chunkBoard: Projection = {
  name: 'chunk-board',
  tables: ['chunk_list', 'chunks_asked'],
  prepare(db) {
    const list = db.prepare(
      `INSERT INTO chunk_list (link, ours, package, list, list_bytes) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (link, ours, package) DO NOTHING`,
    );
    const ask = db.prepare(
      `INSERT INTO chunks_asked (link, ours, package, attempt, pieces_json) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (link, ours, package) DO UPDATE
          SET attempt = excluded.attempt, pieces_json = excluded.pieces_json
        WHERE excluded.attempt > attempt`,
    );
    const apply: Fold['apply'] = ({ event, place }) => {
      if (place.kind === 'self') return;
      if (event.name === 'chunks.listed') {
        const ours = place.kind === 'outward' ? 1 : 0;
        for (const { package: of, digest, sizeBytes } of event.data.lists)
          list.run(place.link, ours, of, digest, sizeBytes);
      } else if (event.name === 'chunks.asked') {
        // What one side asks for is about the packages of the other.
        const ours = place.kind === 'inward' ? 1 : 0;
        const { package: of, attempt, pieces } = event.data;
        ask.run(place.link, ours, of, attempt, JSON.stringify(pieces));
      }
    };
    return { apply };
  },
};

/** How a package of an offer is cut, and who holds what of it. */
export type ListedPackage = {
  /** SHA-256 of the package. */
  readonly digest: string;
  readonly sizeBytes: number;
  /** The blob that lists its chunks. */
  readonly list: string;
  readonly listBytes: number;
  /** Whether a receipt says that the receiver holds the package, and the list. */
  readonly held: boolean;
  readonly listHeld: boolean;
};

/** The listed packages that we offered to a link (`ours`), or that were offered to us by it. */
export function readListedPackages(db: Database, link: string, ours: boolean): ListedPackage[] {
  const [blob, held] = ours ? ['blob_owed', 'held'] : ['blob_wanted', 'reported'];
  const rows = prepared(
    db,
    `SELECT package AS digest, list, list_bytes AS listBytes, of.size_bytes AS sizeBytes, of.${held} AS held, lists.${held} AS listHeld
         FROM chunk_list
         JOIN ${blob} AS of ON of.link = chunk_list.link AND of.digest = package
         JOIN ${blob} AS lists ON lists.link = chunk_list.link AND lists.digest = list
        WHERE chunk_list.link = ? AND ours = ? ORDER BY package`,
  ).all(link, ours ? 1 : 0) as (Omit<ListedPackage, 'held' | 'listHeld'> & {
    held: number;
    listHeld: number;
  })[];
  return rows.map((row) => ({ ...row, held: row.held === 1, listHeld: row.listHeld === 1 }));
}

/** Every list of chunks of a link that was not removed, once. */
export function readChunkLists(
  db: Database,
): { readonly package: string; readonly list: string; readonly sizeBytes: number; readonly ours: boolean }[] {
  const rows = db
    .prepare(
      `SELECT DISTINCT package, list, list_bytes AS sizeBytes, ours FROM chunk_list JOIN link USING (link)
        WHERE link.state <> 'removed' ORDER BY list, package, ours`,
    )
    .all() as { package: string; list: string; sizeBytes: number; ours: number }[];
  return rows.map((row) => ({ ...row, ours: row.ours === 1 }));
}

/** What was asked for of a package, and how often. */
export type AskedChunks = {
  readonly attempt: number;
  readonly pieces: readonly { readonly first: number; readonly count: number }[];
};

/** What was asked for of our packages (`ours`), or we asked for, by the digest of the package. */
export function readAskedChunks(db: Database, link: string, ours: boolean): Map<string, AskedChunks> {
  const rows = prepared(
    db,
    `SELECT package, attempt, pieces_json AS pieces FROM chunks_asked WHERE link = ? AND ours = ?`,
  ).all(link, ours ? 1 : 0) as { package: string; attempt: number; pieces: string }[];
  return new Map(
    rows.map(({ package: of, attempt, pieces }) => [
      of,
      { attempt, pieces: JSON.parse(pieces) as AskedChunks['pieces'] },
    ]),
  );
}
