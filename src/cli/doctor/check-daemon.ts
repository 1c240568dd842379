import { existsSync } from 'node:fs';
import type { Instance } from '../../instance/index.ts';
import { isLocked, lockHolder } from '../../lock.ts';
import { ago } from '../../words.ts';
import { advice, good, type Finding } from './finding.ts';

/** Whether a daemon works for this instance, and whether it is one of this machine. */
export function checkDaemon({ folder, clock, identity }: Instance): Finding[] {
  const { daemonLock } = folder;
  if (!existsSync(daemonLock) || !isLocked(daemonLock))
    return [
      advice(
        'daemon',
        'no daemon runs: nothing comes, leaves or is deployed by itself',
        'Start `crossgap run`, as a service if it is to stay; `crossgap run --once` from cron does too.',
      ),
    ];
  const holder = lockHolder(daemonLock);
  if (holder === undefined) return [good('daemon', 'a daemon runs')];
  const said = `process ${holder.pid} (${holder.who}) works for ${identity.name}, begun ${ago(holder.since, clock.now())}`;
  if (isHere(holder.pid)) return [good('daemon', said)];
  return [
    advice(
      'daemon',
      `${said}, and is not of this machine or container`,
      'Keep the data folder on one machine: a lock over the network is not one to rely on.',
    ),
  ];
}

function isHere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
