import {
  decideWait,
  installedRun,
  onceGivenUp,
  requestDeployment,
  resumeDeployment,
} from '../../commands/index.ts';
import {
  refuseUnready,
  settleDeployment,
  toldSoFar,
  type ProgressTone,
  type ToldSoFar,
} from '../../daemon/index.ts';
import type { Database } from '../../db/index.ts';
import { asDiskError } from '../../disk-error.ts';
import { readRunning } from '../../executor/index.ts';
import type { Decision, ProgressLine, RunHooks, RunOutcome, Work } from '../../guide/index.ts';
import type { Instance } from '../../instance/index.ts';
import { findDeployment, readWaits, type DeploymentRow, type ReleaseRow } from '../../projections/index.ts';
import { newDeploymentId } from '../runs/deployment-id.ts';
import { CliError } from '../errors.ts';
import { forGoingBack, goBack, wayBack } from '../runs/go-back.ts';
import { deployableRelease } from '../runs/obstacle.ts';
import { releaseOfRun } from '../runs/release-of-run.ts';
import { giveUp } from '../runs/give-up.ts';
import { startOver } from '../runs/start-over.ts';
import { forTakingAway, takeAway, wayOut } from '../runs/take-away.ts';
import { breakOff } from './break-off.ts';
import { outcomeOf } from './outcome.ts';
import { arrangePlace, placeHere } from './place-here.ts';
import { comparedWith } from './standing-here.ts';

/** How often is looked for a process to be told that a person wants to end. */
const tellEveryMs = 100;

/** Does what a person asked for with the release that was carried here, until it is over or a person is needed. */
export async function runWork(
  instance: Instance,
  release: ReleaseRow,
  { work, hooks }: { readonly work: Work; readonly hooks: RunHooks },
): Promise<RunOutcome> {
  switch (work.kind) {
    case 'install':
      return await install(instance, release, work, hooks);
    case 'resume':
      return await resume(instance, work.deployment, hooks);
    case 'start-over':
      return await startAgain(instance, work.deployment, hooks);
    case 'roll-back':
      return await rollBack(instance, release, work.environment, hooks);
    case 'uninstall':
      return await uninstall(instance, release, work.environment, hooks);
  }
}

async function install(
  instance: Instance,
  release: ReleaseRow,
  { environment, again, instead }: Extract<Work, { kind: 'install' }>,
  hooks: RunHooks,
): Promise<RunOutcome> {
  const deployment = newDeploymentId();
  const ask = (db: Database) => {
    const here = placeHere(db, release, environment);
    const place = here.open?.deployment === instead ? onceGivenUp(here) : here;
    return requestDeployment(deployableRelease(instance, db, release, environment), place, {
      deployment,
      reason: again ? 'again' : 'deploy',
      of: null,
      onFailure: 'ask',
    });
  };
  // What is in the way is said before this machine is looked at, and nothing is recorded until both are well.
  const { running } = ask(instance.db);
  if (running !== undefined) return outcomeOf(instance, running.deployment);
  await refuseUnready(instance, release, environment);
  if (instead !== undefined)
    await endOpenRun(instance, instead, { hooks, because: `given up to install ${release.number}` });
  instance.record((db) => arrangePlace(db, environment));
  instance.record((db) => ask(db).decision);
  return await settled(instance, deployment, hooks);
}

/**
 * Throws where a newer release is installed in an environment of this site: going back is a decision of its own, which
 * keeps to the order in which releases came.
 *
 * @throws CliError RELEASE_OLDER
 */
export function refuseOlder({ db }: Instance, release: ReleaseRow, environment: string): void {
  const runs = installedRun(placeHere(db, release, environment).past);
  const row = runs && findDeployment(db, runs.deployment);
  const before = row && releaseOfRun(db, row);
  if (before === undefined || comparedWith(before, release) !== 'older') return;
  throw new CliError(
    'RELEASE_OLDER',
    `Cannot install ${release.process} ${release.number} in ${environment}: ${before.number} is installed, which is newer`,
    {
      hint: `Roll back instead, or ask for an installer of a release that is newer than ${before.number}.`,
      details: { installed: before.number, release: release.number },
    },
  );
}

async function resume(instance: Instance, deployment: string, hooks: RunHooks): Promise<RunOutcome> {
  const told = toldSoFar(instance, deployment);
  instance.record((db) => {
    const row = rowOf(db, deployment);
    return row.state === 'interrupted' && !row.resumeAsked ? resumeDeployment(row) : [];
  });
  return await settled(instance, deployment, hooks, told);
}

async function startAgain(instance: Instance, before: string, hooks: RunHooks): Promise<RunOutcome> {
  const deployment = newDeploymentId();
  const row = rowOf(instance.db, before);
  const release = releaseOfRun(instance.db, row);
  await refuseUnready(
    instance,
    release,
    row.environment,
    row.reason === 'uninstall' ? 'uninstall' : 'deploy',
  );
  await endOpenRun(instance, before, { hooks });
  instance.record((db) => startOver(instance, db, rowOf(db, before), deployment));
  return await settled(instance, deployment, hooks);
}

