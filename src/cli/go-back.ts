import { requestDeployment, rollbackTarget, type Decision } from '../commands/index.ts';
import type { Database } from '../db/index.ts';
import { placeOf, type Instance } from '../instance/index.ts';
import { readReleases, type ReleaseRow } from '../projections/index.ts';
import { deployableRelease } from './obstacle.ts';

/** Asks for the release that ran before, in one environment. @throws CommandError NOTHING_TO_ROLL_BACK */
export function goBack(
  instance: Instance,
  db: Database,
  wish: {
    readonly process: string;
    readonly link: string;
    readonly environment: string;
    /** The id that the new run is to have. */
    readonly deployment: string;
  },
): { readonly release: ReleaseRow; readonly decision: Decision } {
  const { process, link, environment, deployment } = wish;
  const place = placeOf(db, process, link, environment);
  const release = releaseBy(db, link, rollbackTarget(process, place).digest);
  const asked = requestDeployment(deployableRelease(instance, db, release, environment), place, {
    deployment,
    reason: 'rollback',
    of: place.past[0]?.deployment ?? null,
  });
  return { release, decision: asked.decision };
}

function releaseBy(db: Database, link: string, digest: string): ReleaseRow {
  const found = readReleases(db).find((one) => one.link === link && one.digest === digest);
  if (found === undefined) throw new TypeError(`the release ${digest} that was deployed is not there`);
  return found;
}
