import {
  followLog,
  isRunAlive,
  readJournal,
  readRunning,
  runLogBytes,
  type RunOutcome,
} from '../executor/index.ts';
import { InstanceError, type Instance } from '../instance/index.ts';
import { isLocked, type Lock } from '../lock.ts';
import { silentLog } from '../log.ts';
import {
  findDeployment,
  readOpenDeployments,
  waitsForPerson,
  type DeploymentRow,
  type DeploymentView,
} from '../projections/index.ts';
import { diskRefusal } from './disk-refusal.ts';
import { dispatcher } from './dispatch.ts';
import { holdIdentity } from './hold-identity.ts';
import { runDeployment } from './run-deployment.ts';
import { readDeployment } from './status.ts';
import { runTeller, tellTurn, type SayProgress } from './tell-run.ts';
import { watchDatabase, type Watch } from './watch.ts';

/** How far a run had come when it was told before: its log in bytes, and how it stood. */
export type ToldSoFar = { readonly logBytes: number; readonly run: RunOutcome | undefined };

/** All of a run that there is to be told up to now; nothing of it runs meanwhile, or it is told once too little. */
export function toldSoFar({ folder }: Instance, deployment: string): ToldSoFar {
  const runFolder = folder.run(deployment);
  return { logBytes: runLogBytes(runFolder), run: readRunning(runFolder) };
}

/** How often is looked whether the daemon that is followed still lives. */
const lookForDaemonMs = 1000;
/** The disk is asked when nothing has gone on for two looks, and at each so many after it: a run may wait its turn for hours. */
const [diskAskedFirst, diskAskedEvery] = [2, 15];

/**
 * Waits until a deployment is over or waits for a person: does the work itself where no daemon runs, else follows
 * the one that does, and takes its place should it end before. It is told from its beginning, or from where `told` says.
 */
export async function settleDeployment(
  instance: Instance,
  deployment: string,
  { signal, onProgress, told }: { signal: AbortSignal; onProgress: SayProgress; told?: ToldSoFar },
): Promise<DeploymentView> {
  using watch = watchDatabase(instance);
  const over = new AbortController();
  const telling = tellRun(instance, deployment, { over: over.signal, onProgress, told });
  const settling = (async () => {
    try {
      while (!(await settledBy(instance, deployment, watch, signal)));
    } finally {
      over.abort();
    }
  })();
  // What goes wrong with the telling is thrown when the work is done: until then the lock is needed.
  const both = await Promise.allSettled([settling, telling]);
  for (const each of both) if (each.status === 'rejected') throw each.reason;
  const view = readDeployment(instance, deployment);
  if (view === undefined) throw new TypeError(`deployment ${deployment} is not there`);
  return view;
}

/**
 * Records how runs ended, or where they were broken off, whose process ended while nobody followed it. Starts none, and
 * leaves it to the daemon where one runs.
 */
export async function recordBrokenRuns(instance: Instance, signal: AbortSignal): Promise<void> {
  const isBroken = ({ deployment, state }: DeploymentRow): boolean =>
    state === 'running' && !isRunAlive(instance.folder.run(deployment));
  const broken = readOpenDeployments(instance.db).filter(isBroken);
  if (broken.length === 0) return;
  using lock = tryHold(instance, 'runs that were broken off');
  if (lock === undefined) return;
  using watch = watchDatabase(instance);
  for (const { deployment } of broken) await runDeployment(instance, deployment, { watch, signal });
}

/** Tells of the run, whoever does it, until `over`; one that is resumed or waits its turn is not over when it stands still. */
async function tellRun(
  instance: Instance,
  deployment: string,
  { over, onProgress, told }: { over: AbortSignal; onProgress: SayProgress; told: ToldSoFar | undefined },
): Promise<void> {
  if (findDeployment(instance.db, deployment) === undefined) return;
  const tell = runTeller(onProgress, told?.run);
  const runFolder = instance.folder.run(deployment);
  for await (const added of followLog(runFolder, { signal: over, after: told?.logBytes }))
    tellTurn(tell, runFolder, added);
  tell(readJournal(runFolder));
}

/** Does or follows the deployment; false where the daemon that was followed is gone, and the work is anybody's. */
async function settledBy(
  instance: Instance,
  deployment: string,
  watch: Watch,
  signal: AbortSignal,
): Promise<boolean> {
  using lock = tryHold(instance, `deployment ${deployment}`);
  if (lock === undefined) return await follow(instance, deployment, watch, signal);
  await work(instance, deployment, watch, signal);
  return true;
}

/** `what` is done is what others are told, whichever command or installer does it. */
function tryHold(instance: Instance, what: string): Lock | undefined {
  try {
    return holdIdentity(instance, what);
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
): Promise<void> {
  const dispatch = dispatcher(instance, { watch, log: silentLog(), signal });
  dispatch.look();
  await dispatch.idle();
  const hindered = dispatch.hindered().find((one) => one.deployment === deployment);
  if (hindered !== undefined) throw hindered.error;
}

/**
 * Resolves when the deployment is over or waits for a person to decide; with false when the daemon is gone. Rejects where
 * it stands still because the disk takes nothing more: the daemon can't say so, and tries again when there is room.
 */
function follow(instance: Instance, deployment: string, watch: Watch, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const isSettled = (): boolean => {
    const row = findDeployment(instance.db, deployment);
    if (row === undefined || waitsForPerson(row)) return true;
    return row.state !== 'waiting' && row.state !== 'running' && !row.resumeAsked;
  };
  const orReject = (look: () => void) => (): void => {
    try {
      look();
    } catch (error) {
      reject(error);
    }
  };
  const lookForOutcome = orReject(() => {
    if (signal.aborted || isSettled()) resolve(true);
  });
  let stillLooks = 0;
  const lookForDaemon = orReject(() => {
    lookForOutcome();
    if (!isLocked(instance.folder.daemonLock)) return resolve(false);
    stillLooks = isRunAlive(instance.folder.run(deployment)) ? 0 : stillLooks + 1;
    // The daemon has its time first, to record what came of it where there is room for just that.
    if (stillLooks % diskAskedEvery !== diskAskedFirst) return;
    const refusal = diskRefusal(instance, `go on with deployment ${deployment}`);
    if (refusal !== undefined) throw refusal;
  });
  const unlisten = watch.onChange(lookForOutcome);
  signal.addEventListener('abort', lookForOutcome);
  const timer = setInterval(lookForDaemon, lookForDaemonMs);
  lookForOutcome();
  return promise.finally(() => {
    unlisten();
    signal.removeEventListener('abort', lookForOutcome);
    clearInterval(timer);
  });
}