async function rollBack(
  instance: Instance,
  { process, link }: ReleaseRow,
  environment: string,
  hooks: RunHooks,
): Promise<RunOutcome> {
  const where = { process, link, environment };
  const deployment = newDeploymentId();
  // Nothing is given up unless there is something to go back to, and this machine can do it.
  const { release, open } = wayBack(instance, instance.db, where);
  await refuseUnready(instance, release, environment);
  if (open !== undefined && open.state !== 'interrupted')
    await endOpenRun(instance, open.deployment, { hooks, because: forGoingBack(release.number) });
  instance.record((db) => goBack(instance, db, { ...where, deployment }).decision);
  return await settled(instance, deployment, hooks);
}

async function uninstall(
  instance: Instance,
  { process, link }: ReleaseRow,
  environment: string,
  hooks: RunHooks,
): Promise<RunOutcome> {
  const deployment = newDeploymentId();
  const wish = { process, link, environment, deployment, onFailure: 'ask' } as const;
  // Nothing is given up unless there is something to take away, and this machine can do it.
  const { release, open } = wayOut(instance, instance.db, wish);
  await refuseUnready(instance, release, environment, 'uninstall');
  if (open !== undefined && open.state !== 'interrupted')
    await endOpenRun(instance, open.deployment, { hooks, because: forTakingAway });
  instance.record((db) => takeAway(instance, db, wish).decision);
  return await settled(instance, deployment, hooks);
}

/** Gives an open run up, for what is said; one that runs is stopped first. */
async function endOpenRun(
  instance: Instance,
  deployment: string,
  { hooks, because = null }: { readonly hooks: RunHooks; readonly because?: string | null },
): Promise<void> {
  const isOpen = ({ state }: DeploymentRow): boolean =>
    state === 'waiting' || state === 'running' || state === 'interrupted';
  const told = toldSoFar(instance, deployment);
  instance.record((db) => {
    const row = rowOf(db, deployment);
    return isOpen(row) && !(row.cancelAsked && row.state === 'running')
      ? giveUp(instance, db, row, because)
      : [];
  });
  if (rowOf(instance.db, deployment).state === 'running') await follow(instance, deployment, hooks, told);
}

/** What a run came to that is followed or done; one that a full disk cut off is told as that, with what was recorded of it. */
async function settled(
  instance: Instance,
  deployment: string,
  hooks: RunHooks,
  told?: ToldSoFar,
): Promise<RunOutcome> {
  try {
    await follow(instance, deployment, hooks, told);
  } catch (error) {
    const hindered = asDiskError(error);
    if (hindered === undefined) throw error;
    const recorded = outcomeOf(instance, deployment);
    return { ...recorded, state: 'interrupted', error: hindered.message, hindered, wait: null };
  }
  return outcomeOf(instance, deployment);
}

/**
 * Follows or does a run until it is over or waits; where a person wants to end, it is broken off, to be resumed. What of
 * it was told before is not told again.
 */
async function follow(
  instance: Instance,
  deployment: string,
  hooks: RunHooks,
  told?: ToldSoFar,
): Promise<void> {
  const { signal, tell, progress } = hooks;
  const runFolder = instance.folder.run(deployment);
  let done = -1;
  const count = (): void => {
    const run = readRunning(runFolder);
    if (run === undefined) return;
    const over = run.steps.filter(({ state }) => state !== 'running' && state !== 'not-run').length;
    if (over !== done) progress({ what: 'Steps', done: over, of: run.steps.length });
    done = over;
  };
  // Whoever runs it may be just about to begin, so it is told until it has heard.
  let telling: NodeJS.Timeout | undefined;
  const leaving = new AbortController();
  const stop = (): void => {
    telling ??= setInterval(stop, tellEveryMs);
    if (!breakOff(instance, deployment)) leaving.abort();
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    await settleDeployment(instance, deployment, {
      signal: leaving.signal,
      ...(told !== undefined && { told }),
      onProgress(text, tone) {
        tell({ text, tone: toneOf(text, tone) });
        count();
      },
    });
  } finally {
    clearInterval(telling);
    signal.removeEventListener('abort', stop);
  }
  count();
}

function toneOf(text: string, tone: ProgressTone): ProgressLine['tone'] {
  if (tone === 'warn') return 'plain';
  return tone === 'plain' && text.startsWith('step ') ? 'strong' : tone;
}

/** A person decides what a run waits for. */
export function decideHere(
  instance: Instance,
  deployment: string,
  { wait, decision }: { readonly wait: number; readonly decision: Decision },
): void {
  instance.record((db) => {
    const row = rowOf(db, deployment);
    const waits = readWaits(db, deployment);
    const step = waits.find((one) => one.wait === wait)?.stepId;
    return decideWait(row, waits, { step, ...decision });
  });
}

function rowOf(db: Database, deployment: string): DeploymentRow {
  const row = findDeployment(db, deployment);
  if (row !== undefined) return row;
  throw new CliError('DEPLOYMENT_UNKNOWN', `Cannot find deployment ${deployment}: there is none`, {
    hint: 'See `crossgap status` for the deployments of this side.',
    details: { deployment },
  });
}
