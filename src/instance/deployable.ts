import type { DeployableRelease, Place, PlacedDeployment } from '../commands/index.ts';
import type { Database } from '../db/index.ts';
import {
  missingInputs,
  offerParts,
  readEnvironments,
  readGivenValues,
  readInputs,
  readLinks,
  readPlace,
  readSucceededIn,
  readWantedBlobs,
  type DeploymentRow,
  type ReleaseRow,
} from '../projections/index.ts';

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
  const parts = offerParts(release, readWantedBlobs(db), holds);
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
