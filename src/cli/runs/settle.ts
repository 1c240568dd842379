import { CommandError, rollbackTarget } from '../../commands/index.ts';
import { readDeployment, recordBrokenRuns, settleDeployment } from '../../daemon/index.ts';
import type { Database } from '../../db/index.ts';
import { asDiskErrorOfRun } from '../../disk-error.ts';
import type { CrossgapError } from '../../errors.ts';
import { placeOf, type Instance } from '../../instance/index.ts';
import { findDeployment, openWaits, waysToDecide, type DeploymentView } from '../../projections/index.ts';
import type { Context } from '../command.ts';
import { CliError } from '../errors.ts';
import { stoppedAt } from '../told/stopped-at.ts';
import { commandLine } from '../../words.ts';

/**
 * Follows or does a deployment until it is over or waits for a person; progress goes to stderr.
 *
 * @throws DiskError where the disk takes nothing more of it, with what to type then
 */
export async function settle(context: Context, instance: Instance, id: string): Promise<DeploymentView> {
  const { talk, talkTone } = context.terminal;
  try {
    return await settleDeployment(instance, id, {
      signal: context.signal,
      onProgress: (line, tone) => talk(tone === 'plain' ? line : talkTone(tone, line)),
    });
  } catch (error) {
    // What came of it is still to be recorded, which who waits for it does, or sees done by the daemon.
    const next = quoted('deployment', 'show', id, '--wait');
    throw asDiskErrorOfRun(error, { deployment: id, next }) ?? error;
  }
}

/** The instance, for who decides about runs: what ended or was broken off while nobody followed it is recorded first. */
export async function openToDecide(context: Context): Promise<Instance> {
  const instance = await context.open();
  await recordBrokenRuns(instance, context.signal);
  return instance;
}

/** A deployment by its id. @throws CliError DEPLOYMENT_UNKNOWN */
export function deploymentOf(instance: Instance, id: string): DeploymentView {
  const view = readDeployment(instance, id);
  if (view !== undefined) return view;
  throw new CliError('DEPLOYMENT_UNKNOWN', `Cannot find deployment ${id}: there is none`, {
    hint: 'See `crossgap status` for the deployments of this side.',
    details: { deployment: id },
  });
}

/** Why a deployment that was waited for did not succeed; undefined where it did. */
export function failureOf({ db }: Instance, view: DeploymentView): CrossgapError | undefined {
  const { id, process, release, environment, state, failedAt } = view;
  const what = `Cannot deploy ${process} ${release} to ${environment}: deployment ${id}`;
  const place = stoppedAt(view);
  const at = place === undefined ? '' : ` at ${place}`;
  const because = view.error === null ? '' : `: ${view.error.replace(/\.$/, '')}`;
  const details = { deployment: id, state, ...(failedAt !== undefined && { failedAt }) };
  const back = hasOtherRelease(db, view) ? [quoted('rollback', process, '--env', environment)] : [];
  switch (state) {
    case 'succeeded':
      return undefined;
    case 'failed': {
      const refusal = refusalOf(view);
      if (refusal !== undefined) {
        const why = refusal.note === null ? '' : `: ${refusal.note}`;
        return new CliError(
          'DEPLOYMENT_REFUSED',
          `Cannot deploy ${process} ${release} to ${environment}: ${refusal.by} refused step ${refusal.step}${why}`,
          {
            hint: `Speak with who refused it; then ${quoted('deployment', 'retry', id)}.`,
            details: { ...details, ...refusal },
          },
        );
      }
      return new CliError(
        'DEPLOYMENT_FAILED',
        `Cannot deploy ${process} ${release} to ${environment}: ${whyFailed(view)}`,
        {
          hint: `Mend what is wrong, then ${[quoted('deployment', 'retry', id), ...back].join(', or ')}.`,
          details,
        },
      );
    }
    case 'interrupted':
      return new CliError('DEPLOYMENT_INTERRUPTED', `${what} was interrupted${at}${because}`, {
        hint: `Decide: ${[...['resume', 'retry', 'cancel'].map((verb) => quoted('deployment', verb, id)), ...back].join(', ')}.`,
        details,
      });
    case 'cancelled':
      return new CliError('DEPLOYMENT_CANCELLED', `${what} was cancelled${because}`, {
        hint: `Start it again when it is wanted: ${quoted('deployment', 'retry', id)}.`,
        details,
      });
    case 'waiting':
    case 'running':
      if (state === 'waiting' && openWaits(view).length > 0) return waitsError(view);
      return new CliError('DEPLOYMENT_NOT_OVER', `${what} is ${state}, and the wait for it was ended`, {
        hint: `It goes on without you: ${quoted('deployment', 'show', id)}.`,
        details,
      });
  }
}

/** Who refused the manual step at which a deployment failed. */
function refusalOf({
  failedAt,
  waits,
}: DeploymentView): { step: string; by: string; note: string | null } | undefined {
  const last = waits.findLast(({ step }) => step === failedAt?.step);
  if (last?.decision?.answer !== 'refuse') return undefined;
  return { step: last.name, by: last.decision.by, note: last.decision.note };
}

function waitsError(view: DeploymentView): CliError {
  const { id, process, release, environment, state } = view;
  const open = openWaits(view);
  const what = open.map(({ name, for: kind, text }) =>
    kind === 'confirmation' ? `step ${name} is to be confirmed` : `step ${name} failed: ${text}`,
  );
  const ways = open.flatMap((wait) => waysToDecide(view, wait)).map((way) => `\`${way}\``);
  return new CliError(
    'DEPLOYMENT_WAITS',
    `Cannot go on with ${process} ${release} in ${environment}: deployment ${id} waits for a person: ${what.join('; ')}`,
    {
      hint: `Decide: ${ways.join(', ')}.`,
      details: { deployment: id, state, waits: open },
    },
  );
}

/** The reason alone where it names its step, as that of a script does; else with the place. */
export function whyFailed(view: DeploymentView): string {
  const place = stoppedAt(view) ?? 'it did not begin';
  const error = view.error?.replace(/\.$/, '');
  if (error === undefined) return `${place} failed`;
  const ofScript = error.replace(/^Cannot go on: /, '');
  return ofScript === error ? `${place}: ${error}` : ofScript;
}

/** Whether another release ran there before that one can go back to. */
function hasOtherRelease(db: Database, { process, environment, id }: DeploymentView): boolean {
  const row = findDeployment(db, id);
  if (row === undefined) return false;
  try {
    rollbackTarget(process, placeOf(db, process, row.link, environment));
    return true;
  } catch (error) {
    if (error instanceof CommandError && error.code === 'NOTHING_TO_ROLL_BACK') return false;
    throw error;
  }
}

const quoted = (...words: string[]): string => `\`${commandLine(...words)}\``;
