import { describeSent, type FleetRow, type StatusView } from '../../projections/index.ts';
import { empty, exactly, nothing, section, table, type Row } from '../blocks.ts';
import { chip } from '../chip.ts';
import { html, joined, type Content, type Html } from '../html.ts';
import { linkTo } from '../links.ts';
import { since } from '../since.ts';
import { amount, commandLine, count, moment, span } from '../../words.ts';

/** Which part of a long fleet to show: customers whose name contains `find`, and the page of them from 1. */
export type FleetChoice = { readonly find: string; readonly page: number };

const customersAPage = 100;
/** Knowledge older than this stands out: a customer's daemon reports far more often than once a day. */
const quietAfterSeconds = 24 * 3600;

/** Customers × environments: what runs there, how old that knowledge is, and what stands in the way. */
export function fleetSection(view: StatusView, choice: FleetChoice): Html {
  if (view.fleet.length === 0) return section('fleet', 'Fleet', null, nobodyYet(view));
  const all = groups(view.fleet);
  const found = all.filter(({ customer }) => customer.toLowerCase().includes(choice.find.toLowerCase()));
  const pages = Math.max(1, Math.ceil(found.length / customersAPage));
  const page = Math.min(Math.max(1, choice.page), pages);
  const sent = new Map(view.links.map((link) => [link.name, describeSent(link, view.now)]));
  const shown = found.slice((page - 1) * customersAPage, page * customersAPage);
  return section(
    'fleet',
    'Fleet',
    'what runs at each customer, as far as they have told',
    html`${tiles(view.fleet, all.length)} ${(all.length > 8 || choice.find !== '') && finder(choice.find)}
    ${
      shown.length === 0
        ? empty(html`No customer’s name contains “${choice.find}”.`)
        : table(
            'Customers and their environments',
            ['Customer', 'Environment', 'Runs', 'Outcome', 'As of', 'Behind', 'Blocked by'],
            shown.map(({ rows }) => rows.map((row) => fleetRow(view, row, sent.get(row.customer) ?? null))),
          )
    }
    ${pages > 1 && pager(choice.find, page, pages)}`,
  );
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

type Group = { readonly customer: string; readonly rows: readonly FleetRow[] };

/** The rows of each customer together; customers in trouble first, then those behind, then by name. */
function groups(fleet: readonly FleetRow[]): readonly Group[] {
  const byCustomer = Map.groupBy(fleet, (row) => row.customer);
  const rank = (rows: readonly FleetRow[]): number =>
    rows.some(isTroubled) ? 0 : rows.some((row) => row.behind > 0) ? 1 : 2;
  return [...byCustomer]
    .map(([customer, rows]) => ({ customer, rows, rank: rank(rows) }))
    .toSorted((a, b) => a.rank - b.rank || (a.customer < b.customer ? -1 : 1));
}

function tiles(fleet: readonly FleetRow[], customers: number): Html {
  const tile = (number: number, words: string, tone = ''): Html =>
    html`<li class="${number > 0 ? tone : ''}"><strong>${amount(number)}</strong> ${words}</li>`;
  const runs = fleet.filter((row) => row.release !== null);
  return html`<ul class="tiles" role="list">
    ${tile(customers, customers === 1 ? 'customer' : 'customers')}
    ${tile(runs.filter((row) => row.behind === 0).length, 'up to date', 'good')}
    ${tile(runs.filter((row) => row.behind > 0).length, 'behind', 'wait')}
    ${tile(fleet.filter(isTroubled).length, 'need a look', 'bad')}
  </ul>`;
}

function fleetRow(view: StatusView, row: FleetRow, sent: string | null): Row {
  return [
    html`<strong>${linkTo(view, row.customer)}</strong>`,
    row.environment === null ? nothing('none told') : html`<bdi>${row.environment}</bdi>`,
    runsThere(row),
    outcome(view, row),
    html`${knownSince(row)}${sent !== null && html`<br /><small>${sent}</small>`}`,
    behind(row),
    row.blockedBy === null ? nothing('nothing') : html`<bdi>${row.blockedBy}</bdi>`,
  ];
}

function runsThere(row: FleetRow): Content {
  const release =
    row.release === null ? nothing('nothing yet') : html`<strong class="exactly">${row.release}</strong>`;
  return html`<bdi class="quiet">${row.process}</bdi> ${release}${
      row.withdrawn !== null && html` ${chip('withdrawn')}<br /><small>${row.withdrawn}</small>`
    }`;
}

/** How the newest attempt ended, which need not be the release that runs there. */
function outcome(view: StatusView, row: FleetRow): Content {
  const last = row.lastAttempt;
  if (last === null) return chip(row.state);
  const other = last.release !== row.release;
  return html`${chip(other ? last.state : row.state)}
    <small
      >${other && html`${exactly(last.release)}, `}<a
        href="/deployments/${encodeURIComponent(last.deployment.toWellFormed())}"
        >${since(last.at, view.now)}</a
      ></small
    >`;
}

function knownSince(row: FleetRow): Content {
  if (row.asOf === null || row.ageSeconds === null) return nothing('never heard');
  const words = row.ageSeconds < 5 ? 'just now' : `${span(row.ageSeconds)} ago`;
  const time = html`<time datetime="${row.asOf}" title="${moment(row.asOf)}">${words}</time>`;
  return row.ageSeconds > quietAfterSeconds ? chip('quiet', time, 'wait') : time;
}

function behind(row: FleetRow): Content {
  if (row.release === null) return nothing('–');
  if (row.behind === 0) return nothing('up to date');
  return chip('behind', count(row.behind, 'release'), 'wait');
}

function finder(find: string): Html {
  return html`<form class="finder" action="/" method="get" role="search">
    <label for="find">Customer</label>
    <input id="find" name="find" type="search" value="${find}" autocomplete="off" />
    <button id="find-button">Find</button>${find !== '' && html` <a href="/">all</a>`}
  </form>`;
}

function pager(find: string, page: number, pages: number): Html {
  const href = (to: number): string =>
    `/?${new URLSearchParams({ ...(find === '' ? {} : { find }), page: String(to) }).toString()}#fleet`;
  return html`<nav class="pager" aria-label="Pages of the fleet">
    ${page > 1 && html`<a href="${href(page - 1)}">Before</a>`}
    <span>page ${page} of ${pages}</span>
    ${page < pages && html`<a href="${href(page + 1)}">Next</a>`}
  </nav>`;
}

function nobodyYet(view: StatusView): Html {
  const waiting = view.links.filter((link) => link.state === 'invited' || link.state === 'pending');
  if (waiting.length === 0)
    return empty(
      'No customer is linked yet. Invite one; it gets a file to accept.',
      commandLine('link', 'invite', 'CUSTOMER', '--folder', 'DIR', '--out', 'FILE'),
    );
  return empty(
    html`Waiting for
    ${joined(
      waiting.map((link) => html`<bdi>${link.name}</bdi>`),
      ', ',
    )}.
    Once a reply is here, compare the words by phone and confirm.`,
    ...waiting
      .slice(0, 3)
      .map((link) => commandLine('link', 'confirm', link.name, '--fingerprint', 'SIX WORDS')),
  );
}
