import { findEnvironment } from './arrange-environments.ts';
import type { Decision } from './decision.ts';
import { CommandError } from './errors.ts';
import {
  isDecisive,
  refuseHeld,
  refuseMissingInputs,
  requested,
  type DeployableRelease,
  type DeploymentIntent,
  type Place,
  type PlacedDeployment,
} from './request-deployment.ts';

/** The run whose release is in a place: the newest that succeeded; none where that took away what was there. */
export function installedRun<Run extends Pick<PlacedDeployment, 'state' | 'reason'>>(
  past: readonly Run[],
): Run | undefined {
  const newest = past.find(({ state }) => state === 'succeeded');
  return newest?.reason === 'uninstall' ? undefined : newest;
}

/**
 * Which run there is to take away: what is installed, or, where nothing ever succeeded, what was tried last and may have
 * left something behind. @throws CommandError NOTHING_TO_UNINSTALL
 */
export function uninstallTarget(process: string, { environment, past }: Place): PlacedDeployment {
  const gone = past.findIndex((run) => run.state === 'succeeded' && run.reason === 'uninstall');
  const sinceGone = gone < 0 ? past : past.slice(0, gone);
  const tried = sinceGone.filter((run) => isDecisive(run) && run.reason !== 'uninstall');
  const target = tried.find(({ state }) => state === 'succeeded') ?? tried[0];
  if (target !== undefined) return target;
  const why = gone < 0 ? 'nothing of it was deployed there' : 'it was uninstalled before';
  throw new CommandError('NOTHING_TO_UNINSTALL', `Cannot uninstall ${process} in ${environment}: ${why}`, {
    hint: 'See what runs where: `crossgap status`.',
    details: { process, environment },
  });
}

/**
 * Asks for a run of the steps that take a release away. It may be withdrawn, refused or long outdated: what is there can
 * always be taken away, unless nobody wrote how, or its author isn't believed any more.
 */
export function requestUninstall(
  release: DeployableRelease & { readonly hasUninstall: boolean },
  place: Place,
  intent: Omit<DeploymentIntent, 'reason'>,
): Decision {
  const { link, linkName, linkState, process, number } = release;
  const { environment } = place;
  const asked = `Cannot uninstall ${process} ${number} in ${environment}`;
  findEnvironment(place.environments, environment);
  if (!release.hasUninstall) {
    throw new CommandError('NO_UNINSTALL', `${asked}: its process has no steps for that`, {
      hint: 'Take it away by hand, or ask its author for a release whose process has `uninstall:` steps.',
      details: { process, release: number },
    });
  }
  if (link !== '' && linkState !== 'confirmed') {
    throw new CommandError(
      'LINK_NOT_CONFIRMED',
      `${asked}: the link to ${linkName ?? link} is ${linkState ?? 'gone'}, so nothing from there is executable`,
      { hint: 'Take it away by hand, or pair again first.', details: { link } },
    );
  }
  refuseHeld(asked, place);
  refuseMissingInputs(asked, release, environment);
  return [requested(release, place, { ...intent, reason: 'uninstall' })];
}
