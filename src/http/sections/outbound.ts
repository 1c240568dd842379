import type { OutboundLine, PageView } from '../../projections/index.ts';
import { empty, exactly, folded, section, table } from '../blocks.ts';
import { html, type Html } from '../../web/index.ts';
import { linkHref, linkName } from '../links.ts';
import { since } from '../since.ts';
import { commandLine, count, moment } from '../../words.ts';

const linesShown = 8;
const linksShown = 12;

/** All that was written for others, link by link: there is nothing else that they can see. */
export function outboundSection(view: PageView): Html {
  const { count: links, shown } = view.links;
  if (links === 0)
    return section(
      'outbound',
      'What left the house',
      null,
      empty('Nothing: no other company is linked.', commandLine('link', 'list')),
    );
  const byLink = Map.groupBy(view.outbound, (line) => linkName(view, line.link));
  const latest = (name: string): string => byLink.get(name)?.at(-1)?.at ?? '';
  // Whoever was told something stands before those that were not, of which a few are enough.
  const names = new Set([...shown.map((link) => link.name), ...byLink.keys()]);
  const sorted = [...names].toSorted((a, b) => (latest(a) < latest(b) ? 1 : -1));
  const more = links - linksShown;
  return section(
    'outbound',
    'What left the house',
    'all that the other side can see, and nothing else',
    html`<div class="card list">
        ${sorted
          .slice(0, linksShown)
          .map((name) => linkBlock(view, name, byLink.get(name) ?? [], links === 1))}
      </div>
      ${more > 0 && html`<p class="aside">and ${count(more, 'more link')} in <a href="/api/outbound.json">outbound.json</a></p>`}`,
  );
}

function linkBlock(view: PageView, name: string, lines: readonly OutboundLine[], only: boolean): Html {
  const newest = lines.toSorted((a, b) => b.seq - a.seq);
  const last = newest[0];
  const line = html`<span class="what"
      >to <strong><bdi>${name}</bdi></strong></span
    >
    <small class="when"
      >${
        last === undefined
          ? 'nothing yet'
          : html`${count(lines.length, 'entry', 'entries')} · ${since(last.at, view.now)}`
      }</small
    >`;
  const body =
    last === undefined
      ? html`<p class="quiet">Nothing has been written for <bdi>${name}</bdi>.</p>`
      : outboundTable(view.now, name, newest.slice(0, linesShown));
  return folded(
    `outbound-${name}`,
    line,
    html`${body}
      <p class="aside">
        <a href="${linkHref(name)}">All that <bdi>${name}</bdi> can see</a>
      </p>`,
    { open: only },
  );
}

/** The lines as a table, in the order given. */
export function outboundTable(now: string, name: string, lines: readonly OutboundLine[]): Html {
  return table(
    `Entries written for ${name}`,
    ['No.', 'What', 'Says', 'When'],
    lines.map((line) => [
      [
        html`<span class="number">${line.seq}</span>`,
        exactly(line.type),
        html`<bdi>${line.summary}</bdi>`,
        html`${since(line.at, now)} <small class="wide-only">${moment(line.at)}</small>`,
      ],
    ]),
  );
}
