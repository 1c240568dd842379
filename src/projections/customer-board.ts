import type { Database } from '../db/index.ts';
import { prepareCustomerRows, type NamedLink } from './customer-rows.ts';
import { isTroubled } from './fleet-view.ts';
import type { Fold, Projection } from './projection.ts';
import type { FleetRow } from './views.ts';

/**
 * One row a customer: whether it needs a look, and how far it is behind. It follows from other read models, so it stands
 * behind them in the order of folds, and is made anew for each customer that an entry may have changed.
 */
export const customerBoard: Projection = {
  name: 'customer-board',
  tables: ['customer'],
  prepare(db) {
    const stand = prepareStanding(db);
    const concernedBy = db
      .prepare<[string, string], string>(
        `SELECT link FROM publication WHERE digest = ? UNION SELECT link FROM fleet WHERE digest = ?`,
      )
      .pluck();
    const links = new Set<string>();
    const releases = new Set<string>();
    const apply: Fold['apply'] = ({ event, place }) => {
      switch (event.name) {
        case 'link.invited':
        case 'link.accepted':
        case 'link.removed':
          links.add(event.data.link);
          return;
        case 'release.offered':
          if (place.kind === 'outward') links.add(place.link);
          return;
        case 'receipt.given':
        case 'offer.answered':
        case 'deployment.reported':
          if (place.kind === 'inward') links.add(place.link);
          return;
        case 'release.created':
        case 'release.withdrawn':
          if (place.kind === 'self') releases.add(event.data.digest);
          return;
        default:
      }
    };
    const save = (): void => {
      for (const digest of releases) for (const link of concernedBy.all(digest, digest)) links.add(link);
      if (links.size > 0) stand(links);
      links.clear();
      releases.clear();
    };
    return { apply, save };
  },
};

/** Writes how the customers of links stand, or that they are none. */
function prepareStanding(db: Database): (links: Iterable<string>) => void {
  const rowsAt = prepareCustomerRows(db);
  const named = db.prepare<[string], NamedLink>(
    `SELECT link, name FROM link WHERE link = ? AND state <> 'removed'`,
  );
  const put = db.prepare(
    `INSERT INTO customer (link, name, rank, up_to_date, behind, troubled, behind_most)
     VALUES (:link, :name, :rank, :upToDate, :behind, :troubled, :behindMost)
     ON CONFLICT (link) DO UPDATE
        SET name = excluded.name, rank = excluded.rank, up_to_date = excluded.up_to_date,
            behind = excluded.behind, troubled = excluded.troubled, behind_most = excluded.behind_most`,
  );
  const drop = db.prepare('DELETE FROM customer WHERE link = ?');
  return (links) => {
    // Ages are not kept, so that any moment will do.
    const rowsOf = rowsAt(0);
    for (const link of links) {
      const customer = named.get(link);
      const rows = customer === undefined ? [] : rowsOf(customer);
      if (rows.length === 0) drop.run(link);
      else put.run({ ...customer, ...standingOf(rows) });
    }
  };
}

/** How the rows of a customer are counted, and where it stands among others. */
export function standingOf(rows: readonly FleetRow[]): {
  readonly rank: number;
  readonly upToDate: number;
  readonly behind: number;
  readonly troubled: number;
  readonly behindMost: number;
} {
  const runs = rows.filter(({ release }) => release !== null);
  const behind = runs.filter((row) => row.behind > 0).length;
  const troubled = rows.filter(isTroubled).length;
  const behindMost = Math.max(0, ...rows.map((row) => row.behind));
  return {
    rank: troubled > 0 ? 0 : behindMost > 0 ? 1 : 2,
    upToDate: runs.length - behind,
    behind,
    troubled,
    behindMost,
  };
}
