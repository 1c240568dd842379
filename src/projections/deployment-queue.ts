import type { Database } from '../db/index.ts';
import type { DeploymentDecided, EventOf, RecordedStep } from '../events/index.ts';
import type { Fold, Projection } from './projection.ts';

/** Every deployment that was asked for here, where it stands, and its trace. */
export const deploymentQueue: Projection = {
  name: 'deployment-queue',
  tables: ['deployment', 'deployment_step', 'deployment_wait'],
  prepare(db) {
    const request = db.prepare(
      `INSERT INTO deployment (deployment, position, link, process, number, digest, environment, reason, of, on_failure,
                               state, requested_by, requested_at, ordinal)
       VALUES (:deployment, :position, :link, :process, :number, :digest, :environment, :reason, :of, :onFailure,
               'waiting', :by, :at, (SELECT count(*) + 1 FROM deployment AS before WHERE environment = :environment
                                        AND process = :process AND link = :link))`,
    );
    const start = db.prepare(
      `UPDATE deployment SET state = 'running', resume_asked = 0, plan_sha256 = ?,
              started_at = coalesce(started_at, ?) WHERE deployment = ?`,
    );
    const interrupt = db.prepare(
      `UPDATE deployment SET state = 'interrupted', resume_asked = 0, failed_json = ? WHERE deployment = ?`,
    );
    const ask = db.prepare(
      `INSERT INTO deployment_wait (deployment, wait, position, step_id, step, kind, asked, offers, asked_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (deployment, wait) DO NOTHING`,
    );
    const decide = db.prepare(
      `UPDATE deployment_wait SET answer = ?, note = ?, decided_by = ?, decided_at = ?
        WHERE deployment = ? AND wait = ? AND answer IS NULL`,
    );
    const goOn = db.prepare(
      `UPDATE deployment SET resume_asked = 1 WHERE deployment = ? AND state = 'waiting'`,
    );
    const halt = db.prepare(
      `UPDATE deployment SET state = 'waiting', resume_asked = 0 WHERE deployment = ? AND state = 'running'`,
    );
    const resume = db.prepare(`UPDATE deployment SET resume_asked = 1 WHERE deployment = ?`);
    const cancel = db.prepare(`UPDATE deployment SET cancel_asked = 1 WHERE deployment = ?`);
    const end = db.prepare(
      `UPDATE deployment SET state = ?, started_at = coalesce(?, started_at), ended_at = ?, failed_json = ?,
              error = ?, log_sha256 = ?, resume_asked = 0 WHERE deployment = ?`,
    );
    const step = db.prepare(
      `INSERT INTO deployment_step (deployment, position, step_json) VALUES (?, ?, ?)
       ON CONFLICT (deployment, position) DO UPDATE SET step_json = excluded.step_json`,
    );
    const apply: Fold['apply'] = ({ pos, event, header }) => {
      switch (event.name) {
        case 'deployment.requested': {
          const { link, release: number, ...intent } = event.data;
          const { actor: by, at } = header;
          request.run({ ...intent, position: pos, link: link ?? '', number, by, at });
          return;
        }
        case 'deployment.started':
          start.run(event.data.planSha256, header.at, event.data.deployment);
          return;
        case 'deployment.step-ended':
          step.run(event.data.deployment, event.data.step.position, JSON.stringify(event.data.step));
          return;
        case 'deployment.interrupted':
          interrupt.run(JSON.stringify(event.data.at), event.data.deployment);
          return;
        case 'deployment.asked': {
          const { deployment, wait, position, stepId, step: name, for: kind, text, offers } = event.data;
          ask.run(deployment, wait, position, stepId, name, kind, text, JSON.stringify(offers), header.at);
          return;
        }
        case 'deployment.waiting':
          halt.run(event.data.deployment);
          return;
        case 'deployment.decided': {
          const { deployment, wait, answer, note, by } = event.data;
          decide.run(answer, note, by ?? header.actor, header.at, deployment, wait);
          goOn.run(deployment);
          return;
        }
        case 'deployment.resumed':
          resume.run(event.data.deployment);
          return;
        case 'deployment.cancel-requested':
          cancel.run(event.data.deployment);
          return;
        case 'deployment.ended': {
          const { deployment, state, startedAt, endedAt, failedAt, error, logSha256 } = event.data;
          const failed = failedAt === null ? null : JSON.stringify(failedAt);
          end.run(state, startedAt, endedAt, failed, error, logSha256, deployment);
          return;
        }
        default:
      }
    };
    return { apply };
  },
};

/** A deployment that was asked for here; `link` '' for a release of this side. */
export type DeploymentRow = {
  readonly deployment: string;
  readonly position: number;
  readonly link: string;
  readonly process: string;
  readonly number: string;
  readonly digest: string;
  readonly environment: string;
  readonly reason: 'deploy' | 'again' | 'retry' | 'rollback' | 'uninstall';
  readonly of: string | null;
  readonly onFailure: 'ask' | 'fail' | 'ignore' | 'retry';
  /** `waiting` before it began, and where it waits for a person; then `startedAt` is set. */
  readonly state: 'waiting' | 'running' | 'succeeded' | 'failed' | 'interrupted' | 'cancelled';
  readonly requestedBy: string;
  readonly requestedAt: number;
  readonly resumeAsked: boolean;
  readonly cancelAsked: boolean;
  readonly planSha256: string | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly failedAt: {
    readonly step: number;
    readonly stepId: string;
    readonly convention: number | 'F';
  } | null;
  readonly error: string | null;
  readonly logSha256: string | null;
  /** The how-many-th run of its process in its environment. */
  readonly ordinal: number;
};

