import { existsSync } from 'node:fs';
import {
  CommandError,
  onceGivenUp,
  requestUninstall,
  uninstallTarget,
  type Decision,
  type Place,
  type PlacedDeployment,
} from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import { placeOf, type Instance } from '../../instance/index.ts';
import type { Step } from '../../process/index.ts';
import { findDeployment, readApplications, type ReleaseRow } from '../../projections/index.ts';
import { deployableRelease } from './obstacle.ts';
import { releaseOfRun } from './release-of-run.ts';
import { giveUp } from './give-up.ts';
import { heldRevision } from '../told/revisions.ts';

/** What is to be taken away, and the id that the run for it is to have. */
export type Taking = {
  readonly process: string;
  readonly link: string;
  readonly environment: string;
  readonly deployment: string;
  readonly onFailure?: 'ask' | 'fail' | 'ignore' | 'retry' | undefined;
};

/** What is taken away, and the run that is given up for it. */
export type TakenAway = { readonly release: ReleaseRow; readonly open: PlacedDeployment | undefined };

/** What is recorded of a run that is given up so that all of it is taken away. */
export const forTakingAway = 'given up to uninstall';

/**
 * The release that is taken away in one environment, if that may begin there once what is open is given up.
 *
 * @throws CommandError NOTHING_TO_UNINSTALL, NO_UNINSTALL, and what is in the way of it
 */
export function wayOut(instance: Instance, db: Database, wish: Taking): TakenAway {
  const { place, release, ask } = planned(instance, db, wish);
  ask(onceGivenUp(place));
  return { release, open: place.open };
}

/**
 * Asks for the steps that take away what runs in one environment; a run that was interrupted is given up for it.
 *
 * @throws CommandError NOTHING_TO_UNINSTALL, NO_UNINSTALL; DEPLOYMENT_HELD where something waits or runs there
 */
export function takeAway(
  instance: Instance,
  db: Database,
  wish: Taking,
): TakenAway & { readonly decision: Decision } {
  const { place, release, ask } = planned(instance, db, wish);
  const { open } = place;
  const row = open?.state === 'interrupted' ? findDeployment(db, open.deployment) : undefined;
  const decision =
    row === undefined
      ? ask(place)
      : [...giveUp(instance, db, row, forTakingAway), ...ask(onceGivenUp(place))];
  return { release, open, decision };
}

function planned(
  instance: Instance,
  db: Database,
  { process, link, environment, deployment, onFailure }: Taking,
): { readonly place: Place; readonly release: ReleaseRow; readonly ask: (place: Place) => Decision } {
  const place = placeOf(db, process, link, environment);
  const target = uninstallTarget(process, onceGivenUp(place));
  const release = releaseOfRun(db, { link, ...target });
  const hasUninstall = uninstallStepsOf(instance, release) !== undefined;
  const wanted = { ...deployableRelease(instance, db, release, environment), hasUninstall };
  const ask = (where: Place): Decision =>
    requestUninstall(wanted, where, {
      deployment,
      of: target.deployment,
      ...(onFailure !== undefined && { onFailure }),
    });
  return { place, release, ask };
}

/** The steps that its process has for taking a release away; undefined where there are none. */
export function uninstallStepsOf(instance: Instance, release: ReleaseRow): readonly Step[] | undefined {
  const revision = heldRevision(instance, release.document.revision.digest);
  if (revision !== undefined) return revision.uninstall;
  throw new CommandError(
    'RELEASE_INCOMPLETE',
    `Cannot uninstall ${release.process} ${release.number}: its process revision is not here any more`,
    {
      hint: 'Have the release sent again, or take it away by hand.',
      details: { revision: release.document.revision.digest },
    },
  );
}

/** The folders that a process put something into and that are there still; steps may have emptied them. */
export function foldersLeft(
  { db }: Instance,
  place: { readonly link: string; readonly process: string; readonly environment: string },
): string[] {
  const folders = readApplications(db, place).flatMap(({ extractedTo, installedTo }) =>
    installedTo === null ? [extractedTo] : [extractedTo, installedTo],
  );
  return [...new Set(folders)].filter((folder) => existsSync(folder));
}
