import {
  attemptInWords,
  describeSent,
  type FleetPart,
  type FleetRow,
  type PageView,
} from '../../projections/index.ts';
import { empty, exactly, nothing, section, table, type Row } from '../blocks.ts';
import { chip } from '../chip.ts';
import { html, joined, type Content, type Html } from '../../web/index.ts';
import { deploymentHref, linkTo } from '../links.ts';
import { since } from '../since.ts';
import { amount, commandLine, count, moment, span } from '../../words.ts';

/** Knowledge older than this stands out: a customer's daemon reports far more often than once a day. */
const quietAfterSeconds = 24 * 3600;

/** More customers than this are looked for by name. */
const seenAtOnce = 8;

const commentShownMax = 160;

/** Customers × environments: what runs there, how old that knowledge is, and what stands in the way. */
export function fleetSection(view: PageView, find: string): Html {
  const { customers, shown, page, pages } = view.fleet;
  if (customers === 0) return section('fleet', 'Fleet', null, nobodyYet(view));
  return section(
    'fleet',
    'Fleet',
    'what runs at each customer, as far as they have told',
    html`${tiles(view.fleet)} ${(customers > seenAtOnce || find !== '') && finder(find)}
    ${
      shown.length === 0
        ? empty(html`No customer’s name contains “${find}”.`)
        : table(
            'Customers and their environments',
            ['Customer', 'Environment', 'Runs', 'Outcome', 'As of', 'Behind', 'Blocked by'],
            shown.map(({ rows, lastBundle }) =>
              rows.map((row) => fleetRow(view, row, describeSent({ lastBundle }, view.now))),
            ),
          )
    }
    ${pages > 1 && pager(find, page, pages)}`,
  );
}

function tiles({ customers, upToDate, behind: late, troubled }: FleetPart): Html {
  const tile = (number: number, words: string, tone = ''): Html =>
    html`<li class="${number > 0 ? tone : ''}"><strong>${amount(number)}</strong> ${words}</li>`;
  return html`<ul class="tiles" role="list">
    ${tile(customers, customers === 1 ? 'customer' : 'customers')} ${tile(upToDate, 'up to date', 'good')}
    ${tile(late, 'behind', 'wait')} ${tile(troubled, 'need a look', 'bad')}
  </ul>`;
}

function fleetRow(view: PageView, row: FleetRow, sent: string | null): Row {
  return [
    html`<strong>${linkTo(view, row.customer)}</strong>${
        !row.compared && html`<br />${chip('pending', 'words not compared')}`
      }`,
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

/** How the newest attempt ended, which need not be the release that runs there, and what was told of it. */
function outcome(view: PageView, row: FleetRow): Content {
  const last = row.lastAttempt;
  if (last === null) return chip(row.state);
  const other = last.release !== row.release;
  const told = attemptInWords(last);
  return html`${chip(other ? last.state : row.state)}
    <small
      >${other && html`${exactly(last.release)}, `}<a href="${deploymentHref(last.deployment)}"
        >${since(last.at, view.now)}</a
      ></small
    >${told.length > 0 && html`<br /><small>${told.join(', ')}</small>`}${
      last.comment !== null && html`<br /><small>“<bdi>${beginning(last.comment)}</bdi>”</small>`
    }`;
}

/** A comment can be a page; the deployment's own page has all of it. */
function beginning(comment: string): string {
  const line = comment.replaceAll(/\s+/g, ' ');
  return line.length <= commentShownMax ? line : `${line.slice(0, commentShownMax).toWellFormed()}…`;
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

function nobodyYet({ links }: PageView): Html {
  const waiting = [...links.invited, ...links.pending.names].toSorted();
  if (waiting.length === 0)
    return empty(
      'No customer is linked yet. Invite one; it gets a file to accept.',
      commandLine('link', 'invite', 'CUSTOMER', '--folder', 'DIR', '--out', 'FILE'),
    );
  return empty(
    html`Waiting for
    ${joined(
      waiting.map((name) => html`<bdi>${name}</bdi>`),
      ', ',
    )}.
    Once a reply is here, compare the words by phone and confirm.`,
    ...waiting.slice(0, 3).map((name) => commandLine('link', 'confirm', name, '--fingerprint', 'SIX WORDS')),
  );
}
