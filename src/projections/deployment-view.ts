import { partInWords, type DeploymentReport, type RecordedStep, type TraceLine } from '../events/index.ts';
import type { DeploymentRow, WaitRow } from './deployment-queue.ts';
import type { ConventionView, DeploymentView, StepView, WaitView } from './views.ts';

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** A convention's number as people know it: 75 in an entry, which holds integers only, is 7.5. */
export const conventionNumber = (number: number | 'F'): number | 'F' => (number === 75 ? 7.5 : number);

function conventionView(line: TraceLine): ConventionView {
  const files =
    line.filesTotal > line.files.length
      ? [...line.files, `… and ${line.filesTotal - line.files.length} more`]
      : line.files;
  return {
    number: conventionNumber(line.number),
    name: line.name,
    state: line.state,
    ...(files.length > 0 && { files }),
    ...(line.detail !== null && { detail: line.detail }),
  };
}

/** A recorded step as design §8 shows it. */
export function stepView(step: RecordedStep): StepView {
  return {
    id: step.id,
    name: step.name,
    state: step.state,
    conventions: step.conventions.map(conventionView),
    outputs: Object.fromEntries(step.outputs.map(({ name, value }) => [name, value])),
    ...(step.startedAt !== null && { startedAt: iso(step.startedAt)! }),
    ...(step.endedAt !== null && { endedAt: iso(step.endedAt)! }),
    ...exitCodeOf(step.exitCode),
  };
}

/** A customer's deployment as it was reported here, by the customer's own rules; `customer` is the link's name. */
export function reportedView(
  report: DeploymentReport,
  from: {
    readonly customer: string;
    readonly at: number;
    readonly by: string;
    readonly withdrawn: string | null;
    readonly holds: (digest: string) => boolean;
  },
): DeploymentView {
  const { lastLines, remark, log, struck } = report;
  return {
    id: report.deployment,
    process: report.process,
    release: report.release,
    link: from.customer,
    environment: report.environment,
    ...(report.reason === 'uninstall' && { uninstalls: true as const }),
    state: report.state,
    requestedBy: from.customer,
    requestedAt: new Date(report.startedAt ?? from.at).toISOString(),
    startedAt: iso(report.startedAt),
    endedAt: iso(report.endedAt),
    ...failedAtOf(report.failedAt),
    steps: report.steps.map(stepView),
    waits: [],
    onFailure: null,
    error: report.error,
    ...exitCodeOf(report.exitCode),
    warning: warningOf(from.withdrawn),
    report: {
      by: from.by,
      at: new Date(from.at).toISOString(),
      lastLines,
      rating: remark?.rating ?? null,
      comment: remark?.comment ?? null,
      log: log && { ...log, isHere: from.holds(log.digest) },
      struck: struck.map(partInWords),
    },
  };
}

/** A deployment as design §8 shows it; `linkName` null for a release of this side. */
export function deploymentView(
  row: DeploymentRow,
  steps: readonly RecordedStep[],
  waits: readonly WaitRow[],
  names: {
    readonly linkName: string | null;
    readonly withdrawn: string | null;
    /** When the author of the release was told of it last. */
    readonly toldAt?: number | null;
  },
): DeploymentView {
  const failing = steps.find(({ position }) => position === row.failedAt?.step);
  return {
    id: row.deployment,
    process: row.process,
    release: row.number,
    link: names.linkName,
    environment: row.environment,
    ...(row.reason === 'uninstall' && { uninstalls: true as const }),
    state: row.state,
    requestedBy: row.requestedBy,
    requestedAt: new Date(row.requestedAt).toISOString(),
    startedAt: iso(row.startedAt),
    endedAt: iso(row.endedAt),
    ...failedAtOf(row.failedAt),
    steps: steps.map(stepView),
    waits: waits.map(waitView),
    onFailure: row.onFailure,
    error: row.error,
    ...exitCodeOf(failing?.exitCode),
    warning: warningOf(names.withdrawn),
    ...(row.link !== '' && { toldAt: iso(names.toldAt ?? null) }),
  };
}

function waitView({
  wait,
  position,
  stepId,
  step,
  for: kind,
  text,
  offers,
  askedAt,
  decision,
}: WaitRow): WaitView {
  return {
    wait,
    step: position,
    stepId,
    name: step,
    for: kind,
    text,
    offers,
    askedAt: new Date(askedAt).toISOString(),
    decision: decision && { ...decision, at: new Date(decision.at).toISOString() },
  };
}

function failedAtOf(failedAt: DeploymentRow['failedAt']): Pick<DeploymentView, 'failedAt'> {
  return failedAt === null
    ? {}
    : { failedAt: { ...failedAt, convention: conventionNumber(failedAt.convention) } };
}

const exitCodeOf = (exitCode: number | null | undefined): { exitCode?: number } =>
  exitCode === null || exitCode === undefined ? {} : { exitCode };

const warningOf = (withdrawn: string | null): string | null =>
  withdrawn === null ? null : `this release was withdrawn: ${withdrawn}`;
