import type { Database } from '../db/index.ts';
import type { DeploymentReport } from '../events/index.ts';
import { placeKey, type Fold, type Projection } from './projection.ts';
import { isEarlierRun, markOf, type RunMark } from './run-order.ts';

/** What customers reported: one row a place, and each reported deployment with its trace. */
export const fleetBoard: Projection = {
  name: 'fleet-board',
  tables: ['fleet', 'reported_deployment'],
  prepare(db) {
    const find = db.prepare<[string, string, string], StoredPlace>(
      `SELECT link, environment, process, number, digest, number_ordinal AS numberOrdinal, number_at AS numberAt, state,
              last_number AS release, last_digest AS lastDigest, last_at AS at, last_ordinal AS ordinal,
              last_reason AS reason, last_deployment AS deployment, failed_json AS failed, error,
              duration_ms AS durationMs, exit_code AS exitCode, rating, comment, struck, as_of AS asOf
         FROM fleet WHERE link = ? AND environment = ? AND process = ?`,
    );
    const place = db.prepare(
      `INSERT INTO fleet (link, environment, process, number, digest, number_ordinal, number_at, state, last_number,
                          last_digest, last_at, last_ordinal, last_reason, last_deployment, failed_json, error,
                          duration_ms, exit_code, rating, comment, struck, as_of)
       VALUES (:link, :environment, :process, :number, :digest, :numberOrdinal, :numberAt, :state, :release,
               :lastDigest, :at, :ordinal, :reason, :deployment, :failed, :error, :durationMs, :exitCode, :rating,
               :comment, :struck, :asOf)
       ON CONFLICT (link, environment, process) DO UPDATE
          SET number = excluded.number, digest = excluded.digest, number_ordinal = excluded.number_ordinal,
              number_at = excluded.number_at, state = excluded.state, last_number = excluded.last_number,
              last_digest = excluded.last_digest, last_at = excluded.last_at, last_ordinal = excluded.last_ordinal,
              last_reason = excluded.last_reason, last_deployment = excluded.last_deployment,
              failed_json = excluded.failed_json, error = excluded.error, duration_ms = excluded.duration_ms,
              exit_code = excluded.exit_code, rating = excluded.rating, comment = excluded.comment,
              struck = excluded.struck, as_of = excluded.as_of`,
    );
    // All that came of one link at once, deployment by deployment; few reports name a log.
    const report = db.prepare(
      `INSERT INTO reported_deployment (link, deployment, pos, log_digest)
       SELECT ?, key, iif(type = 'array', value ->> '$[0]', value), iif(type = 'array', value ->> '$[1]', NULL)
         FROM json_each(?) WHERE true
       ON CONFLICT (link, deployment) DO UPDATE SET pos = excluded.pos, log_digest = excluded.log_digest`,
    );
    const gathered = new Map<string, StoredPlace>();
    // Of each link: where the newest report of a deployment stands, and the log that it names.
    const reported = new Map<string, Map<string, number | readonly [number, string]>>();
    const apply: Fold['apply'] = ({ pos, event, header, place: where }) => {
      if (event.name !== 'deployment.reported' || where.kind !== 'inward') return;
      const { data } = event;
      const { link } = where;
      const { environment, process } = data;
      const key = placeKey(link, environment, process);
      const before = gathered.get(key) ?? find.get(link, environment, process);
      gathered.set(key, foldReport(before, link, data, header.at));
      let ofLink = reported.get(link);
      if (ofLink === undefined) reported.set(link, (ofLink = new Map()));
      ofLink.set(data.deployment, data.log === null ? pos : [pos, data.log.digest]);
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

/** A row of the fleet as it is kept: what runs in a place, and what was told of the last attempt there. */
type StoredPlace = {
  readonly link: string;
  readonly environment: string;
  readonly process: string;
  readonly number: string | null;
  readonly digest: string | null;
  readonly numberOrdinal: number | null;
  readonly numberAt: number | null;
  readonly state: string;
  readonly release: string;
  readonly lastDigest: string;
  readonly at: number;
  readonly ordinal: number | null;
  readonly reason: string;
  readonly deployment: string;
  readonly failed: string | null;
  readonly error: string | null;
  readonly durationMs: number | null;
  readonly exitCode: number | null;
  readonly rating: number | null;
  readonly comment: string | null;
  readonly struck: number;
  readonly asOf: number;
};

/** What a place is known by after a report: a run that is told of late changes only what no later one has settled. */
function foldReport(
  before: StoredPlace | undefined,
  link: string,
  report: DeploymentReport,
  toldAt: number,
): StoredPlace {
  const { environment, process } = report;
  const mark = markOf(report, toldAt);
  const runs = runsThere(before, report, mark);
  if (before !== undefined && isEarlierRun(report, before)) return { ...before, ...runs, asOf: toldAt };
  const { startedAt, endedAt, failedAt, remark } = report;
  return {
    link,
    environment,
    process,
    ...runs,
    state: report.state,
    release: report.release,
    lastDigest: report.digest,
    at: mark.at,
    ordinal: report.ordinal,
    reason: report.reason,
    deployment: report.deployment,
    failed: failedAt === null ? null : JSON.stringify(failedAt),
    error: report.error,
    durationMs: startedAt === null || endedAt === null ? null : Math.max(0, endedAt - startedAt),
    exitCode: report.exitCode,
    rating: remark?.rating ?? null,
    comment: remark?.comment ?? null,
    struck: report.struck.length,
    asOf: toldAt,
  };
}

type Runs = Pick<StoredPlace, 'number' | 'digest' | 'numberOrdinal' | 'numberAt'>;

/** Which release runs there: that of the last run that succeeded, none where it took away what ran. */
function runsThere(before: StoredPlace | undefined, report: DeploymentReport, mark: RunMark): Runs {
  const known: Runs = {
    number: before?.number ?? null,
    digest: before?.digest ?? null,
    numberOrdinal: before?.numberOrdinal ?? null,
    numberAt: before?.numberAt ?? null,
  };
  const { numberOrdinal: ordinal, numberAt: at } = known;
  if (report.state !== 'succeeded') return known;
  // Which run it was is told by its number alone: the same run may be told again.
  if (at !== null && isEarlierRun(report, { deployment: '', ordinal, at })) return known;
  const marks = { numberOrdinal: report.ordinal, numberAt: mark.at };
  if (report.reason === 'uninstall') return { number: null, digest: null, ...marks };
  return { number: report.release, digest: report.digest, ...marks };
}

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
  readonly durationMs: number | null;
  readonly exitCode: number | null;
  readonly rating: number | null;
  readonly comment: string | null;
  /** How many lines of the last attempt a person there struck out. */
  readonly struck: number;
  readonly asOf: number;
};

const select = `SELECT link, environment, process, number, digest, state, last_number AS lastNumber,
  last_digest AS lastDigest, last_at AS lastAt, last_reason AS lastReason, last_deployment AS lastDeployment,
  failed_json AS failedAt, error, duration_ms AS durationMs, exit_code AS exitCode, rating, comment, struck,
  as_of AS asOf FROM fleet`;

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
