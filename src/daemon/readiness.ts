import type { Readiness, ReadinessCheck } from '../http/index.ts';
import type { Instance } from '../instance/index.ts';

/** Whether this instance can do all it is there for: write its log, and take in what others wrote. */
export function readReadiness(instance: Instance): Readiness {
  const trouble = logTrouble(instance);
  const frozen = instance.log.frozenFeeds().length;
  const checks: ReadinessCheck[] = [
    trouble === undefined
      ? { name: 'log', state: 'ok', detail: `${instance.log.entryCount()} entries` }
      : { name: 'log', state: 'failed', detail: trouble.message },
    frozen === 0
      ? { name: 'feeds', state: 'ok', detail: 'none is frozen' }
      : { name: 'feeds', state: 'failed', detail: `${frozen} frozen` },
  ];
  return { ready: checks.every(({ state }) => state === 'ok'), checks };
}

/** What keeps this instance from writing its log, undefined where nothing does. */
export function logTrouble({ log }: Instance): { code: string; message: string } | undefined {
  const { state } = log.standing();
  switch (state) {
    case 'good':
      return undefined;
    case 'ROLLED_BACK':
      return {
        code: state,
        message:
          'the database is older than what was signed here; nothing is recorded until peers gave it back',
      };
    case 'SIDE_FILE_MISSING':
    case 'SIDE_FILE_DAMAGED':
      return {
        code: state,
        message: `the side file is ${state === 'SIDE_FILE_MISSING' ? 'missing' : 'damaged'}, so the database may be an older one; nothing is recorded until a person confirmed it`,
      };
  }
}
