import { existsSync } from 'node:fs';
import { CommandError, requestUninstall, uninstallTarget, type Decision } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import { placeOf, type Instance } from '../../instance/index.ts';
import type { Step } from '../../process/index.ts';
import { readApplications, type ReleaseRow } from '../../projections/index.ts';
import { deployableRelease } from './obstacle.ts';
import { releaseOfRun } from './release-of-run.ts';
import { heldRevision } from '../told/revisions.ts';

/** Asks for the steps that take away what runs in one environment. @throws CommandError NOTHING_TO_UNINSTALL, NO_UNINSTALL */
export function takeAway(
  instance: Instance,
  db: Database,
  wish: {
    readonly process: string;
    readonly link: string;
    readonly environment: string;
    /** The id that the new run is to have. */
    readonly deployment: string;
    readonly onFailure?: 'ask' | 'fail' | 'ignore' | 'retry';
  },
): { readonly release: ReleaseRow; readonly decision: Decision } {
  const { process, link, environment, deployment, onFailure } = wish;
  const place = placeOf(db, process, link, environment);
  const target = uninstallTarget(process, place);
  const release = releaseOfRun(db, { link, ...target });
  const hasUninstall = uninstallStepsOf(instance, release) !== undefined;
  const wanted = { ...deployableRelease(instance, db, release, environment), hasUninstall };
  const decision = requestUninstall(wanted, place, {
    deployment,
    of: target.deployment,
    ...(onFailure !== undefined && { onFailure }),
  });
  return { release, decision };
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
