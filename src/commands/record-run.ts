import {
  ApplicationInstalled,
  DeploymentAsked,
  DeploymentEnded,
  DeploymentInterrupted,
  DeploymentStarted,
  DeploymentStepEnded,
  DeploymentWaiting,
  type RecordedStep,
  type TraceLine,
} from '../events/index.ts';
import { cut as cutTo, firstThatFits } from './bounded.ts';
import { atHome, type Decided, type Decision } from './decision.ts';
import { reportRun, withoutFiles, type RecordedDeployment, type ReportRules } from './report-run.ts';

/** How a run stands, as the executor tells it. */
export type RunTold = {
  readonly state: 'waiting' | 'running' | 'succeeded' | 'failed' | 'interrupted' | 'cancelled';
  readonly startedAt: number;
  readonly endedAt?: number | undefined;
  readonly failedAt?: Point | undefined;
  readonly steps: readonly StepTold[];
  /** What it waits for a person to decide. */
  readonly waits?: readonly WaitTold[] | undefined;
  readonly logSha256?: string | undefined;
  readonly error?: string | undefined;
  /** What a step that failed wrote last, secrets masked. */
  readonly lastLines?: readonly string[] | undefined;
};
type WaitTold = {
  readonly wait: number;
  readonly step: number;
  readonly for: 'confirmation' | 'failure';
  readonly text: string;
  readonly offers: readonly string[];
};
type Point = { readonly step: number; readonly stepId: string; readonly convention: number | 'F' };
type StepTold = {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly conventions: readonly {
    readonly number: number | 'F';
    readonly name: string;
    readonly state: string;
    readonly files?: readonly string[] | undefined;
    readonly detail?: string | undefined;
  }[];
  readonly outputs: Readonly<Record<string, string | null>>;
  readonly error?: string | undefined;
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
  readonly exitCode?: number | undefined;
  readonly application?:
    | {
        readonly packageId: string;
        readonly version: string;
        readonly sha256: string;
        readonly extractedTo: string;
        readonly installedTo: string | null;
      }
    | undefined;
};

const filesMax = 50;
const textMax = 2000;
const askedMax = 20_000;
const outputsMax = 200;

/** Only integers travel: 7.5 stands as 75. */
const numberInEntry = (number: number | 'F'): number | 'F' => (number === 7.5 ? 75 : number);
const cut = (text: string): string => cutTo(text, textMax);

/** A step of a run as it is recorded, within the bounds of an entry. */
export function recordedStep(step: StepTold, position: number): RecordedStep {
  const whole = wholeStep(step, position);
  return firstThatFits([
    () => whole,
    () => withoutFiles(whole),
    () => ({ ...withoutFiles(whole), outputs: [] }),
  ]);
}

function wholeStep(step: StepTold, position: number): RecordedStep {
  return {
    position,
    id: step.id,
    name: step.name,
    state: step.state,
    conventions: step.conventions.map((line): TraceLine => ({
      number: numberInEntry(line.number),
      name: line.name,
      state: line.state,
      files: (line.files ?? []).slice(0, filesMax).map(cut),
      filesTotal: line.files?.length ?? 0,
      detail: line.detail === undefined ? null : cut(line.detail),
    })),
    outputs: outputsWithin(Object.entries(step.outputs)),
    error: step.error === undefined ? null : cut(step.error),
    startedAt: step.startedAt ?? null,
    endedAt: step.endedAt ?? null,
    exitCode: step.exitCode ?? null,
  };
}

/** As many as fit; where some don't, the last one says how many. */
function outputsWithin(outputs: readonly (readonly [string, string | null])[]): RecordedStep['outputs'] {
  const shown = outputs.length > outputsMax ? outputs.slice(0, outputsMax - 1) : outputs;
  const left = outputs.length - shown.length;
  return [
    ...shown.map(([name, value]) => ({ name: cut(name), value: value === null ? null : cut(value) })),
    ...(left > 0 ? [{ name: `… and ${left} more`, value: '' }] : []),
  ];
}

