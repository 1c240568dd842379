import { count, took } from '../words.ts';
import { conventionNumber } from './deployment-view.ts';
import type { FleetStateRow } from './fleet-board.ts';
import type { LinkRow } from './link-board.ts';
import type { PublicationRow, ReleaseRow } from './release-board.ts';
import type { FleetRow } from './views.ts';

/** A link as the fleet knows it. */
export type KnownCustomer = Pick<LinkRow, 'name' | 'heardAt'> & {
  /** False where it answered by a bundle, and nobody has compared its words yet. */
  readonly compared: boolean;
};

/** Of a release of this side what distances are told from. */
export type OwnRelease = Pick<ReleaseRow, 'digest' | 'process' | 'number' | 'position' | 'withdrawn'>;

/** A release that a customer was offered, and what became of it there. */
export type OfferedRelease = Pick<PublicationRow, 'digest' | 'state' | 'reason'>;

/** What the rows of one customer are made of, oldest offer first; `now` only makes ages. */
export type FleetFacts = {
  readonly customer: KnownCustomer;
  readonly releaseOf: (digest: string) => OwnRelease | undefined;
  readonly offered: readonly OfferedRelease[];
  readonly states: readonly FleetStateRow[];
  readonly now: number;
};

const iso = (at: number): string => new Date(at).toISOString();

/**
 * The environments of a customer, as this side knows them: what runs there, the last attempt, how old the knowledge is,
 * how many published releases it is behind, and what keeps it there. Of a process that it has reported nothing of, it has
 * one row without an environment.
 */
export function fleetView({ customer, releaseOf, offered, states, now }: FleetFacts): FleetRow[] {
  const silent = new Set(offered.map(({ digest }) => releaseOf(digest)?.process ?? ''));
  for (const { process } of states) silent.delete(process);
  return [
    ...states.map((state) => placeRow(customer, state, offered, releaseOf, now)),
    ...[...silent].map((process) => silentRow(customer, process, offered, releaseOf, now)),
  ];
}

/** Whether a person at the vendor should look at this row: the newest attempt did not end well, or can't begin. */
export function isTroubled(row: FleetRow): boolean {
  const bad = ['failed', 'interrupted', 'blocked', 'refused'];
  return (
    row.blockedBy !== null ||
    row.withdrawn !== null ||
    bad.includes(row.state) ||
    bad.includes(row.lastAttempt?.state ?? '')
  );
}

/** What was told of an attempt beside its state, in words: how long it took, its exit code, its rating, its gaps. */
export function attemptInWords({
  durationMs,
  exitCode,
  rating,
  struck,
}: NonNullable<FleetRow['lastAttempt']>): string[] {
  return [
    ...(durationMs === null ? [] : [`took ${took(durationMs)}`]),
    ...(exitCode === null ? [] : [`exit code ${exitCode}`]),
    ...(rating === null ? [] : [`rated ${rating} of 5`]),
    ...(struck === 0 ? [] : [`${count(struck, 'line')} struck out`]),
  ];
}

type Releases = FleetFacts['releaseOf'];

function placeRow(
  customer: KnownCustomer,
  place: FleetStateRow,
  published: readonly OfferedRelease[],
  releaseOf: Releases,
  now: number,
): FleetRow {
  const current = place.digest === null ? undefined : releaseOf(place.digest);
  const isGone = place.lastReason === 'uninstall' && place.state === 'succeeded';
  // Who took it away is not behind with it.
  const newer = isGone ? [] : newerThan(current, place.process, published, releaseOf);
  const state = isGone ? 'uninstalled' : place.state;
  return {
    customer: customer.name,
    compared: customer.compared,
    environment: place.environment,
    process: place.process,
    release: place.number,
    state,
    lastAttempt: {
      release: place.lastNumber,
      state,
      at: iso(place.lastAt),
      deployment: place.lastDeployment,
      durationMs: place.durationMs,
      exitCode: place.exitCode,
      rating: place.rating,
      comment: place.comment,
      struck: place.struck,
    },
    asOf: iso(place.asOf),
    ageSeconds: ageOf(place.asOf, now),
    behind: newer.length,
    blockedBy: blockedBy(place, newer, releaseOf),
    withdrawn: current?.withdrawn ?? null,
  };
}

function silentRow(
  customer: KnownCustomer,
  process: string,
  published: readonly OfferedRelease[],
  releaseOf: Releases,
  now: number,
): FleetRow {
  const { heardAt } = customer;
  const waiting = newerThan(undefined, process, published, releaseOf);
  const last = waiting.at(-1);
  return {
    customer: customer.name,
    compared: customer.compared,
    environment: null,
    process,
    release: null,
    state: last?.state ?? 'unknown',
    lastAttempt: null,
    asOf: heardAt === null ? null : iso(heardAt),
    ageSeconds: heardAt === null ? null : ageOf(heardAt, now),
    behind: waiting.length,
    blockedBy: last === undefined ? null : waitsFor(last),
    withdrawn: null,
  };
}

/** The releases published to a customer after the one that runs there, withdrawn ones left out. */
function newerThan(
  current: OwnRelease | undefined,
  process: string,
  published: readonly OfferedRelease[],
  releaseOf: Releases,
): OfferedRelease[] {
  return published.filter(({ digest }) => {
    const release = releaseOf(digest);
    if (release === undefined || release.process !== process || release.withdrawn !== null) return false;
    return current === undefined || release.position > current.position;
  });
}

function blockedBy(
  place: FleetStateRow,
  newer: readonly OfferedRelease[],
  releaseOf: Releases,
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
  const number = releaseOf(last.digest)?.number ?? '';
  return [rolledBack, `${number} ${waits}`].filter((part) => part !== null).join('; ');
}

function waitsFor(publication: OfferedRelease): string | null {
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
