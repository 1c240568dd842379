import type { Clock } from '../clock.ts';

/** When blobs may move, and how fast. Entries never pass here. */
export interface BlobGate {
  /** How many bytes may move now, both ways together. */
  allowance(): number;
  moved(bytes: number): void;
  /** Why none may move now, and for how long; undefined while the gate is open. */
  closed(): Closed | undefined;
}

export type Closed = { readonly because: 'rate' | 'window'; readonly opensInMs: number };

/** A stretch of each day in minutes since midnight, local time; one that ends before it begins lasts over midnight. */
export type DayWindow = { readonly from: number; readonly to: number };

export type GateOptions = {
  readonly clock: Clock;
  readonly bytesPerSecond?: number | undefined;
  readonly window?: DayWindow | undefined;
};

const minuteMs = 60_000;
const dayMinutes = 24 * 60;
/** What was not used may be used within this time. */
const savedForMs = 1000;
/** Waiting for less would mean waiting often. */
const waitAtLeastMs = 250;

/**
 * The gate that all links of an instance share. A parcel that is under way is never cut, so the rate may be
 * exceeded for as long as one takes, which is made up for before the next.
 */
export function blobGate({ clock, bytesPerSecond, window }: GateOptions): BlobGate {
  const rate = (bytesPerSecond ?? Infinity) / 1000;
  const most = rate * savedForMs;
  let left = most;
  let countedAt = clock.now();

  function refill(): void {
    const now = clock.now();
    // A clock that was put back gives nothing, one that was put on no more than can be saved.
    if (rate !== Infinity) left = Math.min(most, left + Math.max(0, now - countedAt) * rate);
    countedAt = now;
  }

  function closed(): Closed | undefined {
    const opensInMs = window === undefined ? 0 : untilOpen(window, clock.now());
    if (opensInMs > 0) return { because: 'window', opensInMs };
    refill();
    if (left > 0) return undefined;
    return { because: 'rate', opensInMs: Math.ceil(Math.max(waitAtLeastMs, -left / rate + waitAtLeastMs)) };
  }

  return {
    allowance: () => (closed() === undefined ? left : 0),
    moved(bytes) {
      refill();
      left -= bytes;
    },
    closed,
  };
}

export const openGate: BlobGate = {
  allowance: () => Infinity,
  moved: () => undefined,
  closed: () => undefined,
};

/** How long until the window opens, 0 while it is open. Days with another number of hours are looked at again. */
function untilOpen({ from, to }: DayWindow, now: number): number {
  const at = new Date(now);
  const minutes = at.getHours() * 60 + at.getMinutes();
  const isOpen =
    from === to || (from < to ? from <= minutes && minutes < to : from <= minutes || minutes < to);
  if (isOpen) return 0;
  const intoMinuteMs = at.getSeconds() * 1000 + at.getMilliseconds();
  return ((from - minutes + dayMinutes) % dayMinutes) * minuteMs - intoMinuteMs;
}
