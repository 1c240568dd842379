import { readDeployment } from '../../daemon/index.ts';
import { readJournal } from '../../executor/index.ts';
import type { RunOutcome } from '../../guide/index.ts';
import type { Instance } from '../../instance/index.ts';
import { findDeployment } from '../../projections/index.ts';
import { artifactsOf, lastLinesOf, runLogOf } from '../told/run-log.ts';
import { foldersLeft } from '../runs/take-away.ts';
import { kindOf, waitOf, whereStopped } from './open-run.ts';

/** What a run came to, with how long each step took by its journal. */
export function outcomeOf(instance: Instance, deployment: string): RunOutcome {
  const view = readDeployment(instance, deployment);
  if (view === undefined) throw new TypeError(`deployment ${deployment} is not there`);
  const timed = readJournal(instance.folder.run(deployment)).steps;
  const log = runLogOf(instance, deployment) ?? null;
  const kind = kindOf(instance, deployment);
  const isGone = kind === 'uninstall' && view.state === 'succeeded';
  const { link = '', digest = '' } = findDeployment(instance.db, deployment) ?? {};
  const folders = isGone ? foldersLeft(instance, { ...view, link }) : [];
  return {
    deployment,
    digest,
    kind,
    state: view.state === 'running' ? 'interrupted' : view.state,
    number: view.release,
    durationMs: lasted(view.startedAt, view.endedAt),
    error: view.error,
    at: whereStopped(view),
    wait: waitOf(view),
    steps: view.steps.map(({ id, name, state }) => {
      const step = timed.find((one) => one.id === id);
      return { name, state, durationMs: lasted(step?.startedAt, step?.endedAt) };
    }),
    logFile: log,
    foldersLeft: folders,
    lastLines: lastLinesOf(instance, view).lastLines,
    document: {
      ...view,
      log,
      artifacts: artifactsOf(instance, deployment),
      ...(isGone && { folders }),
    },
  };
}

type Moment = string | number | null | undefined;

/** Milliseconds from one moment to another; null where either is not known. */
function lasted(from: Moment, to: Moment): number | null {
  if (from === null || from === undefined || to === null || to === undefined) return null;
  return Math.max(0, new Date(to).getTime() - new Date(from).getTime());
}
