import type { Database } from '../db/index.ts';
import { prepareCustomerRows, type CustomerRows, type NamedLink } from './customer-rows.ts';
import { isTroubled } from './fleet-view.ts';
import type { FleetChoice, FleetPart, FleetRow, LinkView } from './views.ts';

const customersAPage = 100;
const worstShown = 8;
const customersAPiece = 200;

/** Which rows of the fleet: of customers behind a name, of so many at most, of those that lack so many releases. */
export type FleetWish = { readonly after?: string; readonly limit?: number; readonly behind?: number };

/**
 * Rows of the fleet, customers by name, some customers at a time. Nothing is held open between the pieces: what changes
 * meanwhile may be in a later one, and each customer is as it was at one moment.
 */
export function* fleetInPieces(
  db: Database,
  now: number,
  { after = '', limit = Infinity, behind = 0 }: FleetWish,
): Generator<FleetRow[]> {
  const rowsAt = prepareCustomerRows(db);
  const piece = db.prepare<[string, string, number, number], NamedLink>(
    `SELECT link, name FROM customer INDEXED BY customer_by_name
      WHERE (name, link) > (?, ?) AND behind_most >= ? ORDER BY name, link LIMIT ?`,
  );
  // Behind every link of that name.
  let last: NamedLink = { name: after, link: after === '' ? '' : '~' };
  for (let left = limit; left > 0;) {
    const customers = piece.all(last.name, last.link, behind, Math.min(left, customersAPiece));
    const rows = customers.flatMap(rowsAt(now));
    if (customers.length > 0) yield behind === 0 ? rows : rows.filter((row) => row.behind >= behind);
    if (customers.length < customersAPiece) return;
    left -= customers.length;
    last = customers.at(-1)!;
  }
}

/** The fleet whole, customers by name. */
export function fleetRows(db: Database, now: number, wish: FleetWish = {}): FleetRow[] {
  return [...fleetInPieces(db, now, wish)].flat();
}

/** The rows of one customer after the other, of whoever is asked for. */
export function fleetOf(db: Database, now: number): CustomerRows {
  return prepareCustomerRows(db)(now);
}

/** What the page shows of the fleet: all of it counted, the customers of one page, and the first that need a look. */
export function fleetPart(
  db: Database,
  { find, page: asked }: FleetChoice,
  { now, bundleOf }: { readonly now: number; readonly bundleOf: (link: string) => LinkView['lastBundle'] },
): FleetPart {
  const rowsOf = prepareCustomerRows(db)(now);
  const totals = db
    .prepare(
      `SELECT count(*) AS customers, coalesce(sum(up_to_date), 0) AS upToDate, coalesce(sum(behind), 0) AS behind,
              coalesce(sum(troubled), 0) AS troubled FROM customer`,
    )
    .get() as Pick<FleetPart, 'customers' | 'upToDate' | 'behind' | 'troubled'>;
  const found = find === '' ? undefined : customersCalled(db, find);
  const pages = Math.max(1, Math.ceil((found?.length ?? totals.customers) / customersAPage));
  const page = Math.min(Math.max(1, asked), pages);
  const from = (page - 1) * customersAPage;
  const shown = found?.slice(from, from + customersAPage) ?? customersFrom(db, from);
  return {
    ...totals,
    shown: shown.map((customer) => ({
      customer: customer.name,
      rows: rowsOf(customer),
      lastBundle: bundleOf(customer.link),
    })),
    page,
    pages,
    worst: worstRows(db, rowsOf),
  };
}

function customersFrom(db: Database, from: number): NamedLink[] {
  return db
    .prepare<[number, number], NamedLink>(
      `SELECT link, name FROM customer INDEXED BY customer_by_rank ORDER BY rank, name, link LIMIT ? OFFSET ?`,
    )
    .all(customersAPage, from);
}

/** Customers whose name contains a text, whatever its case, in the order of the page. */
function customersCalled(db: Database, find: string): NamedLink[] {
  const wanted = find.toLowerCase();
  return db
    .prepare<[], NamedLink>(
      `SELECT link, name FROM customer INDEXED BY customer_by_rank ORDER BY rank, name, link`,
    )
    .all()
    .filter(({ name }) => name.toLowerCase().includes(wanted));
}

function worstRows(db: Database, rowsOf: CustomerRows): FleetRow[] {
  const customers = db.prepare<[number], NamedLink>(
    `SELECT link, name FROM customer INDEXED BY customer_by_rank WHERE rank = 0 ORDER BY name, link LIMIT ?`,
  );
  return customers.all(worstShown).flatMap(rowsOf).filter(isTroubled).slice(0, worstShown);
}
