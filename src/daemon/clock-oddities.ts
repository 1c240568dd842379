import type { Instance } from '../instance/index.ts';
import { heardAfter, silentLongest } from '../projections/index.ts';
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
export function clockOddities({ db, log, clock }: Instance): ClockOddity[] {
  const now = clock.now();
  const ahead = heardAfter(db, now + oddMs).map(({ link, name, heardAt }) => ({
    link,
    name,
    aheadMs: heardAt - now,
  }));
  const behind = silentLongest(db, now - oddMs, lookedAtMax).flatMap(({ link, name, heardAt, confirmed }) => {
    const aheadMs = heardAt - (log.entryAt(log.feedTo(link), confirmed)?.header.at ?? heardAt);
    return aheadMs < -oddMs ? [{ link, name, aheadMs }] : [];
  });
  return [...ahead, ...behind];
}

/** What to tell people of them. */
export function clockWarnings(instance: Instance): { code: 'CLOCK_ODD'; message: string }[] {
  return clockOddities(instance).map(({ name, aheadMs }) => ({
    code: 'CLOCK_ODD',
    message: `the clock of ${name} is at least ${span(Math.abs(aheadMs) / 1000)} ${aheadMs > 0 ? 'ahead of' : 'behind'} ours, or ours is wrong; order does not depend on it, the times shown do`,
  }));
}
