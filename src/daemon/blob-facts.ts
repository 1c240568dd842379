import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CommandError, rollbackTarget, type BlobFacts, type NamingRelease } from '../commands/index.ts';
import type { Database } from '../db/index.ts';
import { ExecutorError, readPlan } from '../executor/index.ts';
import { placeOf, type Instance } from '../instance/index.ts';
import {
  linkNames,
  readChunkLists,
  readDeployments,
  readEveryOwedBlob,
  readFleetState,
  readLinks,
  readOpenDeployments,
  readOwnDocuments,
  readPackageFiles,
  readReleases,
  readWantedBlobs,
  type DeploymentRow,
  type LinkRow,
  type ReleaseRow,
} from '../projections/index.ts';

/** All that decides which files of the store are needed, as it is known now. */
export function blobFacts(instance: Instance, db: Database, unreleased: boolean): BlobFacts {
  const releases = readReleases(db);
  const links = new Map(readLinks(db).map((row) => [row.link, row]));
  const needed = neededReleases(db, releases);
  return {
    releases: releases.map((release): NamingRelease => ({
      link: release.link,
      document: release.document,
      closed: closedBecause(release, links.get(release.link)),
      needed: needed.get(keyOf(release)) ?? null,
    })),
    files: readPackageFiles(db),
    wanted: readWantedBlobs(db).flatMap(({ link, digest, sizeBytes, what, pin, removed }) =>
      removed ? [] : [{ link, digest, sizeBytes, what: pin === null ? what : `${pin.id} ${pin.version}` }],
    ),
    lists: readChunkLists(db),
    owed: readEveryOwedBlob(db),
    planned: plannedFiles(instance, readOpenDeployments(db)),
    documents: readOwnDocuments(db),
    holds: (digest) => instance.holds(digest),
    unreleased,
  };
}

const keyOf = ({ link, digest }: { readonly link: string; readonly digest: string }): string =>
  `${link} ${digest}`;

/** Why a release can't be deployed any more; null where it can, now or when its link is confirmed or it is accepted. */
function closedBecause({ link, withdrawn, answer }: ReleaseRow, from: LinkRow | undefined): string | null {
  if (withdrawn !== null) return 'its release was withdrawn';
  if (link === '') return null;
  if (from === undefined || from.state === 'removed') return 'the link it came by was removed';
  return answer?.answer === 'refused' ? 'its release was refused' : null;
}

/** Releases that are needed though they may be closed: what runs, what ran before it, and runs that are not over. */
function neededReleases(db: Database, releases: readonly ReleaseRow[]): Map<string, string> {
  const needed = new Map<string, string>();
  const need = (row: { readonly link: string; readonly digest: string }, why: string): void => {
    if (!needed.has(keyOf(row))) needed.set(keyOf(row), why);
  };
  for (const row of readOpenDeployments(db)) need(row, 'a run that is not over needs it');
  for (const [newest, ...earlier] of placesOf(db)) {
    if (newest === undefined) continue;
    const { environment, link, process } = newest;
    need(newest, `it runs in ${environment}`);
    for (const digest of goneBackTo(db, newest, earlier))
      need({ link, digest }, `${environment} can go back to it in ${process}`);
  }
  const names = linkNames(readLinks(db));
  const own = new Set(releases.flatMap(({ link, digest }) => (link === '' ? [digest] : [])));
  for (const { link, digest, lastDigest, environment } of readFleetState(db))
    for (const each of [digest, lastDigest])
      if (each !== null && own.has(each))
        need({ link: '', digest: each }, `it runs at ${names.get(link) ?? link} in ${environment}`);
  return needed;
}

/** What succeeded, by environment and process of an author, the newest first. */
function placesOf(db: Database): Iterable<DeploymentRow[]> {
  const succeeded = readDeployments(db, -1).filter(
    ({ state, reason }) => state === 'succeeded' && reason !== 'uninstall',
  );
  return Map.groupBy(succeeded, ({ environment, link, process }) =>
    [environment, link, process].join('\n'),
  ).values();
}

/** What ran before that which runs now, and what a rollback would go to. */
function goneBackTo(db: Database, now: DeploymentRow, earlier: readonly DeploymentRow[]): string[] {
  const before = earlier.find(({ digest }) => digest !== now.digest);
  const target = rollbackOf(db, now);
  return [...(before === undefined ? [] : [before.digest]), ...(target === undefined ? [] : [target])];
}

function rollbackOf(db: Database, { process, link, environment }: DeploymentRow): string | undefined {
  try {
    return rollbackTarget(process, placeOf(db, process, link, environment)).digest;
  } catch (error) {
    if (error instanceof CommandError && error.code === 'NOTHING_TO_ROLL_BACK') return undefined;
    throw error;
  }
}

/** The files that the frozen plans of these runs name. */
function plannedFiles({ folder }: Instance, open: readonly DeploymentRow[]): Set<string> {
  const digests = new Set<string>();
  for (const { deployment } of open) {
    const run = folder.run(deployment);
    if (!existsSync(join(run, 'plan.json'))) continue;
    for (const file of filesOf(run)) digests.add(basename(file));
  }
  return digests;
}

function filesOf(runFolder: string): string[] {
  try {
    return readPlan(runFolder).steps.flatMap(({ action }) =>
      action.kind !== 'package'
        ? []
        : [action.package.file, action.previous?.file, action.previousSuccessful?.file].flatMap(
            (file) => file ?? [],
          ),
    );
  } catch (error) {
    // A run whose plan can't be read does not go on; what its release names is kept all the same.
    if (error instanceof ExecutorError && error.code === 'RUN_UNREADABLE') return [];
    throw error;
  }
}
