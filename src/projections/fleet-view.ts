import { conventionNumber } from './deployment-view.ts';
import type { FleetStateRow } from './fleet-board.ts';
import type { LinkRow } from './link-board.ts';
import type { PublicationRow, ReleaseRow } from './release-board.ts';
import type { FleetRow } from './views.ts';

type KnownCustomer = Pick<LinkRow, 'link' | 'name' | 'state' | 'heardAt'>;

/** What the fleet is made of; `now` only makes ages. */
export type FleetFacts = {
  readonly links: readonly KnownCustomer[];
  readonly releases: readonly ReleaseRow[];
  readonly publications: readonly PublicationRow[];
  readonly states: readonly FleetStateRow[];
  readonly now: number;
};

const iso = (at: number): string => new Date(at).toISOString();

/**
 * Customers × environments, as this side knows them: what runs there, the last attempt, how old the knowledge is, how
 * many published releases it is behind, and what keeps it there. A customer that has reported nothing of a process
 * has one row without an environment.
 */
export function fleetView({ links, releases, publications, states, now }: FleetFacts): FleetRow[] {
  const own = releases.filter(({ link }) => link === '');
  const byDigest = new Map(own.map((release) => [release.digest, release]));
  const publishedByLink = Map.groupBy(publications, ({ link }) => link);
  const statesByLink = Map.groupBy(states, ({ link }) => link);

  return links
    .filter(({ state, link }) => state !== 'removed' && (publishedByLink.has(link) || statesByLink.has(link)))
    .flatMap((link) => {
      const published = publishedByLink.get(link.link) ?? [];
      const places = statesByLink.get(link.link) ?? [];
      const silent = new Set(published.map(({ digest }) => byDigest.get(digest)?.process ?? ''));
      for (const { process } of places) silent.delete(process);
      return [
        ...places.map((place) => placeRow(link, place, published, byDigest, now)),
        ...[...silent].map((process) => silentRow(link, process, published, byDigest, now)),
      ];
    });
}

type Releases = ReadonlyMap<string, ReleaseRow>;

function placeRow(
  link: KnownCustomer,
  place: FleetStateRow,
  published: readonly PublicationRow[],
  releases: Releases,
  now: number,
): FleetRow {
  const current = place.digest === null ? undefined : releases.get(place.digest);
  const newer = newerThan(current, place.process, published, releases);
  return {
    customer: link.name,
    environment: place.environment,
    process: place.process,
    release: place.number,
    state: place.state,
    lastAttempt: {
      release: place.lastNumber,
      state: place.state,
      at: iso(place.lastAt),
      deployment: place.lastDeployment,
    },
    asOf: iso(place.asOf),
    ageSeconds: ageOf(place.asOf, now),
    behind: newer.length,
    blockedBy: blockedBy(place, newer, releases),
    withdrawn: current?.withdrawn ?? null,
  };
}

function silentRow(
  link: KnownCustomer,
  process: string,
  published: readonly PublicationRow[],
  releases: Releases,
  now: number,
): FleetRow {
  const waiting = newerThan(undefined, process, published, releases);
  const last = waiting.at(-1);
  return {
    customer: link.name,
    environment: null,
    process,
    release: null,
    state: last?.state ?? 'unknown',
    lastAttempt: null,
    asOf: link.heardAt === null ? null : iso(link.heardAt),
    ageSeconds: link.heardAt === null ? null : ageOf(link.heardAt, now),
    behind: waiting.length,
    blockedBy: last === undefined ? null : waitsFor(last),
    withdrawn: null,
  };
}

/** The releases published to a customer after the one that runs there, withdrawn ones left out. */
function newerThan(
  current: ReleaseRow | undefined,
  process: string,
  published: readonly PublicationRow[],
  releases: Releases,
): PublicationRow[] {
  return published.filter(({ digest }) => {
    const release = releases.get(digest);
    if (release === undefined || release.process !== process || release.withdrawn !== null) return false;
    return current === undefined || release.position > current.position;
  });
}

function blockedBy(
  place: FleetStateRow,
  newer: readonly PublicationRow[],
  releases: Releases,
): string | null {
  if (place.state === 'failed') {
    // A customer may keep the reason to itself; then the place is all there is to say.
    if (place.error !== null) return `${place.lastNumber} failed: ${place.error}`;
    const at =
      place.failedAt === null
        ? null
        : (JSON.parse(place.failedAt) as { stepId: string; convention: number | 'F' });
    const where = at === null ? '' : ` at step ${at.stepId}, convention ${conventionNumber(at.convention)}`;
    return `${place.lastNumber} failed${where}`;
  }
  if (place.state === 'interrupted') return `${place.lastNumber} was interrupted; a person decides there`;
  const last = newer.at(-1);
  const rolledBack = place.lastReason === 'rollback' ? `rolled back to ${place.lastNumber}` : null;
  const waits = last === undefined ? null : waitsFor(last);
  if (last === undefined || waits === null) return rolledBack;
  const number = releases.get(last.digest)?.number ?? '';
  return [rolledBack, `${number} ${waits}`].filter((part) => part !== null).join('; ');
}

function waitsFor(publication: PublicationRow): string | null {
  const because = publication.reason === null ? '' : `: ${publication.reason}`;
  switch (publication.state) {
    case 'queued':
      return 'not yet told';
    case 'delivered':
      return 'waits for the customer';
    case 'refused':
    case 'postponed':
    case 'failed':
    case 'interrupted':
    case 'cancelled':
      return `${publication.state}${because}`;
    default:
      return null;
  }
}

/** Whole seconds since then; a clock that runs ahead over there gives 0. */
export function ageOf(at: number, now: number): number {
  return Math.max(0, Math.floor((now - at) / 1000));
}
