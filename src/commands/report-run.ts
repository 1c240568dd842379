import { DeploymentReported, type EventOf, type RecordedStep } from '../events/index.ts';
import { firstThatFits } from './bounded.ts';
import { told, type Decided } from './decision.ts';

type Reported = EventOf<typeof DeploymentReported>['data'];

/** A deployment as recording its run sees it; `link` '' for this side's own release. */
export type RecordedDeployment = {
  readonly deployment: string;
  readonly link: string;
  readonly process: string;
  readonly number: string;
  readonly digest: string;
  readonly environment: string;
  readonly reason: Reported['reason'];
};

/** What this side tells authors about runs of their releases. */
export type ReportRules = { readonly trace: boolean; readonly files: boolean; readonly errors: boolean };

/** How a run stands; what is left out is not known yet. */
export type RunStanding = Pick<Reported, 'state'> &
  Partial<Pick<Reported, 'startedAt' | 'endedAt' | 'failedAt' | 'error'>>;

const stepsReportedMax = 200;

/** What the author of the release is told, by this side's own rules; nothing where the release is this side's own. */
export function reportRun(
  { link, deployment, process, number, digest, environment, reason }: RecordedDeployment,
  { state, startedAt = null, endedAt = null, failedAt = null, error = null }: RunStanding,
  recorded: readonly RecordedStep[],
  rules: ReportRules,
): Decided[] {
  if (link === '') return [];
  return [
    told(
      link,
      DeploymentReported.make({
        deployment,
        process,
        release: number,
        digest,
        environment,
        reason,
        state,
        startedAt,
        endedAt,
        failedAt,
        error: rules.errors ? error : null,
        steps: rules.trace ? reportedTrace(recorded, rules) : [],
      }),
    ),
  ];
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
