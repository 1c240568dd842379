import { interruptRun } from '../../executor/index.ts';
import type { Instance } from '../../instance/index.ts';
import { findDeployment } from '../../projections/index.ts';
import { giveUp } from '../runs/give-up.ts';
import { isDoneElsewhere } from './daemon-here.ts';

/**
 * Has a run broken off where it is, to be resumed. One that a daemon was asked for and did not begin is given up, since
 * there is nothing to resume. False where nothing of it runs that could be told, and so nothing has to be waited for.
 */
export function breakOff(instance: Instance, deployment: string): boolean {
  // What this process does itself is about to begin, and is told again.
  if (interruptRun(instance.folder.run(deployment)) || !isDoneElsewhere(instance)) return true;
  instance.record((db) => {
    const row = findDeployment(db, deployment);
    const isUnbegun = row?.state === 'waiting' && row.startedAt === null && !row.cancelAsked;
    return isUnbegun ? giveUp(instance, db, row) : [];
  });
  return findDeployment(instance.db, deployment)?.state !== 'interrupted';
}
