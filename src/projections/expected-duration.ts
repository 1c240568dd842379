import type { Database } from '../db/index.ts';
import type { RecordedStep } from '../events/index.ts';
import type { Fold, Projection } from './projection.ts';

/** How long a release takes, as its author's own runs tell: the median of all, and of each step, in milliseconds. */
export type ExpectedDuration = {
  readonly ms: number;
  /** How many runs that is told from. */
  readonly runs: number;
  readonly steps: readonly { readonly id: string; readonly ms: number }[];
};

/** What authors told of how long releases of theirs took. */
export const expectedDurations: Projection = {
  name: 'expected-durations',
  tables: ['expected_duration'],
  prepare(db) {
    const put = db.prepare(
      `INSERT INTO expected_duration (link, digest, ms, runs, steps_json) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (link, digest) DO UPDATE
          SET ms = excluded.ms, runs = excluded.runs, steps_json = excluded.steps_json`,
    );
    const apply: Fold['apply'] = ({ event, place }) => {
      if (event.name !== 'release.timed' || place.kind !== 'inward') return;
      const { digest, ms, runs, steps } = event.data;
      put.run(place.link, digest, ms, runs, JSON.stringify(steps));
    };
    return { apply };
  },
};

/** Of a release of this side (`link` '') from its runs here, of another's as its author told; undefined where nobody knows. */
export function expectedDuration(
  db: Database,
  { link, digest }: { readonly link: string; readonly digest: string },
): ExpectedDuration | undefined {
  if (link === '') return durationOfRuns(succeededRuns(db, digest));
  const row = db
    .prepare<[string, string], { ms: number; runs: number; steps: string }>(
      `SELECT ms, runs, steps_json AS steps FROM expected_duration WHERE link = ? AND digest = ?`,
    )
    .get(link, digest);
  return row && { ...row, steps: JSON.parse(row.steps) as ExpectedDuration['steps'] };
}

/** A run as it is measured: its steps, and the positions of those that waited for a person. */
export type MeasuredRun = {
  readonly steps: readonly Pick<RecordedStep, 'position' | 'id' | 'startedAt' | 'endedAt'>[];
  readonly waited: ReadonlySet<number>;
};

/**
 * The median of runs: of the time in which any step of them ran, and of each step. Steps that waited for a person are
 * left out, since a person's time tells nothing of another's. Pure.
 */
export function durationOfRuns(runs: readonly MeasuredRun[]): ExpectedDuration | undefined {
  const measured = runs
    .map(({ steps, waited }) =>
      steps.flatMap(({ position, id, startedAt, endedAt }) =>
        startedAt === null || endedAt === null || waited.has(position) ? [] : [{ id, startedAt, endedAt }],
      ),
    )
    .filter((steps) => steps.length > 0);
  if (measured.length === 0) return undefined;
  const ofStep = Map.groupBy(measured.flat(), ({ id }) => id);
  return {
    ms: median(measured.map(busyMs)),
    runs: measured.length,
    steps: [...ofStep].map(([id, all]) => ({
      id,
      ms: median(all.map(({ startedAt, endedAt }) => Math.max(0, endedAt - startedAt))),
    })),
  };
}

type Stretch = { readonly startedAt: number; readonly endedAt: number };

/** How long at least one of the stretches lasted: steps run beside each other. */
function busyMs(stretches: readonly Stretch[]): number {
  let [busy, until] = [0, -Infinity];
  for (const { startedAt, endedAt } of stretches.toSorted((a, b) => a.startedAt - b.startedAt)) {
    busy += Math.max(0, endedAt - Math.max(startedAt, until));
    until = Math.max(until, endedAt);
  }
  return busy;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return Math.round((sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2);
}

/** As many of the newest runs tell how long the next one takes. */
const runsMeasured = 25;

function succeededRuns(db: Database, digest: string): MeasuredRun[] {
  const runs = db
    .prepare<[string, number], string>(
      `SELECT deployment FROM deployment
        WHERE link = '' AND digest = ? AND state = 'succeeded' AND reason <> 'uninstall'
        ORDER BY position DESC LIMIT ?`,
    )
    .pluck()
    .all(digest, runsMeasured);
  const stepsOf = db
    .prepare<[string], string>('SELECT step_json FROM deployment_step WHERE deployment = ? ORDER BY position')
    .pluck();
  const waitedIn = db
    .prepare<[string], number>('SELECT position FROM deployment_wait WHERE deployment = ?')
    .pluck();
  return runs.map((deployment) => ({
    steps: stepsOf.all(deployment).map((step) => JSON.parse(step) as RecordedStep),
    waited: new Set(waitedIn.all(deployment)),
  }));
}
