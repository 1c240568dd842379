import type { RefusedView } from '../projections/index.ts';
import type { Exchange } from '../sync/index.ts';

type Refusals = Exchange['refusals'];
type Reason = { count: number; message: string };

/** So long after the last one nobody needs to be told any more. */
const latelyMs = 3_600_000;
/** Reasons are ours and few; more than these are not told apart. */
const reasonsMax = 16;
/** What a message quotes may be of the other side's choosing. */
const wordsMax = 500;

/** What was refused of one link, by reasons: it holds no more for a flood than for a few. */
export interface RefusedLately {
  /** Adds what an exchange refused; true where nothing was for an hour before. What the one before refused too is the same. */
  add(refusals: Refusals, now: number): boolean;
  /** Null where nothing was refused for an hour. */
  view(now: number): RefusedView | null;
}

export function refusedLately(): RefusedLately {
  const reasons = new Map<string, Reason>();
  let [since, at, count] = [0, -Infinity, 0];
  /** An exchange tells a bounded number of them. */
  let before = new Set<string>();

  return {
    add(refusals, now) {
      const seen = new Set(refusals.map(({ code, what }) => `${code} ${what}`));
      // What is not whole yet is no fault of anybody.
      const fresh = refusals.filter(
        ({ code, what }) => code !== 'PARCEL_UNFINISHED' && !before.has(`${code} ${what}`),
      );
      before = seen;
      if (fresh.length === 0) return false;
      const isFirst = now - at > latelyMs;
      if (isFirst) {
        reasons.clear();
        [since, count] = [now, 0];
      }
      at = now;
      count += fresh.length;
      for (const { code, message } of fresh) {
        const reason = reasons.get(code);
        if (reason === undefined && reasons.size >= reasonsMax) continue;
        reasons.set(code, { count: (reason?.count ?? 0) + 1, message: message.slice(0, wordsMax) });
      }
      return isFirst;
    },
    view(now) {
      if (now - at > latelyMs) return null;
      const told = [...reasons].map(([code, reason]) => ({ code, ...reason }));
      return {
        count,
        since: new Date(since).toISOString(),
        at: new Date(at).toISOString(),
        reasons: told.toSorted((a, b) => b.count - a.count),
      };
    },
  };
}
