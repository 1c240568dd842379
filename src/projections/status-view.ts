import { expectedDuration } from './expected-duration.ts';
import assert from 'node:assert/strict';
import type { Database } from '../db/index.ts';
import { readHeader, type PackagePin, type ReleaseDocument } from '../events/index.ts';
import {
  readDeployments,
  readSteps,
  readWaits,
  readSucceededIn,
  type DeploymentRow,
} from './deployment-queue.ts';
import { deploymentView } from './deployment-view.ts';
import { fleetRows } from './fleet-page.ts';
import { readInputs } from './input-board.ts';
import { readLink, readLinks, type LinkRow } from './link-board.ts';
import { livingFirst, prepareLinkNames } from './link-names.ts';
import { linkViews, type LinkFacts } from './link-view.ts';
import { fileFor, readPackages } from './package-shelf.ts';
import { readEnvironments } from './place-board.ts';
import { nameKey } from './projection.ts';
import { missingInputs } from './readiness.ts';
import { refusalInWords } from './refusal.ts';
import {
  readGivenValues,
  readReleases,
  readWantedBlobs,
  type ReleaseRow,
  type WantedBlob,
} from './release-board.ts';
import type {
  Attempt,
  EnvironmentView,
  FeedView,
  MissingInputView,
  OfferView,
  OutboundLine,
  ReleaseView,
  StatusView,
} from './views.ts';

/** What is shown that no read model knows: who this is, what the store holds, what just happened. */
export type StatusFacts = LinkFacts & {
  readonly instance: StatusView['instance'];
  readonly warnings: StatusView['warnings'];
  readonly outbound: readonly OutboundLine[];
  readonly notes: (document: ReleaseDocument) => string | null;
  /** How many deployments are shown, newest first. */
  readonly deploymentsMax: number;
};

const iso = (at: number): string => new Date(at).toISOString();

/** Everything there is to tell of an instance, whole. */
export function statusView(
  db: Database,
  facts: StatusFacts & { readonly feeds: readonly FeedView[]; readonly entries: number },
): StatusView {
  const known = readKnown(db);
  const { instance, now, warnings, ...parts } = commonParts(db, facts, known);
  return {
    instance,
    now,
    warnings,
    links: linkViews(db, livingFirst(readLinks(db)), facts),
    fleet: fleetRows(db, facts.now),
    releases: ownReleases(known).map((release) => releaseView(db, release, known)),
    ...parts,
    log: { entries: facts.entries, feeds: facts.feeds },
  };
}

/** What several parts are made of, read once. */
export type Known = {
  readonly releases: readonly ReleaseRow[];
  readonly deployments: readonly DeploymentRow[];
};

export function readKnown(db: Database): Known {
  return { releases: readReleases(db), deployments: readDeployments(db) };
}

/** The parts that are told whole wherever they are told. */
export type CommonParts = Omit<StatusView, 'links' | 'fleet' | 'releases' | 'log'>;

/** Reads the parts of which there are never thousands, or that are told by their newest. */
export function commonParts(db: Database, facts: StatusFacts, { releases, deployments }: Known): CommonParts {
  const nameOf = prepareLinkNames(db);
  const withdrawnOf = (row: DeploymentRow): string | null =>
    releases.find(({ link, digest }) => link === row.link && digest === row.digest)?.withdrawn ?? null;
  const living = releases.filter(({ link }) => link === '' || !nameOf(link).isRemoved);
  const named = (link: string): string | null => (link === '' ? null : nameOf(link).name);
  return {
    instance: facts.instance,
    now: iso(facts.now),
    warnings: [...facts.warnings, ...withdrawnRuns(db, deployments, withdrawnOf)],
    offers: offerViews(
      db,
      living.filter(({ link }) => link !== ''),
      facts,
    ),
    missingInputs: missingInputViews(db, living, named),
    environments: readEnvironments(db).map((environment) => ({
      ...environment,
      runs: runsIn(environment.name, deployments, withdrawnOf).map((run) => ({
        ...run,
        link: named(run.link),
      })),
      attempts: attemptsIn(environment.name, deployments).map((row) => ({
        ...attempt(row),
        link: named(row.link),
        process: row.process,
        release: row.number,
      })),
    })),
    deployments: deployments.slice(0, facts.deploymentsMax).map((row) =>
      deploymentView(row, readSteps(db, row.deployment), readWaits(db, row.deployment), {
        linkName: named(row.link),
        withdrawn: withdrawnOf(row),
      }),
    ),
    packages: readPackages(db).map(({ pin, signer, signerFingerprint }) => ({
      ...pin,
      signer,
      signerFingerprint,
    })),
    outbound: facts.outbound,
  };
}

/** Releases made here, newest first. */
export function ownReleases({ releases }: Known): ReleaseRow[] {
  return releases.filter(({ link }) => link === '').toReversed();
}

