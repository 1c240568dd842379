import type { Database } from '../../db/index.ts';
import { readReleases, type DeploymentRow, type ReleaseRow } from '../../projections/index.ts';

/** The release that a run was or is of; no release that was deployed is ever taken off the board. */
export function releaseOfRun(
  db: Database,
  { link, digest, deployment }: Pick<DeploymentRow, 'link' | 'digest' | 'deployment'>,
): ReleaseRow {
  const found = readReleases(db).find((one) => one.link === link && one.digest === digest);
  if (found === undefined) throw new TypeError(`the release of deployment ${deployment} is not there`);
  return found;
}
