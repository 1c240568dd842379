import { existsSync, statSync } from 'node:fs';
import type { Check } from '../../guide/index.ts';
import type { Instance } from '../../instance/index.ts';
import { isLocked, lockHolder } from '../../lock.ts';
import { moment } from '../../words.ts';

/** Whether another process is at work in the data folder: a daemon, or a command that does what one would. */
export function isDoneElsewhere({ folder }: Pick<Instance, 'folder'>): boolean {
  const { daemonLock } = folder;
  return existsSync(daemonLock) && lockHolder(daemonLock)?.pid !== process.pid && isLocked(daemonLock);
}

/** Who will do what is asked for, and whether by the account that looks now. */
export function lookAtDaemon(instance: Pick<Instance, 'folder' | 'actor'>): Check {
  const check = { id: 'daemon', name: 'Daemon', hint: null } as const;
  if (!isDoneElsewhere(instance)) {
    return { ...check, state: 'good', found: 'none runs here; this program does the work itself' };
  }
  const { daemonLock } = instance.folder;
  const holder = lockHolder(daemonLock);
  const who = holder === undefined ? 'it' : `process ${holder.pid}, since ${moment(holder.since)},`;
  const uid = statSync(`${daemonLock}.holder`, { throwIfNoEntry: false })?.uid;
  const isOther = process.getuid !== undefined && uid !== undefined && uid !== process.getuid();
  return isOther
    ? {
        ...check,
        state: 'note',
        found: `${who} does the work under another account (uid ${uid}): what was looked at here was looked at as ${instance.actor}`,
      }
    : { ...check, state: 'good', found: `${who} does the work, and is followed` };
}
