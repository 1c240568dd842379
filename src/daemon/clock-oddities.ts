import type { Instance } from '../instance/index.ts';
import { readLinks } from '../projections/index.ts';
import { span } from '../words.ts';

/** Clocks that differ by less are as good as equal. */
const oddMs = 15 * 60_000;

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
  return readLinks(db).flatMap(({ link, name, state, heardAt, confirmed }) => {
    if (state === 'removed' || heardAt === null) return [];
    const ahead = heardAt - now;
    if (ahead > oddMs) return [{ link, name, aheadMs: ahead }];
    const receipted = confirmed.seq === 0 ? undefined : log.entryAt(log.feedTo(link), confirmed);
    const behind = receipted === undefined ? 0 : receipted.header.at - heardAt;
    return behind > oddMs ? [{ link, name, aheadMs: -behind }] : [];
  });
}

/** What to tell people of them. */
export function clockWarnings(instance: Instance): { code: 'CLOCK_ODD'; message: string }[] {
  return clockOddities(instance).map(({ name, aheadMs }) => ({
    code: 'CLOCK_ODD',
    message: `the clock of ${name} is at least ${span(Math.abs(aheadMs) / 1000)} ${aheadMs > 0 ? 'ahead of' : 'behind'} ours, or ours is wrong; order does not depend on it, the times shown do`,
  }));
}
