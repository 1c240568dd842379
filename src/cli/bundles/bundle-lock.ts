import { join } from 'node:path';
import { BundleError } from '../../bundles/index.ts';
import type { Instance } from '../../instance/index.ts';
import { lockHolder, tryLock, type Lock } from '../../lock.ts';

/** Only one makes bundles at a time, and only one takes them in; a daemon may run beside. @throws BundleError BUNDLE_WORK_RUNNING */
export function holdBundles(instance: Instance, work: 'export' | 'import'): Lock {
  const path = join(instance.folder.root, `bundle-${work}.lock`);
  const lock = tryLock(path, `bundle ${work} by ${instance.actor}`);
  if (lock !== undefined) return lock;
  const holder = lockHolder(path);
  const named =
    holder === undefined ? 'another process' : `process ${holder.pid} (${holder.who}, since ${holder.since})`;
  throw new BundleError('BUNDLE_WORK_RUNNING', `Cannot ${work} a bundle now: ${named} does already`, {
    hint: 'Wait until it has ended, then run the command again.',
    details: { ...holder },
  });
}