const select = `SELECT deployment, position, link, process, number, digest, environment, reason, of, state,
  on_failure AS onFailure, requested_by AS requestedBy, requested_at AS requestedAt, resume_asked AS resumeAsked,
  cancel_asked AS cancelAsked, plan_sha256 AS planSha256, started_at AS startedAt, ended_at AS endedAt,
  failed_json AS failedAt, error, log_sha256 AS logSha256, ordinal FROM deployment`;

type StoredDeployment = Omit<DeploymentRow, 'resumeAsked' | 'cancelAsked' | 'failedAt'> & {
  resumeAsked: number;
  cancelAsked: number;
  failedAt: string | null;
};

const toDeployment = (row: StoredDeployment): DeploymentRow => ({
  ...row,
  resumeAsked: row.resumeAsked === 1,
  cancelAsked: row.cancelAsked === 1,
  failedAt: row.failedAt === null ? null : (JSON.parse(row.failedAt) as DeploymentRow['failedAt']),
});

/** The newest deployments, newest first. */
export function readDeployments(db: Database, limit = 1000): DeploymentRow[] {
  const rows = db.prepare(`${select} ORDER BY position DESC LIMIT ?`).all(limit) as StoredDeployment[];
  return rows.map(toDeployment);
}

/** Those that are not over: waiting, running or interrupted; oldest first. */
export function readOpenDeployments(db: Database): DeploymentRow[] {
  const rows = db
    .prepare(`${select} WHERE state IN ('waiting', 'running', 'interrupted') ORDER BY position`)
    .all() as StoredDeployment[];
  return rows.map(toDeployment);
}

export function findDeployment(db: Database, deployment: string): DeploymentRow | undefined {
  const row = db.prepare(`${select} WHERE deployment = ?`).get(deployment) as StoredDeployment | undefined;
  return row && toDeployment(row);
}

/** The steps of a deployment as they were recorded, in order. */
export function readSteps(db: Database, deployment: string): RecordedStep[] {
  const rows = db
    .prepare(`SELECT step_json FROM deployment_step WHERE deployment = ? ORDER BY position`)
    .all(deployment) as { step_json: string }[];
  return rows.map((row) => JSON.parse(row.step_json) as RecordedStep);
}

/** Whether a deployment that began waits for a person, and none has decided yet. */
export function waitsForPerson({
  state,
  startedAt,
  resumeAsked,
}: Pick<DeploymentRow, 'state' | 'startedAt' | 'resumeAsked'>): boolean {
  return state === 'waiting' && startedAt !== null && !resumeAsked;
}

/** What a deployment waits or waited for a person to decide, in the order in which it asked. */
export type WaitRow = {
  readonly wait: number;
  readonly position: number;
  readonly stepId: string;
  readonly step: string;
  readonly for: 'confirmation' | 'failure';
  readonly text: string;
  readonly offers: readonly Answer[];
  readonly askedAt: number;
  /** Null where nobody has decided yet. */
  readonly decision: {
    readonly answer: Answer;
    readonly note: string | null;
    readonly by: string;
    readonly at: number;
  } | null;
};
export type Answer = EventOf<typeof DeploymentDecided>['data']['answer'];

type StoredWait = Omit<WaitRow, 'offers' | 'decision'> & {
  offers: string;
  answer: Answer | null;
  note: string | null;
  by: string;
  at: number;
};

export function readWaits(db: Database, deployment: string): WaitRow[] {
  const rows = db
    .prepare(
      `SELECT wait, position, step_id AS stepId, step, kind AS "for", asked AS text, offers, asked_at AS askedAt,
              answer, note, decided_by AS "by", decided_at AS at
         FROM deployment_wait WHERE deployment = ? ORDER BY wait`,
    )
    .all(deployment) as StoredWait[];
  return rows.map(({ answer, note, by, at, offers, ...row }) => ({
    ...row,
    offers: JSON.parse(offers) as Answer[],
    decision: answer === null ? null : { answer, note, by, at },
  }));
}

/** Every deployment of a process in an environment, newest first; `link` '' for releases of this side. */
export function readPlace(db: Database, link: string, process: string, environment: string): DeploymentRow[] {
  const rows = db
    .prepare(`${select} WHERE environment = ? AND process = ? AND link = ? ORDER BY position DESC`)
    .all(environment, process, link) as StoredDeployment[];
  return rows.map(toDeployment);
}

/** The environments in which exactly this release succeeded, in the order it first got there. */
export function readSucceededIn(db: Database, link: string, digest: string): string[] {
  const rows = db
    .prepare(
      `SELECT environment FROM deployment WHERE link = ? AND digest = ? AND state = 'succeeded' AND reason <> 'uninstall'
        GROUP BY environment ORDER BY min(position)`,
    )
    .all(link, digest) as { environment: string }[];
  return rows.map(({ environment }) => environment);
}
