import type { Database } from '../db/index.ts';
import type { DeploymentRow } from './deployment-queue.ts';
import type { Fold, Projection } from './projection.ts';

/** What authors were told of runs here: where the newest report of each stands. */
export const toldReports: Projection = {
  name: 'told-reports',
  tables: ['told_report'],
  prepare(db) {
    const put = db.prepare(
      `INSERT INTO told_report (deployment, link, pos, log_digest) VALUES (?, ?, ?, ?)
       ON CONFLICT (deployment) DO UPDATE
          SET link = excluded.link, pos = excluded.pos, log_digest = excluded.log_digest`,
    );
    const apply: Fold['apply'] = ({ pos, event, place }) => {
      if (event.name !== 'deployment.reported' || place.kind !== 'outward') return;
      put.run(event.data.deployment, place.link, pos, event.data.log?.digest ?? null);
    };
    return { apply };
  },
};

/** Where the newest report of a run here stands in the log; undefined where nobody was told of it. */
export function findToldReport(db: Database, deployment: string): { link: string; pos: number } | undefined {
  return db.prepare(`SELECT link, pos FROM told_report WHERE deployment = ?`).get(deployment) as
    | { link: string; pos: number }
    | undefined;
}

/** A log that goes with a report: whose run wrote it. */
export type ToldLog = { readonly deployment: string; readonly digest: string; readonly sizeBytes: number };

/** The logs that newest reports to a link name. */
export function readToldLogs(db: Database, link: string): ToldLog[] {
  return db
    .prepare(
      `SELECT deployment, blob_owed.digest AS digest, size_bytes AS sizeBytes
         FROM told_report JOIN blob_owed ON blob_owed.link = told_report.link AND blob_owed.digest = log_digest
        WHERE told_report.link = ? ORDER BY pos`,
    )
    .all(link) as ToldLog[];
}

/** Runs of others' releases that came to an end or a halt and were told to nobody, oldest first. */
export function readUntoldRuns(
  db: Database,
): Pick<DeploymentRow, 'deployment' | 'link' | 'process' | 'number' | 'environment' | 'state'>[] {
  return db
    .prepare(
      `SELECT deployment, link, process, number, environment, state FROM deployment
        WHERE link <> '' AND state IN ('succeeded', 'failed', 'cancelled', 'interrupted') AND started_at IS NOT NULL
          AND deployment NOT IN (SELECT deployment FROM told_report)
        ORDER BY position`,
    )
    .all() as ReturnType<typeof readUntoldRuns>;
}
