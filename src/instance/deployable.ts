import type { DeployableRelease, Place, PlacedDeployment } from '../commands/index.ts';
import type { Database } from '../db/index.ts';
import {
  fileFor,
  findPackage,
  missingInputs,
  offerParts,
  readEnvironments,
  readGivenValues,
  readInputs,
  readLinks,
  readPlace,
  readRemovedPackages,
  readSucceededIn,
  readWantedBlobs,
  type DeploymentRow,
  type ReleaseRow,
} from '../projections/index.ts';
import { moment } from '../words.ts';

/** What deciding about a deployment of this release to this environment needs to know. */
export function deployable(
  db: Database,
  release: ReleaseRow,
  environment: string,
  holds: (digest: string) => boolean,
): DeployableRelease {
  const link = readLinks(db).find((row) => row.link === release.link);
  const known = { inputs: readInputs(db), given: readGivenValues(db, release.link, false) };
  // A package is found good for the link it came by: another company's signature is none for this one.
  const parts =
    release.link === ''
      ? { lacking: ownLacking(db, release, holds), refused: [] }
      : offerParts(release, readWantedBlobs(db), holds);
  return {
    link: release.link,
    linkName: link?.name ?? null,
    linkState: link?.state ?? null,
    process: release.process,
    number: release.number,
    digest: release.digest,
    withdrawn: release.withdrawn,
    answer: release.answer,
    succeededIn: new Set(readSucceededIn(db, release.link, release.digest)),
    lacking: parts.lacking,
    refusedParts: parts.refused,
    missingInputs: missingInputs(release.document, environment, known).map(({ name }) => name),
  };
}

/** Packages of an own release of which no file is here any more. */
function ownLacking(db: Database, release: ReleaseRow, holds: (digest: string) => boolean): string[] {
  const removed = readRemovedPackages(db);
  return release.document.packages.flatMap((pin) => {
    // What was never on the shelf was made by other means than ours, and is found out when it runs.
    const gone = removed.find((row) => row.link === '' && row.pin.contentDigest === pin.contentDigest);
    const known = findPackage(db, '', pin.id, pin.version) ?? gone;
    if (known === undefined || fileFor(db, '', pin, holds) !== undefined) return [];
    const why =
      gone === undefined
        ? 'its file is gone'
        : `removed by gc on ${moment(gone.removedAt)}, since ${gone.why}`;
    return [`${pin.id} ${pin.version} (${why})`];
  });
}

const placed = (row: DeploymentRow): PlacedDeployment => ({
  deployment: row.deployment,
  number: row.number,
  digest: row.digest,
  state: row.state,
  requestedBy: row.requestedBy,
  reason: row.reason,
  began: row.startedAt !== null,
});

/** What is under way, and what went before, for one process in one environment. */
export function placeOf(db: Database, process: string, link: string, environment: string): Place {
  const here = readPlace(db, link, process, environment);
  const open = here.find(({ state }) => ['waiting', 'running', 'interrupted'].includes(state));
  return {
    environments: readEnvironments(db),
    environment,
    open: open && placed(open),
    past: here.filter((row) => row !== open).map(placed),
  };
}
