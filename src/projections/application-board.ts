import type { Database } from '../db/index.ts';
import type { Fold, Projection } from './projection.ts';

/** What steps of deployments put on this machine, and which of it was removed again. */
export const applicationBoard: Projection = {
  name: 'application-board',
  tables: ['application'],
  prepare(db) {
    const install = db.prepare(
      `INSERT INTO application (deployment, step, position, link, process, environment, step_id, package_id, version,
                                sha256, extracted_to, installed_to, succeeded, installed_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (deployment, step) DO UPDATE
          SET position = excluded.position, extracted_to = excluded.extracted_to,
              installed_to = excluded.installed_to, succeeded = excluded.succeeded,
              installed_at = excluded.installed_at, removed = 0`,
    );
    const remove = db.prepare(`UPDATE application SET removed = 1 WHERE deployment = ? AND step = ?`);
    const apply: Fold['apply'] = ({ pos, event, header }) => {
      if (event.name === 'application.installed') {
        const { deployment, position, link, process, environment, stepId, packageId, version } = event.data;
        const { sha256, extractedTo, installedTo, succeeded } = event.data;
        const place = [link ?? '', process, environment, stepId];
        const what = [packageId, version, sha256, extractedTo, installedTo];
        install.run(deployment, position, pos, ...place, ...what, succeeded ? 1 : 0, header.at);
      } else if (event.name === 'application.removed') {
        remove.run(event.data.deployment, event.data.position);
      }
    };
    return { apply };
  },
};

/** A package that a step put on this machine; `link` '' for a release of this side, `step` counts from 1. */
export type ApplicationRow = {
  readonly deployment: string;
  readonly step: number;
  readonly link: string;
  readonly process: string;
  readonly environment: string;
  readonly stepId: string;
  readonly packageId: string;
  readonly version: string;
  readonly sha256: string;
  readonly extractedTo: string;
  readonly installedTo: string | null;
  readonly succeeded: boolean;
  readonly installedAt: number;
};

/** What a process put here in an environment and is still there, newest first. */
export function readApplications(
  db: Database,
  place: Pick<ApplicationRow, 'link' | 'process' | 'environment'>,
): ApplicationRow[] {
  const rows = db
    .prepare(
      `SELECT deployment, step, link, process, environment, step_id AS stepId, package_id AS packageId, version,
              sha256, extracted_to AS extractedTo, installed_to AS installedTo, succeeded, installed_at AS installedAt
         FROM application
        WHERE environment = ? AND process = ? AND link = ? AND removed = 0 ORDER BY position DESC`,
    )
    .all(place.environment, place.process, place.link) as (Omit<ApplicationRow, 'succeeded'> & {
    succeeded: number;
  })[];
  return rows.map((row) => ({ ...row, succeeded: row.succeeded === 1 }));
}

/** Whether what was installed later, by whatever process, has the same folder. */
export function isFolderTakenSince(
  db: Database,
  { deployment, step, extractedTo }: Pick<ApplicationRow, 'deployment' | 'step' | 'extractedTo'>,
): boolean {
  const later = db
    .prepare(
      `SELECT 1 FROM application AS later
        WHERE extracted_to = ? AND removed = 0
          AND position > (SELECT position FROM application WHERE deployment = ? AND step = ?) LIMIT 1`,
    )
    .get(extractedTo, deployment, step);
  return later !== undefined;
}
