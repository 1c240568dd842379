import { madeBundles, placeText } from '../../bundles/index.ts';
import { findLink } from '../../instance/index.ts';
import { readLinks, type LinkRow } from '../../projections/index.ts';
import { ago } from '../../words.ts';
import { keptBundles } from '../bundles/bundle-ends.ts';
import { command, text, type Outcome } from '../command.ts';
import { table } from '../table.ts';
import { hopLine, hopsOf, type Hop } from '../bundles/relay-hops.ts';

export const listBundles = command({
  path: 'bundle list',
  about: 'The bundles made here, and whether a receipt came for them',
  example: 'crossgap bundle list bankair',
  args: { LINK: text('LINK', 'only those for this link') },
  options: {},
  async run(context, { LINK: named }): Promise<Outcome> {
    const instance = await context.open();
    const { db } = instance;
    const links = named === undefined ? readLinks(db) : [findLink(db, named)];
    const made = links.flatMap((link) =>
      madeBundles(keptBundles(instance), link.link).map(({ facts }) => ({
        bundle: facts.number,
        id: facts.id,
        link: link.name,
        sentAt: facts.sentAt,
        parts: facts.parts,
        entries: facts.entries,
        packages: facts.packages,
        sealed: facts.format === 1,
        last: facts.last,
        receipted: isReceipted(link, facts.last),
        hops: hopsOf(instance, facts),
      })),
    );
    const now = instance.clock.now();
    const rows = made.map(({ link, bundle, sentAt, parts, last, receipted, hops }) => [
      link,
      String(bundle),
      ago(sentAt, now),
      String(parts),
      placeText(last),
      receipted ? 'receipt came' : unreceipted(hops, now),
    ]);
    return {
      document: made,
      text:
        rows.length === 0
          ? 'No bundles were made yet; make one with `crossgap bundle export --to LINK --out FOLDER`'
          : table([['LINK', 'BUNDLE', 'MADE', 'PARTS', 'UP TO ENTRY', 'RECEIPT'], ...rows]),
    };
  },
});

/** `passed bankair-dmz 3 days ago, no receipt yet`. */
function unreceipted(hops: readonly Hop[], now: number): string {
  const last = hops.findLast(({ arrived }) => arrived) ?? hops.at(-1);
  return last === undefined ? 'no receipt' : `${hopLine(last, now)}, no receipt yet`;
}

/** Receipts themselves get none, so what follows the newest entry that wants one is as good as told. */
function isReceipted({ confirmed, outward }: LinkRow, last: { epoch: number; seq: number }): boolean {
  if (confirmed.epoch === outward.epoch && confirmed.seq >= outward.news) return true;
  return confirmed.epoch > last.epoch || (confirmed.epoch === last.epoch && confirmed.seq >= last.seq);
}