const over = new Set(['succeeded', 'failed', 'skipped', 'interrupted']);

/** The run begins, or goes on; its author is told. */
export function startRun(deployment: RecordedDeployment, planSha256: string, rules: ReportRules): Decision {
  return [
    atHome(DeploymentStarted.make({ deployment: deployment.deployment, planSha256 })),
    ...reportRun(deployment, { state: 'running', startedAt: null }, [], rules),
  ];
}

/**
 * What a run has come to since `recorded`: steps that ended, what it asks a person beside the waits in `asked`, and its
 * end or its halt.
 */
export function recordRun(
  deployment: RecordedDeployment,
  recorded: readonly RecordedStep[],
  run: RunTold,
  rules: ReportRules,
  asked: ReadonlySet<number> = new Set(),
): Decision {
  const known = new Map(recorded.map((step) => [step.position, JSON.stringify(step)]));
  const steps = run.steps
    .map((told, index) => ({ told, step: recordedStep(told, index + 1) }))
    .filter(({ step }) => over.has(step.state) || run.state !== 'running')
    .filter(({ step }) => known.get(step.position) !== JSON.stringify(step))
    .flatMap(({ told, step }) => [
      atHome(DeploymentStepEnded.make({ deployment: deployment.deployment, step })),
      ...installed(deployment, told, step.position),
    ]);
  return [
    ...steps,
    ...asking(deployment, run, asked),
    ...ending(deployment, run),
    ...(run.state === 'running' || run.state === 'waiting' ? [] : report(deployment, run, run.state, rules)),
  ];
}

function asking(
  { deployment }: RecordedDeployment,
  { steps, waits = [] }: RunTold,
  asked: ReadonlySet<number>,
): Decided[] {
  return waits
    .filter(({ wait }) => !asked.has(wait))
    .map(({ wait, step: position, for: kind, text, offers }) => {
      const { id: stepId = '', name: step = '' } = steps[position - 1] ?? {};
      const words = cutTo(text, askedMax);
      const place = { deployment, wait, position, stepId, step };
      return atHome(DeploymentAsked.make({ ...place, for: kind, text: words, offers: [...offers] }));
    });
}

/** What a step that is over put on this machine. */
function installed(
  { deployment, link, process, environment }: RecordedDeployment,
  { id: stepId, state, application }: StepTold,
  position: number,
): Decided[] {
  if (application === undefined || !over.has(state)) return [];
  const place = { deployment, position, link: link === '' ? null : link, process, environment, stepId };
  const succeeded = state === 'succeeded';
  return [atHome(ApplicationInstalled.make({ ...place, ...application, succeeded }))];
}

function report(
  deployment: RecordedDeployment,
  run: RunTold,
  state: Exclude<RunTold['state'], 'waiting'>,
  rules: ReportRules,
): Decided[] {
  const { startedAt, endedAt = null, lastLines } = run;
  const error = run.error === undefined ? null : cut(run.error);
  const failedAt = pointInEntry(run.failedAt);
  const steps = run.steps.map((step, index) => recordedStep(step, index + 1));
  return reportRun(deployment, { state, startedAt, endedAt, failedAt, error, lastLines }, steps, rules);
}

function ending({ deployment }: RecordedDeployment, run: RunTold): Decided[] {
  if (run.state === 'running') return [];
  if (run.state === 'waiting') return [atHome(DeploymentWaiting.make({ deployment }))];
  const failedAt = pointInEntry(run.failedAt);
  if (run.state === 'interrupted') return [atHome(DeploymentInterrupted.make({ deployment, at: failedAt }))];
  return [
    atHome(
      DeploymentEnded.make({
        deployment,
        state: run.state,
        startedAt: run.startedAt,
        endedAt: run.endedAt ?? run.startedAt,
        failedAt,
        error: run.error === undefined ? null : cut(run.error),
        logSha256: run.logSha256 ?? null,
      }),
    ),
  ];
}

function pointInEntry(point: Point | undefined): Point | null {
  return point === undefined ? null : { ...point, convention: numberInEntry(point.convention) };
}
