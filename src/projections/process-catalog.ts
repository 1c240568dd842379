import type { Database } from '../db/index.ts';
import type { EventOf, ProcessPublished } from '../events/index.ts';
import type { Fold, Projection } from './projection.ts';

/** Every revision of every process that was published here. */
export const processCatalog: Projection = {
  name: 'process-catalog',
  tables: ['process_revision'],
  prepare(db) {
    const add = db.prepare(
      `INSERT INTO process_revision (process, revision, digest, size_bytes, local_json, published_at, actor)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    const apply: Fold['apply'] = ({ event, header }) => {
      if (event.name !== 'process.published') return;
      const { process, revision, digest, sizeBytes, local } = event.data;
      add.run(process, revision, digest, sizeBytes, JSON.stringify(local), header.at, header.actor);
    };
    return { apply };
  },
};

/** One revision of a process of this side. */
export type RevisionRow = {
  readonly process: string;
  readonly revision: number;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly local: EventOf<typeof ProcessPublished>['data']['local'];
  readonly publishedAt: number;
  readonly actor: string;
};

/** All revisions, by process and number. */
export function readRevisions(db: Database): RevisionRow[] {
  const rows = db.prepare(`SELECT * FROM process_revision ORDER BY process, revision`).all() as {
    process: string;
    revision: number;
    digest: string;
    size_bytes: number;
    local_json: string;
    published_at: number;
    actor: string;
  }[];
  return rows.map((row) => ({
    process: row.process,
    revision: row.revision,
    digest: row.digest,
    sizeBytes: row.size_bytes,
    local: JSON.parse(row.local_json) as RevisionRow['local'],
    publishedAt: row.published_at,
    actor: row.actor,
  }));
}
