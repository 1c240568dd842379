import type { LinksPart, LinkView, PageView } from '../../projections/index.ts';
import { empty, folded, nothing, section, table } from '../blocks.ts';
import { chip } from '../chip.ts';
import { html, type Content, type Html } from '../../web/index.ts';
import { headsOf, onItsWay, way } from '../link-cells.ts';
import { linkHref, linkTo } from '../links.ts';
import { since } from '../since.ts';
import { commandLine, count } from '../../words.ts';

/** The companies this instance is paired with, and how current each pairing is. */
export function linksSection(view: PageView): Html {
  const { count: links, shown, removed } = view.links;
  if (links === 0)
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
    count(links, 'pairing'),
    html`${table(
      'Pairings with other companies',
      ['Name', 'State', 'Their fingerprint', 'Last heard', 'Newest entries', 'On its way', 'Over'],
      shown.map((link) => [
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
    ${links > shown.length && html`<p class="aside">and ${count(links - shown.length, 'more', 'more')} in <a href="/api/status.json">status.json</a></p>`}
    ${removed.count > 0 && removedLinks(removed)}`,
  );
}

/** Those that were ended: what was told through them stays to be looked at. */
function removedLinks(removed: LinksPart['removed']): Html {
  return folded(
    'removed-links',
    count(removed.count, 'removed link'),
    html`<ul class="plain" role="list">
      ${removed.shown.map(
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
