import { feedId } from '../../events/index.ts';
import type { Instance } from '../../instance/index.ts';
import { readLinks } from '../../projections/index.ts';
import { span } from '../../words.ts';
import { advice, good, type Finding } from './finding.ts';

/** Clocks that differ by less are as good as equal. */
const oddMs = 5 * 60_000;

const hint =
  'Let the system keep the time (systemd-timesyncd, chrony, w32tm), here or there, whichever is wrong.';

/**
 * Whether our clock can be right: what we wrote, what came here and what a hub says must not be from our future. A clock
 * that is behind the others' is found by the same from their side. `hubs` are the times that servers told just now.
 */
export function checkClock(
  { log, clock, db }: Instance,
  hubs: readonly { readonly name: string; readonly aheadMs: number }[] = [],
): Finding[] {
  const now = clock.now();
  const last = log.lastPosition();
  const ours = last === 0 ? undefined : log.read({ after: last - 1, limit: 1 })[0];
  const found: Finding[] = [];
  const ahead = (what: string, ms: number): void => {
    if (ms > oddMs) found.push(advice('clock', `${what} is ${span(ms / 1000)} ahead of our clock`, hint));
  };
  if (ours?.header.audience === log.instanceId) ahead('our own newest entry', ours.header.at - now);
  const heads = new Map(log.peerHeads().map((head) => [head.feed, head]));
  for (const { link, name, peer, state, heardAt } of readLinks(db)) {
    if (state === 'removed' || peer === null) continue;
    const head = heads.get(feedId(peer, link));
    const entry = (heardAt ?? 0) - now;
    // A head tells at what time it was sealed there; it came later, so that it proves as much as an entry.
    ahead(`the clock of ${name}`, Math.max(entry, head === undefined ? 0 : head.issuedAt - head.receivedAt));
  }
  for (const { name, aheadMs } of hubs)
    if (Math.abs(aheadMs) > oddMs)
      found.push(
        advice(
          'clock',
          `the clock of ${name} is ${span(Math.abs(aheadMs) / 1000)} ${aheadMs > 0 ? 'ahead of' : 'behind'} ours`,
          hint,
        ),
      );
  return found.length === 0
    ? [good('clock', 'nothing that came here is from our future')]
    : found.slice(0, 10);
}
