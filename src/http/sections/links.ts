import type { LinkView, StatusView } from '../../projections/index.ts';
import { empty, folded, nothing, section, table } from '../blocks.ts';
import { chip } from '../chip.ts';
import { html, type Content, type Html } from '../html.ts';
import { headsOf, onItsWay, way } from '../link-cells.ts';
import { linkHref, linkTo } from '../links.ts';
import { since } from '../since.ts';
import { commandLine, count } from '../../words.ts';

const shownAtOnce = 50;

/** The companies this instance is paired with, and how current each pairing is. */
export function linksSection(view: StatusView): Html {
  const { links = [], removed = [] } = Object.groupBy(view.links, ({ state }) =>
    state === 'removed' ? 'removed' : 'links',
  );
  if (links.length === 0)
    return section(
      'links',
      'Links',
      null,
      empty(
        'Not paired with anybody. One side invites, the other accepts the file it is sent.',
        commandLine('link', 'invite', 'NAME', '--folder', 'DIR', '--out', 'FILE'),
        commandLine('link', 'accept', 'FILE', '--folder', 'DIR', '--out', 'REPLY'),
      ),
    );
  return section(
    'links',
    'Links',
    count(links.length, 'pairing'),
    html`${table(
      'Pairings with other companies',
      ['Name', 'State', 'Their fingerprint', 'Last heard', 'Newest entries', 'On its way', 'Over'],
      links
        .slice(0, shownAtOnce)
        .map((link) => [
          [
            html`<strong>${linkTo(view, link.name)}</strong>`,
            chip(link.state),
            fingerprint(link),
            link.heardAt === null ? nothing('never') : since(link.heardAt, view.now),
            headsOf(link),
            onItsWay(link),
            way(view, link),
          ],
        ]),
    )}
    ${links.length > shownAtOnce && html`<p class="aside">and ${count(links.length - shownAtOnce, 'more', 'more')} in <a href="/api/status.json">status.json</a></p>`}
    ${removed.length > 0 && removedLinks(removed)}`,
  );
}

/** Those that were ended: what was told through them stays to be looked at. */
function removedLinks(links: readonly LinkView[]): Html {
  return folded(
    'removed-links',
    count(links.length, 'removed link'),
    html`<ul class="plain" role="list">
      ${links.slice(0, shownAtOnce).map(
        ({ link, name }) =>
          html`<li>
            <a href="${linkHref(link)}"><bdi>${name}</bdi></a> ${chip('removed')}
            <span class="exactly quiet">${link}</span>
          </li>`,
      )}
    </ul>`,
    { open: false },
  );
}

function fingerprint(link: LinkView): Content {
  if (link.fingerprint === null) return nothing('not known yet');
  return html`<span class="words">${link.fingerprint}</span>`;
}
