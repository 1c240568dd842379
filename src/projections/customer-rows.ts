import type { Database } from '../db/index.ts';
import { prepareFleetState } from './fleet-board.ts';
import { fleetView, type KnownCustomer, type OfferedRelease, type OwnRelease } from './fleet-view.ts';
import type { FleetRow } from './views.ts';

/** A link by its id and name. */
export type NamedLink = { readonly link: string; readonly name: string };

/** The rows of the fleet that are one customer's; none where nothing was published to it and it reported nothing. */
export type CustomerRows = (customer: NamedLink) => FleetRow[];

/** Reads of one customer no more than its own, however many there are; call it anew for each moment to look at. */
export function prepareCustomerRows(db: Database): (now: number) => CustomerRows {
  const heard = db.prepare<[string], number | null>(`SELECT heard_at FROM link WHERE link = ?`).pluck();
  const statesOf = prepareFleetState(db);
  const offeredTo = db.prepare<[string], OfferedRelease>(
    `SELECT digest, state, reason FROM publication INDEXED BY publication_by_link
      WHERE link = ? ORDER BY published_at, seq`,
  );
  const ownRelease = db.prepare<[string], OwnRelease>(
    `SELECT digest, process, number, position, withdrawn FROM release INDEXED BY release_in_short
      WHERE link = '' AND digest = ?`,
  );
  const pending = db
    .prepare<[], string>(`SELECT link FROM link INDEXED BY link_by_state WHERE state = 'pending'`)
    .pluck();
  return (now) => {
    // They are few: most rows of links need not be read for it.
    const unsure = new Set(pending.all());
    const known = new Map<string, OwnRelease | undefined>();
    const releaseOf = (digest: string): OwnRelease | undefined => {
      if (!known.has(digest)) known.set(digest, ownRelease.get(digest));
      return known.get(digest);
    };
    return ({ link, name }) => {
      const offered = offeredTo.all(link);
      const states = statesOf(link);
      if (offered.length === 0 && states.length === 0) return [];
      const customer: KnownCustomer = {
        name,
        compared: !unsure.has(link),
        // Only who has reported nothing is known by this, and the row of a link is long.
        get heardAt() {
          return heard.get(link) ?? null;
        },
      };
      return fleetView({ customer, releaseOf, offered, states, now });
    };
  };
}
