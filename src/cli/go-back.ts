import { requestDeployment, rollbackTarget, type Decision } from '../commands/index.ts';
import type { Database } from '../db/index.ts';
import { placeOf, type Instance } from '../instance/index.ts';
import type { ReleaseRow } from '../projections/index.ts';
import { deployableRelease } from './obstacle.ts';
import { releaseOfRun } from './release-of-run.ts';

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
  const release = releaseOfRun(db, { link, ...rollbackTarget(process, place) });
  const asked = requestDeployment(deployableRelease(instance, db, release, environment), place, {
    deployment,
    reason: 'rollback',
    of: place.past[0]?.deployment ?? null,
  });
  return { release, decision: asked.decision };
}
