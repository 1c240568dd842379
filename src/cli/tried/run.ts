import type { Plan, RunOutcome } from '../../executor/index.ts';
import type { DeploymentView } from '../../projections/index.ts';

const iso = (at: number): string => new Date(at).toISOString();

/** A run that nothing recorded, as a deployment is shown. */
export function triedView(plan: Plan, run: RunOutcome, requestedBy: string): DeploymentView {
  const error = run.error ?? run.steps.find((step) => step.error !== undefined)?.error;
  return {
    id: plan.deployment,
    process: plan.process,
    release: plan.release,
    link: null,
    environment: plan.environment,
    state: run.state,
    requestedBy,
    requestedAt: iso(run.startedAt),
    startedAt: iso(run.startedAt),
    endedAt: run.endedAt === undefined ? null : iso(run.endedAt),
    ...(run.failedAt !== undefined && { failedAt: run.failedAt }),
    steps: run.steps.map(({ id, name, state, conventions, outputs, startedAt, endedAt, exitCode }) => ({
      id,
      name,
      state,
      conventions,
      outputs,
      ...(startedAt !== undefined && { startedAt: iso(startedAt) }),
      ...(endedAt !== undefined && { endedAt: iso(endedAt) }),
      ...(exitCode !== undefined && { exitCode }),
    })),
    waits: run.waits.map(({ wait, step, for: kind, text, offers, since }) => {
      const { id: stepId, name } = run.steps[step - 1]!;
      return { wait, step, stepId, name, for: kind, text, offers, askedAt: iso(since), decision: null };
    }),
    onFailure: plan.onFailure ?? 'fail',
    error: error ?? null,
    warning: null,
  };
}
