import type { Instance } from '../instance/index.ts';
import { readLinks, type LinkRow } from '../projections/index.ts';
import { span } from '../words.ts';

/** Clocks that differ by less are as good as equal. */
const oddMs = 15 * 60_000;

/** Of the links that were silent the longest so many are looked at; a clock that is far behind is among them. */
const lookedAtMax = 200;

/** A link whose two clocks can't both be right. */
export type ClockOddity = {
  readonly link: string;
  readonly name: string;
  /** By how much the other side's clock is ahead of ours at least; negative where it is behind. */
  readonly aheadMs: number;
};

/**
 * Links whose clocks differ as far as what was signed proves it: an entry of the other side is dated in our future, or
 * all it ever wrote is dated before an entry of ours that it has receipted. Order and validity depend on neither.
 */
export function clockOddities(
  { db, log, clock }: Instance,
  links: readonly LinkRow[] = readLinks(db),
): ClockOddity[] {
  const now = clock.now();
  const heard = links.flatMap(({ link, name, state, heardAt, confirmed }) =>
    state === 'removed' || heardAt === null ? [] : [{ link, name, heardAt, confirmed }],
  );
  const ahead = heard
    .filter(({ heardAt }) => heardAt - now > oddMs)
    .map(({ link, name, heardAt }) => ({ link, name, aheadMs: heardAt - now }));
  const behind = heard
    .filter(({ heardAt, confirmed }) => now - heardAt > oddMs && confirmed.seq > 0)
    .toSorted((a, b) => a.heardAt - b.heardAt)
    .slice(0, lookedAtMax)
    .flatMap(({ link, name, heardAt, confirmed }) => {
      const aheadMs = heardAt - (log.entryAt(log.feedTo(link), confirmed)?.header.at ?? heardAt);
      return aheadMs < -oddMs ? [{ link, name, aheadMs }] : [];
    });
  return [...ahead, ...behind];
}

/** What to tell people of them. */
export function clockWarnings(
  instance: Instance,
  links?: readonly LinkRow[],
): { code: 'CLOCK_ODD'; message: string }[] {
  return clockOddities(instance, links).map(({ name, aheadMs }) => ({
    code: 'CLOCK_ODD',
    message: `the clock of ${name} is at least ${span(Math.abs(aheadMs) / 1000)} ${aheadMs > 0 ? 'ahead of' : 'behind'} ours, or ours is wrong; order does not depend on it, the times shown do`,
  }));
}
