import { readDeployment, settleDeployment } from '../daemon/index.ts';
import type { CrossgapError } from '../errors.ts';
import type { Instance } from '../instance/index.ts';
import type { DeploymentView } from '../projections/index.ts';
import type { Context } from './command.ts';
import { CliError } from './errors.ts';
import { commandLine } from '../words.ts';

/** Follows or does a deployment until it is over or waits for a person; progress goes to stderr. */
export async function settle(context: Context, instance: Instance, id: string): Promise<DeploymentView> {
  const { talk, talkTone } = context.terminal;
  return settleDeployment(instance, id, {
    signal: context.signal,
    onProgress: (line) => {
      if (/ (?:failed|interrupted)\b/.test(line)) talk(talkTone('bad', line));
      else talk(line.endsWith(': succeeded') ? talkTone('good', line) : line);
    },
  });
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
export function failureOf(view: DeploymentView): CrossgapError | undefined {
  const { id, process, release, environment, state, failedAt } = view;
  const what = `Cannot deploy ${process} ${release} to ${environment}: deployment ${id}`;
  const at =
    failedAt === undefined
      ? ''
      : ` at step ${failedAt.step} (${failedAt.stepId}), convention ${failedAt.convention}`;
  const because = view.error === null ? '' : `: ${view.error.replace(/\.$/, '')}`;
  const details = { deployment: id, state, ...(failedAt !== undefined && { failedAt }) };
  switch (state) {
    case 'succeeded':
      return undefined;
    case 'failed':
      return new CliError('DEPLOYMENT_FAILED', `${what} failed${at}${because}`, {
        hint: `See ${quoted('deployment', 'show', id)}; then ${quoted('deployment', 'retry', id)}, or ${quoted('rollback', process, '--env', environment)}.`,
        details,
      });
    case 'interrupted':
      return new CliError('DEPLOYMENT_INTERRUPTED', `${what} was interrupted${at}${because}`, {
        hint: `Decide: ${['resume', 'retry', 'cancel'].map((verb) => quoted('deployment', verb, id)).join(', ')}.`,
        details,
      });
    case 'cancelled':
      return new CliError('DEPLOYMENT_CANCELLED', `${what} was cancelled${because}`, {
        hint: `Start it again when it is wanted: ${quoted('deployment', 'retry', id)}.`,
        details,
      });
    case 'waiting':
    case 'running':
      return new CliError('DEPLOYMENT_NOT_OVER', `${what} is ${state}, and the wait for it was ended`, {
        hint: `It goes on without you: ${quoted('deployment', 'show', id)}.`,
        details,
      });
  }
}

const quoted = (...words: string[]): string => `\`${commandLine(...words)}\``;
