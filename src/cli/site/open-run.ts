import { readDeployment } from '../../daemon/index.ts';
import { isRunAlive } from '../../executor/index.ts';
import type { OpenRun, RunKind, Wait } from '../../guide/index.ts';
import { placeOf, type Instance } from '../../instance/index.ts';
import { findDeployment, openWaits, type DeploymentView } from '../../projections/index.ts';
import { isDoneElsewhere } from './daemon-here.ts';

/** A run in a place of this site that came to no good end, and what can be decided about it; undefined where there is none. */
export function openRun(
  instance: Instance,
  {
    process,
    link,
    environment,
  }: { readonly process: string; readonly link: string; readonly environment: string },
): OpenRun | undefined {
  const place = placeOf(instance.db, process, link, environment);
  const [last] = place.past;
  const row = place.open ?? (last?.state === 'failed' ? last : undefined);
  const view = row && readDeployment(instance, row.deployment);
  if (view === undefined) return undefined;
  return {
    deployment: view.id,
    kind: kindOf(instance, view.id),
    state: stateOf(instance, view),
    number: view.release,
    at: whereStopped(view),
    done: view.steps.filter(({ state }) => state === 'succeeded').map(({ name }) => name),
    error: view.error,
    wait: waitOf(view),
  };
}

/** What a run is for, by what it was asked for. */
export function kindOf({ db }: Instance, deployment: string): RunKind {
  const reason = findDeployment(db, deployment)?.reason;
  if (reason === 'uninstall') return 'uninstall';
  return reason === 'rollback' ? 'roll-back' : 'install';
}

function stateOf(instance: Instance, view: DeploymentView): OpenRun['state'] {
  const { db, folder } = instance;
  if (view.state === 'failed') return 'failed';
  if (view.state === 'waiting' && openWaits(view).length > 0) return 'waiting';
  if (view.state === 'running' && isRunAlive(folder.run(view.id))) return 'running';
  // A daemon begins what was asked for, and goes on with what was decided.
  const isAskedFor = view.state !== 'interrupted' || findDeployment(db, view.id)?.resumeAsked === true;
  if (isAskedFor && isDoneElsewhere(instance)) return 'running';
  // Asked to go on, or asked for, by somebody who was ended before it could begin.
  return findDeployment(db, view.id) === undefined ? 'failed' : 'interrupted';
}

/** What a run asks of a person first; null where it asks nothing. */
export function waitOf(view: DeploymentView): Wait | null {
  const [first] = openWaits(view);
  if (first === undefined) return null;
  const { wait, for: kind, name, stepId, text, offers } = first;
  return { wait, for: kind, step: name, stepId, text, offers: offers as Wait['offers'] };
}

/** `step 3 of 6, Web, at convention 8 of 15`; null where it stopped nowhere. */
export function whereStopped({ failedAt, steps }: DeploymentView): string | null {
  if (failedAt === undefined) return null;
  const step = steps[failedAt.step - 1];
  const place = `step ${failedAt.step} of ${steps.length}, ${step?.name ?? failedAt.stepId}`;
  const isOfPackage = step !== undefined && step.conventions.length > 1;
  if (!isOfPackage) return place;
  return failedAt.convention === 'F'
    ? `${place}, in its DeployFailed script`
    : `${place}, at convention ${failedAt.convention} of 15`;
}