/** A release made here, with everybody that it was published to. */
export function releaseView(db: Database, release: ReleaseRow, known: Known): ReleaseView {
  return { ...releaseFacts(db, release, known), publishedTo: publishedTo(db, release.digest) };
}

/** A release without what became of it at customers. */
export function releaseFacts(
  db: Database,
  release: ReleaseRow,
  { deployments }: Known,
): Omit<ReleaseView, 'publishedTo'> {
  const { digest } = release;
  const here = deployments.filter((row) => row.link === '' && row.digest === digest);
  return {
    process: release.process,
    release: release.number,
    digest,
    processRevision: release.document.revision.number,
    createdAt: iso(release.createdAt),
    deployedTo: readSucceededIn(db, '', digest),
    lastRuns: newestOf(here, ({ environment }) => environment)
      .toReversed()
      .map((row) => ({ environment: row.environment, ...attempt(row) })),
    tests: release.tests,
    verdict: release.verdict,
    withdrawn: release.withdrawn,
  };
}

/** What became of a release at each customer, in the order of publication; those of one moment by name. */
export function publishedTo(db: Database, digest: string): ReleaseView['publishedTo'] {
  const rows = db
    .prepare(
      `SELECT coalesce(name, publication.link) AS name, publication.state, state_at AS stateAt
         FROM publication LEFT JOIN link ON link.link = publication.link
        WHERE digest = ? AND link.state IS NOT 'removed' ORDER BY published_at, name, publication.link`,
    )
    .all(digest) as { name: string; state: ReleaseView['publishedTo'][number]['state']; stateAt: number }[];
  return rows.map(({ name, state, stateAt }) => ({ customer: name, state, at: iso(stateAt) }));
}

/** What runs in an environment now: the last success of each process of each author. */
export function runsIn(
  environment: string,
  deployments: readonly DeploymentRow[],
  withdrawnOf: (row: DeploymentRow) => string | null,
): (EnvironmentView['runs'][number] & { readonly link: string })[] {
  const here = deployments.filter((row) => row.environment === environment && row.state === 'succeeded');
  const there = newestOf(here, processOf).filter(({ reason }) => reason !== 'uninstall');
  return there.map((row) => ({
    link: row.link,
    process: row.process,
    release: row.number,
    since: iso(row.endedAt ?? row.requestedAt),
    withdrawn: withdrawnOf(row),
  }));
}

/** What was tried in an environment since, and did not come to run there. */
function attemptsIn(environment: string, deployments: readonly DeploymentRow[]): DeploymentRow[] {
  const here = deployments.filter((row) => row.environment === environment);
  return newestOf(here, processOf).filter(
    ({ state, reason }) => state !== 'succeeded' || reason === 'uninstall',
  );
}

const processOf = ({ link, process }: DeploymentRow): string => `${link}\n${process}`;

/** The first row of each key: rows come newest first. */
function newestOf(rows: readonly DeploymentRow[], keyOf: (row: DeploymentRow) => string): DeploymentRow[] {
  const newest = new Map<string, DeploymentRow>();
  for (const row of rows) if (!newest.has(keyOf(row))) newest.set(keyOf(row), row);
  return [...newest.values()];
}

function attempt(row: DeploymentRow): Attempt {
  return {
    deployment: row.deployment,
    state: row.state === 'succeeded' && row.reason === 'uninstall' ? 'uninstalled' : row.state,
    at: iso(row.endedAt ?? row.startedAt ?? row.requestedAt),
  };
}

function withdrawnRuns(
  db: Database,
  deployments: readonly DeploymentRow[],
  withdrawnOf: (row: DeploymentRow) => string | null,
): StatusView['warnings'] {
  return readEnvironments(db).flatMap(({ name }) =>
    runsIn(name, deployments, withdrawnOf)
      .filter(({ withdrawn }) => withdrawn !== null)
      .map(({ process, release, withdrawn }) => ({
        code: 'RUNS_WITHDRAWN',
        message: `${name} runs ${process} ${release}, which was withdrawn: ${withdrawn}`,
      })),
  );
}

/** What an offer lacks here and what of it was refused, in words. */
export function offerParts(
  release: ReleaseRow,
  wanted: readonly WantedBlob[],
  holds: (digest: string) => boolean,
): { lacking: string[]; refused: string[] } {
  const mine = wanted.filter(({ link }) => link === release.link);
  const named = new Set<string>([
    release.document.revision.digest,
    ...(release.document.notes === null ? [] : [release.document.notes.digest]),
    ...release.document.packages.map(({ sha256 }) => sha256),
  ]);
  const lacking: string[] = [];
  const refused: string[] = [];
  for (const blob of mine.filter(({ digest }) => named.has(digest))) {
    const what = blob.pin === null ? blob.what : `${blob.pin.id} ${blob.pin.version}`;
    // Of a package any file that verified for this link will do, if it is the same content.
    const here = blob.pin === null ? holds(blob.digest) : blob.files.some(holds);
    const misnamed = blob.pin === null ? undefined : misnamedIn(release, blob.digest, blob.pin);
    if (misnamed !== undefined) refused.push(misnamed);
    else if (here) continue;
    else if (blob.removed)
      lacking.push(`${what} (given up here, since no release that could be deployed named it)`);
    else if (blob.refused === null) lacking.push(what);
    else refused.push(refusalInWords(blob));
  }
  return { lacking, refused };
}

