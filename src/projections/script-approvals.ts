import type { Database } from '../db/index.ts';
import type { Fold, Projection } from './projection.ts';

/** Which scripts a person let run here. */
export const scriptApprovals: Projection = {
  name: 'script-approvals',
  tables: ['approved_script'],
  prepare(db) {
    const approve = db.prepare(
      `INSERT INTO approved_script (link, process, place, digest, position, release, release_digest, approved_by,
                                    approved_at, note)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (link, process, place, digest) DO UPDATE
          SET position = excluded.position, release = excluded.release, release_digest = excluded.release_digest,
              approved_by = excluded.approved_by, approved_at = excluded.approved_at, note = excluded.note`,
    );
    const apply: Fold['apply'] = ({ pos, event, header }) => {
      if (event.name !== 'scripts.approved') return;
      const { link, process, release, digest: of, scripts, by, note } = event.data;
      for (const { place, digest } of scripts)
        approve.run(
          link ?? '',
          process,
          place,
          digest,
          pos,
          release,
          of,
          by ?? header.actor,
          header.at,
          note,
        );
    };
    return { apply };
  },
};

/** A script that may run here: this text at this place of a process. */
export type ApprovedScript = {
  readonly place: string;
  readonly digest: string;
  /** The release for which it was looked at last. */
  readonly release: string;
  readonly releaseDigest: string;
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly note: string | null;
};

/** Those of a process, the one that was approved last first; `link` '' for this side's own. */
export function readApprovedScripts(db: Database, link: string, process: string): ApprovedScript[] {
  return db
    .prepare(
      `SELECT place, digest, release, release_digest AS releaseDigest, approved_by AS by, approved_at AS at, note
         FROM approved_script WHERE link = ? AND process = ? ORDER BY position DESC, place, digest`,
    )
    .all(link, process) as ApprovedScript[];
}
