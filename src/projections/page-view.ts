import type { Database } from '../db/index.ts';
import { fleetPart } from './fleet-page.ts';
import { countLinks, firstLinks, firstLivingLinks, prepareFindLink, readLink } from './link-board.ts';
import { bundleView, hinderedViews, linkViews, prepareLinkFigures, type LinkFacts } from './link-view.ts';
import {
  commonParts,
  ownReleases,
  publishedTo,
  readKnown,
  releaseFacts,
  type Known,
  type StatusFacts,
} from './status-view.ts';
import type { FleetChoice, LinksPart, LinkView, LogPart, PageView, ReleaseLine, Series } from './views.ts';

const linksShown = 50;
const namesShown = 50;
const customersByName = 12;
const releasesShown = 60;

/** What a look at the page shows, of however many links: what is not shown is counted, and not read. */
export function pageView(
  db: Database,
  facts: StatusFacts & { readonly log: LogPart; readonly choice: FleetChoice },
): PageView {
  const known = readKnown(db);
  const find = prepareFindLink(db);
  const fleet = fleetPart(db, facts.choice, {
    now: facts.now,
    bundleOf: (link) => bundleOf(db, link, facts),
  });
  const customers = new Set(fleet.shown.map(({ customer }) => customer));
  const called = (link: string): string | undefined => (customers.has(link) ? link : find(link)?.name);
  return {
    ...commonParts(db, facts, known),
    links: linksPart(db, facts, called),
    fleet,
    releases: releasesPart(db, known),
    log: facts.log,
    called,
  };
}

/** What is measured of the first so many links, those in each state and how they are. */
export function linkSeries(
  db: Database,
  facts: Pick<LinkFacts, 'now' | 'holds' | 'peerHead' | 'live'>,
  limit: number,
): Omit<Series, 'feeds'> {
  const { invited, pending, confirmed } = countLinks(db);
  return {
    links: firstLivingLinks(db, limit).map(prepareLinkFigures(db, facts)),
    states: { invited, pending, confirmed },
    connected: facts.live?.connected ?? 0,
    failing: [...(facts.live?.hindered() ?? [])].length,
  };
}

function linksPart(db: Database, facts: LinkFacts, called: (link: string) => string | undefined): LinksPart {
  const counts = countLinks(db);
  const names = (state: 'invited' | 'pending' | 'confirmed'): string[] =>
    firstLinks(db, state, namesShown).map(({ name }) => name);
  return {
    count: counts.invited + counts.pending + counts.confirmed,
    shown: linkViews(db, firstLivingLinks(db, linksShown), facts),
    removed: { count: counts.removed, shown: firstLinks(db, 'removed', linksShown) },
    invited: names('invited'),
    pending: { count: counts.pending, names: names('pending') },
    confirmed: names('confirmed'),
    hindered: hinderedViews(facts, called),
  };
}

function bundleOf(db: Database, id: string, facts: LinkFacts): LinkView['lastBundle'] {
  const bundle = facts.lastBundle({ link: id });
  const link = bundle && readLink(db, id);
  return link?.transport.kind === 'hand' ? bundleView(link, bundle!) : null;
}

function releasesPart(db: Database, known: Known): PageView['releases'] {
  const own = ownReleases(known).toSorted((a, b) => b.createdAt - a.createdAt);
  const stateCounts = db.prepare<[string], { state: string; customers: number }>(
    `SELECT state, count(*) AS customers FROM publication INDEXED BY publication_by_state
      WHERE digest = ? GROUP BY state`,
  );
  // Of those that were removed, which are few, each is looked up.
  const removedCounts = db.prepare<[string], { state: string; customers: number }>(
    `SELECT publication.state, count(*) AS customers
       FROM link INDEXED BY link_by_state CROSS JOIN publication
         ON publication.link = link.link AND publication.digest = ?
      WHERE link.state = 'removed' GROUP BY publication.state`,
  );
  return {
    count: own.length,
    shown: own.slice(0, releasesShown).map((release): ReleaseLine => {
      const counts = new Map(
        stateCounts.all(release.digest).map(({ state, customers }) => [state, customers]),
      );
      for (const { state, customers } of removedCounts.all(release.digest))
        counts.set(state, counts.get(state)! - customers);
      const byState = [...counts].flatMap(([state, count]) =>
        count === 0 ? [] : [{ state: state as ReleaseLine['published']['byState'][number]['state'], count }],
      );
      const count = byState.reduce((sum, one) => sum + one.count, 0);
      const named = count > customersByName ? [] : publishedTo(db, release.digest);
      return { ...releaseFacts(db, release, known), published: { count, named, byState } };
    }),
  };
}
