import {
  hinderedViews,
  isTroubled,
  linksLiveOf,
  standingOf,
  type FleetChoice,
  type FleetRow,
  type LinkView,
  type PageView,
  type Series,
  type StatusView,
} from '../../src/projections/index.ts';

const living = ({ links }: StatusView): LinkView[] => links.filter(({ state }) => state !== 'removed');
const frozenFirst = ({ log }: StatusView) =>
  log.feeds.toSorted((a, b) => Number(b.frozen) - Number(a.frozen));

/** What the read models would show on a page of an instance of which everything is `view`. */
export function pageOf(
  view: StatusView,
  { find, page: asked }: FleetChoice = { find: '', page: 1 },
): PageView {
  const names = new Map(
    view.links.flatMap(({ link, name }) => [[link, name] as const, [name, name] as const]),
  );
  const named = (state: string) => living(view).flatMap((link) => (link.state === state ? [link.name] : []));
  const live = linksLiveOf(
    new Map(living(view).flatMap(({ link, live: now }) => (now === null ? [] : [[link, now]]))),
  );
  const standing = standingOf(view.fleet);
  const customers = [...Map.groupBy(view.fleet, ({ customer }) => customer)]
    .map(([customer, rows]) => ({ customer, rows, rank: standingOf(rows).rank }))
    .toSorted((a, b) => a.rank - b.rank || (a.customer < b.customer ? -1 : 1));
  const found = customers.filter(({ customer }) => customer.toLowerCase().includes(find.toLowerCase()));
  const pages = Math.max(1, Math.ceil(found.length / 100));
  const page = Math.min(Math.max(1, asked), pages);
  const bundleOf = (customer: string) => view.links.find(({ name }) => name === customer)?.lastBundle ?? null;
  const frozen = view.log.feeds.filter((feed) => feed.frozen).length;
  const removed = view.links.filter(({ state }) => state === 'removed');
  return {
    ...view,
    links: {
      count: living(view).length,
      shown: living(view).slice(0, 50),
      removed: { count: removed.length, shown: removed },
      invited: named('invited'),
      pending: { count: named('pending').length, names: named('pending') },
      confirmed: named('confirmed'),
      hindered: hinderedViews({ live, now: Date.parse(view.now) }, (link) => names.get(link)),
    },
    fleet: {
      customers: customers.length,
      upToDate: standing.upToDate,
      behind: standing.behind,
      troubled: standing.troubled,
      shown: found
        .slice((page - 1) * 100, page * 100)
        .map(({ customer, rows }: { customer: string; rows: FleetRow[] }) => ({
          customer,
          rows,
          lastBundle: bundleOf(customer),
        })),
      page,
      pages,
      worst: view.fleet.filter(isTroubled).slice(0, 8),
    },
    releases: {
      count: view.releases.length,
      shown: view.releases
        .toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
        .map(({ publishedTo, ...release }) => ({
          ...release,
          published: {
            count: publishedTo.length,
            named: publishedTo.length > 12 ? [] : publishedTo,
            byState: [...Map.groupBy(publishedTo, ({ state }) => state)].map(([state, ones]) => ({
              state,
              count: ones.length,
            })),
          },
        })),
    },
    log: {
      entries: view.log.entries,
      feeds: { count: view.log.feeds.length, frozen, shown: frozenFirst(view).slice(0, 100) },
    },
    called: (link) => names.get(link),
  };
}

/** What would be measured of it. */
export function seriesOf(view: StatusView, linksMax: number): Series {
  const all = living(view);
  const inState = (state: string): number => all.filter((link) => link.state === state).length;
  return {
    feeds: frozenFirst(view).slice(0, 2 * linksMax + 1),
    links: all.slice(0, linksMax),
    states: { invited: inState('invited'), pending: inState('pending'), confirmed: inState('confirmed') },
    connected: all.filter(({ live }) => live?.connection?.connected === true).length,
    failing: all.filter(({ live }) => live?.lastError?.over === false).length,
  };
}
