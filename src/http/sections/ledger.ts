import type { PageView } from '../../projections/index.ts';
import { digest, folded, section, table, typed } from '../blocks.ts';
import { chip } from '../chip.ts';
import { html, type Html } from '../../web/index.ts';
import { commandLine, count, size } from '../../words.ts';

/** The log and the packages held: what two people compare when they ask whether both see the same. */
export function ledgerSection(view: PageView): Html {
  const { entries, feeds } = view.log;
  return section(
    'log',
    'Log',
    `${count(entries, 'entry', 'entries')} in ${count(feeds.count, 'feed')}`,
    html`<div class="card list">
      ${folded(
        'feeds',
        html`<span class="what">Feeds and their heads</span>
          <small class="when">compare them with the other side</small>`,
        html`${table(
          'Feeds',
          ['Audience', 'Author', 'Newest', 'Head', 'State'],
          feeds.shown.map((feed) => [
            [
              html`<bdi>${feed.audience}</bdi>`,
              html`<bdi>${feed.author}</bdi>`,
              html`<span class="number">${feed.epoch}.${feed.seq}</span>`,
              html`<span class="exactly digest">${feed.head}</span>`,
              feed.frozen ? chip('frozen', 'frozen', 'bad') : chip('ok', 'good'),
            ],
          ]),
        )}${feeds.count > feeds.shown.length && html`<p class="aside">and ${count(feeds.count - feeds.shown.length, 'more', 'more')} in <a href="/api/log.json">log.json</a></p>`}${typed(commandLine('log', 'verify', '--full'))}`,
        { open: false },
      )}
      ${folded(
        'packages',
        html`<span class="what">Packages held</span>
          <small class="when">${count(view.packages.length, 'package')}</small>`,
        view.packages.length === 0
          ? html`<p class="quiet">No package is here.</p>
              ${typed(commandLine('package', 'add', 'FILE.nupkg'))}`
          : table(
              'Packages',
              ['Package', 'Size', 'Content', 'File', 'Signed by'],
              view.packages.map((one) => [
                [
                  html`<span class="exactly">${one.id} ${one.version}</span>`,
                  size(one.sizeBytes),
                  digest(one.contentDigest),
                  digest(one.sha256),
                  html`<bdi>${one.signer}</bdi> <small>${digest(one.signerFingerprint)}</small>`,
                ],
              ]),
            ),
        { open: false },
      )}
    </div>`,
  );
}
