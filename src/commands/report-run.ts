import { DeploymentReported, type DeploymentReport, type RecordedStep } from '../events/index.ts';
import { cut, firstThatFits } from './bounded.ts';
import { told, type Decided } from './decision.ts';

/** A deployment as recording its run sees it; `link` '' for this side's own release. */
export type RecordedDeployment = {
  readonly deployment: string;
  readonly link: string;
  readonly process: string;
  readonly number: string;
  readonly digest: string;
  readonly environment: string;
  readonly reason: DeploymentReport['reason'];
  /** The how-many-th run of the process in the environment it is. */
  readonly ordinal: number;
};

/** What this side tells authors about runs of their releases. */
export type ReportRules = {
  /** By itself as the run goes on, or only what a person asked to be told. */
  readonly when: 'always' | 'asked';
  readonly trace: boolean;
  readonly files: boolean;
  readonly errors: boolean;
  /** What a failing step wrote last; it goes with errors. */
  readonly lines: boolean;
};

/** How a run stands; what is left out is not known yet. */
export type RunStanding = Pick<DeploymentReport, 'state'> &
  Partial<Pick<DeploymentReport, 'startedAt' | 'endedAt' | 'failedAt' | 'error'>> & {
    /** What the failing step wrote last, secrets masked. */
    readonly lastLines?: readonly string[] | undefined;
  };

const stepsReportedMax = 200;
const linesReportedMax = 20;
const lineLengthMax = 500;

/**
 * What the author of the release is told as the run goes on, by this side's own rules; nothing where the release is this
 * side's own, or a person has to say first what is told.
 */
export function reportRun(
  deployment: RecordedDeployment,
  standing: RunStanding,
  recorded: readonly RecordedStep[],
  rules: ReportRules,
): Decided[] {
  const { link } = deployment;
  if (link === '' || rules.when === 'asked') return [];
  return [told(link, DeploymentReported.make(wholeReport(deployment, standing, recorded, rules)))];
}

/** Everything of a run that the rules let out, within the bounds of an entry; nothing struck out, and no remark on it. */
export function wholeReport(
  { deployment, process, number, digest, environment, reason, ordinal }: RecordedDeployment,
  { state, startedAt = null, endedAt = null, failedAt = null, error = null, lastLines = [] }: RunStanding,
  recorded: readonly RecordedStep[],
  rules: ReportRules,
): DeploymentReport {
  const failing = recorded.find(({ position }) => position === failedAt?.step);
  return {
    deployment,
    process,
    release: number,
    digest,
    environment,
    reason,
    ordinal,
    state,
    startedAt,
    endedAt,
    failedAt,
    exitCode: failing?.exitCode ?? null,
    error: rules.errors ? error : null,
    steps: rules.trace ? reportedTrace(recorded, rules) : [],
    lastLines:
      rules.errors && rules.lines
        ? lastLines.slice(-linesReportedMax).map((line) => cut(line, lineLengthMax))
        : [],
    remark: null,
    log: null,
    struck: [],
  };
}

/** The trace as far as it fits: too long, it loses its files first, then its conventions, and is left out in the end. */
function reportedTrace(recorded: readonly RecordedStep[], rules: ReportRules): RecordedStep[] {
  if (recorded.length > stepsReportedMax) return [];
  const steps = recorded.map((step) => ({ ...step, outputs: [], error: rules.errors ? step.error : null }));
  return firstThatFits([
    ...(rules.files ? [() => steps] : []),
    () => steps.map(withoutFiles),
    () => steps.map((step) => ({ ...step, conventions: [] })),
    () => [],
  ]);
}

export const withoutFiles = (step: RecordedStep): RecordedStep => ({
  ...step,
  conventions: step.conventions.map((line) => ({ ...line, files: [], detail: null })),
});
