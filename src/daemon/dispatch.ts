import { asDiskError } from '../disk-error.ts';
import type { Instance } from '../instance/index.ts';
import type { Logger } from '../log.ts';
import {
  findDeployment,
  readOpenDeployments,
  waitsForPerson,
  type DeploymentRow,
} from '../projections/index.ts';
import { waitOut } from '../sync/index.ts';
import { clearApplications } from './clear-applications.ts';
import { clearBlobsAsSet } from './clear-blobs.ts';
import { runDeployment } from './run-deployment.ts';
import type { Watch } from './watch.ts';

/** Starts, resumes and follows deployments, one task each, until all that was asked for is over or waits for a person. */
export interface Dispatcher {
  /** Takes up whatever there is to do now. */
  look(): void;
  /** The same after something changed: what was hindered before is tried once more. */
  lookAgain(): void;
  /** Resolves when no deployment is under way any more. */
  idle(): Promise<void>;
  readonly done: readonly string[];
  /** What is still to be done and could not be, and why. */
  hindered(): { readonly deployment: string; readonly error: unknown }[];
}

export function dispatcher(
  instance: Instance,
  {
    watch,
    log,
    signal,
    diskAgainMs,
  }: {
    readonly watch: Watch;
    readonly log: Logger;
    readonly signal: AbortSignal;
    /** After how long what a disk hindered is tried again, since nobody tells when there is room; else it is not. */
    readonly diskAgainMs?: number;
  },
): Dispatcher {
  const tasks = new Map<string, Promise<void>>();
  const failedBefore = new Map<string, unknown>();
  const told = new Map<string, string>();
  const done: string[] = [];

  const tryAgain = async (deployment: string, afterMs: number): Promise<void> => {
    await waitOut(afterMs, signal);
    failedBefore.delete(deployment);
    if (!signal.aborted) look();
  };
  const take = (row: DeploymentRow): void => {
    const { deployment, process, number, environment } = row;
    const task = runDeployment(instance, deployment, { watch, signal })
      .then(async () => {
        done.push(deployment);
        const state = findDeployment(instance.db, deployment)?.state;
        log.info({ deploymentId: deployment, process, release: number, environment, state }, 'deployment');
        if (state === 'succeeded') {
          await clearApplications(instance, row, log);
          clearBlobsAsSet(instance, log);
        }
      })
      .catch((error: unknown) => {
        // Left as it stands: a person sees it in the status and decides; trying again at once would change nothing.
        failedBefore.set(deployment, error);
        const said = error instanceof Error ? error.message : String(error);
        if (said !== told.get(deployment))
          log.error({ err: error, deploymentId: deployment }, 'deployment hindered');
        told.set(deployment, said);
        if (diskAgainMs !== undefined && asDiskError(error) !== undefined)
          void tryAgain(deployment, diskAgainMs);
      })
      .finally(() => {
        tasks.delete(deployment);
        if (!signal.aborted) look();
      });
    tasks.set(deployment, task);
  };
  const wanted = (): DeploymentRow[] =>
    readOpenDeployments(instance.db).filter(
      (row) => (row.state !== 'interrupted' || row.resumeAsked) && !waitsForPerson(row),
    );
  const look = (): void => {
    for (const row of wanted()) {
      if (!tasks.has(row.deployment) && !failedBefore.has(row.deployment)) take(row);
    }
  };
  return {
    look,
    lookAgain() {
      failedBefore.clear();
      look();
    },
    done,
    hindered: () =>
      wanted().flatMap(({ deployment }) =>
        failedBefore.has(deployment) ? [{ deployment, error: failedBefore.get(deployment) }] : [],
      ),
    async idle() {
      while (tasks.size > 0) await Promise.allSettled(tasks.values());
    },
  };
}
