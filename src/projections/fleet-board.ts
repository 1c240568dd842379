import type { Database } from '../db/index.ts';
import type { Fold, Projection } from './projection.ts';

/** What customers reported: one row a place, and each reported deployment with its trace. */
export const fleetBoard: Projection = {
  name: 'fleet-board',
  tables: ['fleet', 'reported_deployment'],
  prepare(db) {
    const place = db.prepare(
      `INSERT INTO fleet (link, environment, process, number, digest, state, last_number, last_digest, last_at,
                          last_reason, last_deployment, failed_json, error, as_of)
       VALUES (:link, :environment, :process, :number, :digest, :state, :release, :lastDigest, :at, :reason,
               :deployment, :failed, :error, :asOf)
       ON CONFLICT (link, environment, process) DO UPDATE
          SET number = coalesce(excluded.number, number), digest = coalesce(excluded.digest, digest),
              state = excluded.state, last_number = excluded.last_number, last_digest = excluded.last_digest,
              last_at = excluded.last_at, last_reason = excluded.last_reason,
              last_deployment = excluded.last_deployment, failed_json = excluded.failed_json,
              error = excluded.error, as_of = excluded.as_of`,
    );
    // All that came of one link at once, deployment by deployment.
    const report = db.prepare(
      `INSERT INTO reported_deployment (link, deployment, pos) SELECT ?, key, value FROM json_each(?) WHERE true
       ON CONFLICT (link, deployment) DO UPDATE SET pos = excluded.pos`,
    );
    const gathered = new Map<string, Record<string, unknown>>();
    // Of each link: where the newest report of a deployment stands.
    const reported = new Map<string, Map<string, number>>();
    const apply: Fold['apply'] = ({ pos, event, header, place: where }) => {
      if (event.name !== 'deployment.reported' || where.kind !== 'inward') return;
      const { data } = event;
      const { link } = where;
      const { environment, process } = data;
      // Unmistakable without quoting: links are of one length, and the length of the next name is told.
      const key = `${link}${environment.length} ${environment}${process}`;
      const succeeded = data.state === 'succeeded';
      const before = gathered.get(key);
      gathered.set(key, {
        link,
        environment,
        process,
        number: succeeded ? data.release : (before?.['number'] ?? null),
        digest: succeeded ? data.digest : (before?.['digest'] ?? null),
        state: data.state,
        release: data.release,
        lastDigest: data.digest,
        at: data.endedAt ?? data.startedAt ?? header.at,
        reason: data.reason,
        deployment: data.deployment,
        failed: data.failedAt === null ? null : JSON.stringify(data.failedAt),
        error: data.error,
        asOf: header.at,
      });
      let ofLink = reported.get(link);
      if (ofLink === undefined) reported.set(link, (ofLink = new Map()));
      ofLink.set(data.deployment, pos);
    };
    const save = (): void => {
      for (const row of gathered.values()) place.run(row);
      for (const [link, ofLink] of reported) report.run(link, JSON.stringify(Object.fromEntries(ofLink)));
      gathered.clear();
      reported.clear();
    };
    return { apply, save };
  },
};

/** What a customer reported of one process in one of its environments. */
export type FleetStateRow = {
  readonly link: string;
  readonly environment: string;
  readonly process: string;
  readonly number: string | null;
  readonly digest: string | null;
  readonly state: string;
  readonly lastNumber: string;
  readonly lastDigest: string;
  readonly lastAt: number;
  readonly lastReason: string;
  readonly lastDeployment: string;
  readonly failedAt: string | null;
  readonly error: string | null;
  readonly asOf: number;
};

const select = `SELECT link, environment, process, number, digest, state, last_number AS lastNumber,
  last_digest AS lastDigest, last_at AS lastAt, last_reason AS lastReason, last_deployment AS lastDeployment,
  failed_json AS failedAt, error, as_of AS asOf FROM fleet`;

/** Reads what the customer of a link reported. */
export function prepareFleetState(db: Database): (link: string) => FleetStateRow[] {
  const ofLink = db.prepare<[string], FleetStateRow>(
    `${select} WHERE link = ? ORDER BY environment, process`,
  );
  return (link) => ofLink.all(link);
}

/** The same of all customers. */
export function readFleetState(db: Database): FleetStateRow[] {
  return db.prepare<[], FleetStateRow>(`${select} ORDER BY link, environment, process`).all();
}

/** Where the newest report of a customer's deployment stands in the log, undefined where none came. */
export function findReport(db: Database, deployment: string): { link: string; pos: number } | undefined {
  return db
    .prepare(`SELECT link, pos FROM reported_deployment WHERE deployment = ? ORDER BY pos DESC LIMIT 1`)
    .get(deployment) as { link: string; pos: number } | undefined;
}
