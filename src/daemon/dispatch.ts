import type { Instance } from '../instance/index.ts';
import type { Logger } from '../log.ts';
import { readOpenDeployments, type DeploymentRow } from '../projections/index.ts';
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
}

export function dispatcher(
  instance: Instance,
  { watch, log, signal }: { watch: Watch; log: Logger; signal: AbortSignal },
): Dispatcher {
  const tasks = new Map<string, Promise<void>>();
  const failedBefore = new Set<string>();
  const done: string[] = [];

  const take = (row: DeploymentRow): void => {
    const { deployment } = row;
    const task = runDeployment(instance, deployment, { watch, signal })
      .then(() => {
        done.push(deployment);
      })
      .catch((error: unknown) => {
        // Left as it stands: a person sees it in the status and decides; trying again at once would change nothing.
        failedBefore.add(deployment);
        log.error({ err: error, deploymentId: deployment }, 'deployment hindered');
      })
      .finally(() => {
        tasks.delete(deployment);
        if (!signal.aborted) look();
      });
    tasks.set(deployment, task);
  };
  const look = (): void => {
    for (const row of readOpenDeployments(instance.db)) {
      const wanted = row.state !== 'interrupted' || row.resumeAsked;
      if (wanted && !tasks.has(row.deployment) && !failedBefore.has(row.deployment)) take(row);
    }
  };
  return {
    look,
    lookAgain() {
      failedBefore.clear();
      look();
    },
    done,
    async idle() {
      while (tasks.size > 0) await Promise.allSettled(tasks.values());
    },
  };
}
