import { refuseUnapproved, refuseUndeployable, type DeployableRelease } from '../../commands/index.ts';
import type { ReleaseScripts } from '../../daemon/index.ts';
import type { Database } from '../../db/index.ts';
import { CrossgapError } from '../../errors.ts';
import { deployable, placeOf, type Instance } from '../../instance/index.ts';
import type { ReleaseRow } from '../../projections/index.ts';

/** What deploying needs to know of a release, for an environment. */
export function deployableRelease(
  instance: Instance,
  db: Database,
  release: ReleaseRow,
  environment: string,
): DeployableRelease {
  return deployable(db, release, environment, (digest) => instance.holds(digest));
}

/** The first thing that keeps a release from going to an environment now, undefined where nothing does. */
export function obstacleOf(
  db: Database,
  wanted: DeployableRelease,
  environment: string,
): CrossgapError | undefined {
  return refusalOf(() => refuseUndeployable(wanted, placeOf(db, wanted.process, wanted.link, environment)));
}

/** That a person has to approve scripts first, undefined where nobody has to, or somebody did. */
export function scriptsObstacle(scripts: ReleaseScripts): CrossgapError | undefined {
  return scripts.areAsked ? refusalOf(() => refuseUnapproved(scripts)) : undefined;
}

function refusalOf(refuse: () => void): CrossgapError | undefined {
  try {
    refuse();
    return undefined;
  } catch (error) {
    if (error instanceof CrossgapError) return error;
    throw error;
  }
}
