import {
  describeError,
  describeLive,
  describeRefused,
  type LinkView,
  type OutstandingView,
  type PageView,
  type RefusedView,
} from '../projections/index.ts';
import { count, size } from '../words.ts';
import { nothing } from './blocks.ts';
import { html, type Content, type Html } from '../web/index.ts';
import { since } from './since.ts';

/** How far both feeds of a link have come here. */
export function headsOf({ heads }: LinkView): Html {
  const { ours, theirs } = heads;
  return html`<span class="number">${ours.epoch}.${ours.seq}</span> <small>ours</small><br />
    <span class="number">${theirs.epoch}.${theirs.seq}</span> <small>theirs</small>`;
}

/** What has still to cross, each way. */
export function onItsWay({ outstanding }: LinkView): Content {
  const ways = [
    [amount(outstanding.toThem), 'to them'],
    [amount(outstanding.toUs), 'to us'],
  ].filter(([what]) => what !== '');
  if (ways.length === 0) return nothing('nothing');
  return ways.map(([what, way], at) => html`${at > 0 && html`<br />`}${what} <small>${way}</small>`);
}

export function amount({ entries, blobs, blobBytes }: OutstandingView): string {
  return [
    ...(entries === 0 ? [] : [count(entries, 'entry', 'entries')]),
    ...(blobs === 0 ? [] : [`${count(blobs, 'file')} of ${size(blobBytes)}`]),
  ].join(', ');
}

/** By which way, how it is right now, and what hinders it. */
export function way(view: PageView, link: LinkView): Html {
  const wrong = describeError(link);
  const refused = describeRefused(link, view.now);
  return html`${wayAlone(view, link)}${wrong !== null && html` <small class="bad"><bdi>${wrong}</bdi></small>`}${
    refused !== null && html` <small class="bad">${refused}</small>`
  }`;
}

function wayAlone(view: PageView, link: LinkView): Html {
  const live = describeLive(link, view.now);
  return html`<bdi>${link.transport}</bdi>${live !== '' && html` <small>${live}</small>`}`;
}

/** What was refused lately and why, a line a reason, with the words of the newest. */
function refusedAtLength({ reasons, at }: RefusedView, now: string): Content {
  const lines = reasons.map(
    ({ code, count: times, message }) =>
      html`<bdi>${message}</bdi> <small class="exactly">${code}</small> <small>${count(times, 'time')}</small
        ><br />`,
  );
  return html`${lines}<small>${since(at, now)}</small>`;
}

/** The same at length, what hinders it with what to do, as far as there is something to say. */
export function wayAtLength(view: PageView, link: LinkView): readonly (readonly [string, Content])[] {
  const { live } = link;
  const [connection, error] = [live?.connection, live?.lastError];
  return [
    ['Over', wayAlone(view, link)],
    ...(connection?.url
      ? [
          [
            'Server',
            html`<bdi>${connection.url}</bdi
              >${connection.serverVersion !== null && html` <small>nats-server ${connection.serverVersion}</small>`}${
                connection.encrypted === false && html` <small>not encrypted</small>`
              }`,
          ] as const,
        ]
      : []),
    ['Newest entries', headsOf(link)],
    ['On its way', onItsWay(link)],
    ...(live?.exchangedAt ? [['Looked at', since(live.exchangedAt, view.now)] as const] : []),
    ...(live?.refused ? [['Refused lately', refusedAtLength(live.refused, view.now)] as const] : []),
    ...(error
      ? [
          [
            error.over ? 'Went wrong last' : 'What hinders',
            html`<bdi>${error.message}</bdi> <small class="exactly">${error.code}</small>
              <small>${since(error.over ? error.at : error.since, view.now)}</small>${
                !error.over && error.hint !== null && html`<br /><small>${error.hint}</small>`
              }`,
          ] as const,
        ]
      : []),
  ];
}
