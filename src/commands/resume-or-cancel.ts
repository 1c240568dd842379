import {
  DeploymentCancelRequested,
  DeploymentEnded,
  DeploymentResumed,
  type RecordedStep,
} from '../events/index.ts';
import { atHome, type Decision } from './decision.ts';
import { CommandError } from './errors.ts';
import { reportRun, type RecordedDeployment, type ReportRules } from './report-run.ts';

/** A run that a person decides about, with what was recorded of it. */
export type OpenRun = RecordedDeployment & {
  readonly state: string;
  readonly startedAt: number | null;
  readonly steps: readonly RecordedStep[];
};

/** Go on where it stopped, with the same plan. */
export function resumeDeployment(run: Pick<OpenRun, 'deployment' | 'state'>): Decision {
  if (run.state !== 'interrupted') throw wrongState('resume', run, 'interrupted');
  return [atHome(DeploymentResumed.make({ deployment: run.deployment }))];
}

/**
 * Stop it: at once where nothing runs, else the executor is asked to. The author, who was told that it began, is told
 * that it is not gone on with; of one that never began it has heard nothing. `because` says what it is given up for.
 */
export function cancelDeployment(
  run: OpenRun,
  now: number,
  rules: ReportRules,
  because: string | null = null,
): Decision {
  if (run.state === 'cancelled') return [];
  if (run.state === 'running')
    return [atHome(DeploymentCancelRequested.make({ deployment: run.deployment }))];
  if (run.state !== 'waiting' && run.state !== 'interrupted') {
    throw wrongState('cancel', run, 'waiting, running or interrupted');
  }
  const state = 'cancelled';
  const ended = { state, startedAt: null, endedAt: now, failedAt: null, error: because } as const;
  const standing = { state, startedAt: run.startedAt, endedAt: now, error: because } as const;
  return [
    atHome(DeploymentEnded.make({ deployment: run.deployment, ...ended, logSha256: null })),
    ...(run.startedAt !== null ? reportRun(run, standing, run.steps, rules) : []),
  ];
}

function wrongState(verb: string, run: Pick<OpenRun, 'deployment' | 'state'>, wanted: string): CommandError {
  return new CommandError(
    'DEPLOYMENT_STATE',
    `Cannot ${verb} deployment ${run.deployment}: it is ${run.state}`,
    {
      hint: `Only a deployment that is ${wanted} can be; \`crossgap deployment show ${run.deployment}\` tells more.`,
      details: { deployment: run.deployment, state: run.state },
    },
  );
}
