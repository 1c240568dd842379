import {
  onceGivenUp,
  refuseUndeployable,
  requestDeployment,
  rollbackTarget,
  type Decision,
  type PlacedDeployment,
} from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import { placeOf, type Instance } from '../../instance/index.ts';
import { findDeployment, type ReleaseRow } from '../../projections/index.ts';
import { deployableRelease } from './obstacle.ts';
import { releaseOfRun } from './release-of-run.ts';
import { giveUp } from './give-up.ts';

/** What is to be gone back in. */
export type BackWhere = { readonly process: string; readonly link: string; readonly environment: string };

/** Where going back leads to, and the run that is given up for it. */
export type WayBack = { readonly release: ReleaseRow; readonly open: PlacedDeployment | undefined };

/**
 * The release that ran before in one environment, if it may be deployed there once what is open is given up.
 *
 * @throws CommandError NOTHING_TO_ROLL_BACK, and what is in the way of that release
 */
export function wayBack(
  instance: Instance,
  db: Database,
  { process, link, environment }: BackWhere,
): WayBack {
  const place = placeOf(db, process, link, environment);
  const release = releaseOfRun(db, { link, ...rollbackTarget(process, place) });
  const { open } = place;
  refuseUndeployable(deployableRelease(instance, db, release, environment), onceGivenUp(place));
  return { release, open };
}

/** What is recorded of a run that is given up so that `number` comes back. */
export const forGoingBack = (number: string): string => `given up to go back to ${number}`;

/**
 * Asks for the release that ran before, in one environment; a run that was interrupted is given up for it.
 *
 * @throws CommandError NOTHING_TO_ROLL_BACK; DEPLOYMENT_HELD where something waits or runs there
 */
export function goBack(
  instance: Instance,
  db: Database,
  /** With the id that the new run is to have. */
  { deployment, ...where }: BackWhere & { readonly deployment: string },
): WayBack & { readonly decision: Decision } {
  const { release, open } = wayBack(instance, db, where);
  const { process, link, environment } = where;
  const place = placeOf(db, process, link, environment);
  const row = open?.state === 'interrupted' ? findDeployment(db, open.deployment) : undefined;
  const givenUp = row === undefined ? [] : giveUp(instance, db, row, forGoingBack(release.number));
  const free = row === undefined ? place : onceGivenUp(place);
  const asked = requestDeployment(deployableRelease(instance, db, release, environment), free, {
    deployment,
    reason: 'rollback',
    of: free.past[0]?.deployment ?? null,
  });
  return { release, open, decision: [...givenUp, ...asked.decision] };
}
