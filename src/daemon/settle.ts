import { existsSync } from 'node:fs';
import { followRun, readJournal, type RunOutcome } from '../executor/index.ts';
import { InstanceError, type Instance } from '../instance/index.ts';
import { isLocked, type Lock } from '../lock.ts';
import { silentLog } from '../log.ts';
import { findDeployment, type DeploymentView } from '../projections/index.ts';
import { dispatcher } from './dispatch.ts';
import { holdIdentity } from './hold-identity.ts';
import { readDeployment } from './status.ts';
import { watchDatabase, type Watch } from './watch.ts';

/** How often is looked whether the daemon that is followed still lives. */
const lookForDaemonMs = 1000;

/**
 * Waits until a deployment is over or waits for a person: does the work itself where no daemon runs, else follows
 * the one that does, and takes its place should it end before.
 */
export async function settleDeployment(
  instance: Instance,
  deployment: string,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (line: string) => void },
): Promise<DeploymentView> {
  using watch = watchDatabase(instance);
  const told = teller(onProgress);
  const unlisten = watch.onChange(() => told(journalOf(instance, deployment)));
  try {
    while (!(await settledBy(instance, deployment, watch, signal, told)));
  } finally {
    unlisten();
  }
  told(journalOf(instance, deployment));
  const view = readDeployment(instance, deployment);
  if (view === undefined) throw new TypeError(`deployment ${deployment} is not there`);
  return view;
}

/** Does or follows the deployment; false where the daemon that was followed is gone, and the work is anybody's. */
async function settledBy(
  instance: Instance,
  deployment: string,
  watch: Watch,
  signal: AbortSignal,
  told: (run: RunOutcome | undefined) => void,
): Promise<boolean> {
  using lock = tryHold(instance);
  if (lock === undefined) return await follow(instance, deployment, watch, signal);
  await work(instance, deployment, watch, signal, () => told(journalOf(instance, deployment)));
  return true;
}

function tryHold(instance: Instance): Lock | undefined {
  try {
    return holdIdentity(instance, 'deploy --wait');
  } catch (error) {
    if (error instanceof InstanceError && error.code === 'DAEMON_RUNNING') return undefined;
    throw error;
  }
}

async function work(
  instance: Instance,
  deployment: string,
  watch: Watch,
  signal: AbortSignal,
  progress: () => void,
): Promise<void> {
  const dispatch = dispatcher(instance, { watch, log: silentLog(), signal });
  const over = new AbortController();
  const telling = (async () => {
    const following = followRun(instance.folder.run(deployment), { signal: over.signal, awaitStart: true });
    for await (const _fact of following) progress();
  })();
  dispatch.look();
  // What goes wrong with the telling is thrown when the work is done: until then the lock is needed.
  const [, toldAll] = await Promise.allSettled([dispatch.idle().finally(() => over.abort()), telling]);
  if (toldAll.status === 'rejected') throw toldAll.reason;
  const hindered = dispatch.hindered().find((one) => one.deployment === deployment);
  if (hindered !== undefined) throw hindered.error;
}

/** Resolves when the deployment is over or waits for a person to decide; with false when the daemon is gone. */
function follow(instance: Instance, deployment: string, watch: Watch, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const isSettled = (): boolean => {
    const row = findDeployment(instance.db, deployment);
    return row === undefined || (row.state !== 'waiting' && row.state !== 'running' && !row.resumeAsked);
  };
  const look = (isDaemonGone: () => boolean): void => {
    try {
      if (signal.aborted || isSettled()) resolve(true);
      else if (isDaemonGone()) resolve(false);
    } catch (error) {
      reject(error);
    }
  };
  const lookForOutcome = (): void => look(() => false);
  const unlisten = watch.onChange(lookForOutcome);
  signal.addEventListener('abort', lookForOutcome);
  const timer = setInterval(() => look(() => !isLocked(instance.folder.daemonLock)), lookForDaemonMs);
  lookForOutcome();
  return promise.finally(() => {
    unlisten();
    signal.removeEventListener('abort', lookForOutcome);
    clearInterval(timer);
  });
}

function journalOf(instance: Instance, deployment: string): RunOutcome | undefined {
  const runFolder = instance.folder.run(deployment);
  return existsSync(runFolder) ? readJournal(runFolder) : undefined;
}

/** Says each step and convention once, when it has come to its end. */
function teller(say: (line: string) => void): (run: RunOutcome | undefined) => void {
  const said = new Set<string>();
  const once = (key: string, line: string): void => {
    if (said.has(key)) return;
    said.add(key);
    say(line);
  };
  return (run) => {
    for (const [index, step] of (run?.steps ?? []).entries()) {
      if (step.state === 'not-run') continue;
      const name = `step ${index + 1} ${step.name}`;
      once(`${index}`, name);
      for (const { number, name: convention, state, detail } of step.conventions) {
        if (state !== 'done' && state !== 'failed' && state !== 'interrupted') continue;
        const more = detail === undefined ? '' : `: ${detail}`;
        once(
          `${index} ${step.attempts} ${number} ${state}`,
          `  ${String(number).padStart(3)} ${convention} ${state}${more}`,
        );
      }
      if (step.state !== 'running') once(`${index} ${step.state}`, `${name}: ${step.state}`);
    }
  };
}
