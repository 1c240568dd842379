import { InstanceError, type Instance } from '../instance/index.ts';
import { lockHolder, tryLock, type Lock } from '../lock.ts';

/**
 * Holds the right to act for this instance, or says who does.
 *
 * @throws InstanceError DAEMON_RUNNING
 */
export function holdIdentity(instance: Instance, who: string): Lock {
  const path = instance.folder.daemonLock;
  const lock = tryLock(path, `${who} by ${instance.actor}`);
  if (lock !== undefined) return lock;
  const holder = lockHolder(path);
  const named =
    holder === undefined ? 'another process' : `process ${holder.pid} (${holder.who}, since ${holder.since})`;
  throw new InstanceError(
    'DAEMON_RUNNING',
    `Cannot act for ${instance.identity.name}: ${named} does already`,
    {
      hint: 'One daemon per identity: let that one work, or stop it first.',
      details: { ...holder },
    },
  );
}