/** Where one release takes a file for one package and another for another, one of them is wrong. */
function misnamedIn({ document }: ReleaseRow, digest: string, known: PackagePin): string | undefined {
  const other = document.packages.find(
    (pin) =>
      pin.sha256 === digest &&
      (nameKey(pin.id) !== nameKey(known.id) ||
        nameKey(pin.version) !== nameKey(known.version) ||
        pin.contentDigest !== known.contentDigest),
  );
  return (
    other &&
    `${other.id} ${other.version}: the file it names was offered as ${known.id} ${known.version}, content ${known.contentDigest}`
  );
}

function offerViews(db: Database, releases: readonly ReleaseRow[], facts: StatusFacts): OfferView[] {
  if (releases.length === 0) return [];
  const wanted = readWantedBlobs(db);
  const givenUp = new Set(
    wanted.flatMap(({ link, digest, removed }) => (removed ? [`${link} ${digest}`] : [])),
  );
  const links = new Map([...new Set(releases.map(({ link }) => link))].map((id) => [id, readLink(db, id)]));
  return releases.toReversed().map((release) => {
    const link = links.get(release.link);
    const { refused } = offerParts(release, wanted, facts.holds);
    const { state, reason } = offerState(release, link, refused);
    return {
      link: link?.name ?? release.link,
      process: release.process,
      release: release.number,
      digest: release.digest,
      state,
      reason,
      until: release.answer?.until ?? null,
      offeredAt: iso(writtenAt(db, release)),
      packages: release.document.packages.map((pin) => ({
        id: pin.id,
        version: pin.version,
        sizeBytes: pin.sizeBytes,
        held: fileFor(db, release.link, pin, facts.holds) !== undefined,
        ...(givenUp.has(`${release.link} ${pin.sha256}`) && { removed: true as const }),
      })),
      inputs: release.document.inputs.map(({ name, label, secret, required }) => ({
        name,
        label,
        secret,
        required,
      })),
      notes: facts.notes(release.document),
      expectedMs: expectedDuration(db, release)?.ms ?? null,
    };
  });
}

/** When the entry that offers a release was written, by its author's clock: the release itself is often older. */
function writtenAt(db: Database, { position }: ReleaseRow): number {
  const entry = db.prepare(`SELECT bytes FROM entry WHERE pos = ?`).get(position) as
    | { bytes: Uint8Array }
    | undefined;
  assert(entry !== undefined, 'what a release was read from stays in the log');
  return readHeader(entry.bytes).at;
}

function offerState(
  release: ReleaseRow,
  link: LinkRow | undefined,
  refusedParts: readonly string[],
): { state: OfferView['state']; reason: string | null } {
  if (release.withdrawn !== null) return { state: 'withdrawn', reason: release.withdrawn };
  if (link?.state !== 'confirmed') {
    return {
      state: 'blocked',
      reason: `the link is ${link?.state ?? 'unknown'}: compare the words and confirm it`,
    };
  }
  if (refusedParts.length > 0) return { state: 'blocked', reason: refusedParts.join('; ') };
  if (release.answer === null) return { state: 'offered', reason: null };
  return { state: release.answer.answer as OfferView['state'], reason: release.answer.reason };
}

/** Required inputs without a value, for every offer that may still be deployed and every environment. */
function missingInputViews(
  db: Database,
  releases: readonly ReleaseRow[],
  named: (link: string) => string | null,
): MissingInputView[] {
  const inputs = readInputs(db);
  const environments = readEnvironments(db);
  const newest = new Map<string, ReleaseRow>();
  for (const release of releases) {
    if (release.answer?.answer === 'refused') continue;
    if (release.withdrawn === null) newest.set(`${release.link}\n${release.process}`, release);
  }
  return [...newest.values()].flatMap((release) => {
    const known = { inputs, given: readGivenValues(db, release.link, false) };
    const link = named(release.link);
    return environments.flatMap(({ name: environment }) =>
      missingInputs(release.document, environment, known).map(({ name, label, secret }) => ({
        link,
        process: release.process,
        release: release.number,
        environment,
        name,
        label,
        secret,
      })),
    );
  });
}
