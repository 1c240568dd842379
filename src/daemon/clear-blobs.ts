import { join } from 'node:path';
import { giveUpBlobs, superfluousBlobs, type KeptBlob, type SuperfluousBlob } from '../commands/index.ts';
import { faultPoint } from '../faults.ts';
import { InstanceError, type Instance } from '../instance/index.ts';
import { lockHolder, tryLock, type Lock } from '../lock.ts';
import type { Logger } from '../log.ts';
import { readRemovedBlobs } from '../projections/index.ts';
import { size } from '../words.ts';
import { blobFacts } from './blob-facts.ts';

export type ClearWish = {
  /** Own packages that no release names go as well. */
  readonly unreleased: boolean;
};

/** What can go, what stays, and what was given up before and still lies there. */
export type ClearPlan = {
  readonly superfluous: readonly SuperfluousBlob[];
  readonly kept: readonly KeptBlob[];
  readonly leftOver: readonly string[];
};

/** What would be removed now; nothing is. */
export function planClearing(instance: Instance, { unreleased }: ClearWish): ClearPlan {
  const leftOver = [...readRemovedBlobs(instance.db).keys()].filter((digest) => instance.holds(digest));
  return { ...superfluousBlobs(blobFacts(instance, instance.db, unreleased)), leftOver };
}

/**
 * Removes the files that no release needs which can be deployed or gone back to. First it is recorded that they are
 * given up; then they go, one by one, each only while nothing has taken it back. Whatever a process that ended in between
 * left behind is removed with the next.
 *
 * @throws InstanceError STORE_HELD where another process clears, or makes a bundle
 */
export function clearBlobs(instance: Instance, { unreleased }: ClearWish): ClearPlan {
  using _clearing = holdStore(instance, 'package-gc.lock');
  // A bundle that is being made reads what it was planned with.
  using _exporting = holdStore(instance, 'bundle-export.lock');
  const plan = planClearing(instance, { unreleased });
  let decided: Omit<ClearPlan, 'leftOver'> = plan;
  if (plan.superfluous.length > 0)
    instance.record((db) => {
      decided = superfluousBlobs(blobFacts(instance, db, unreleased));
      return giveUpBlobs(decided.superfluous);
    });
  faultPoint('gc.recorded');
  for (const digest of readRemovedBlobs(instance.db).keys()) removeGivenUp(instance, digest);
  return { ...decided, leftOver: plan.leftOver };
}

/** After a deployment, where the settings say so. */
export function clearBlobsAsSet(instance: Instance, log: Logger): void {
  if (!instance.settings.retention.packages) return;
  try {
    const { superfluous } = clearBlobs(instance, { unreleased: false });
    const freed = superfluous.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (superfluous.length > 0)
      log.info({ blobs: superfluous.length, freed: size(freed) }, 'packages removed that nothing needs');
  } catch (error) {
    // The deployment is over and well; the next one, or a person, clears what is left.
    log.warn({ err: error }, 'packages not cleared');
  }
}

/** Within a transaction, so that nobody can add it or ask for it between the look and the removal. */
function removeGivenUp(instance: Instance, digest: string): void {
  if (!instance.holds(digest)) return;
  instance.db
    .transaction(() => {
      if (readRemovedBlobs(instance.db, digest).size > 0) instance.blobs.remove(digest);
    })
    .immediate();
  faultPoint('gc.file-removed');
}

function holdStore(instance: Instance, name: string): Lock {
  const path = join(instance.folder.root, name);
  const lock = tryLock(path, `package gc by ${instance.actor}`);
  if (lock !== undefined) return lock;
  const holder = lockHolder(path);
  const named =
    holder === undefined ? 'another process' : `process ${holder.pid} (${holder.who}, since ${holder.since})`;
  throw new InstanceError('STORE_HELD', `Cannot remove packages now: ${named} works on them`, {
    hint: 'Wait until it has ended, then run the command again.',
    details: { ...holder },
  });
}
