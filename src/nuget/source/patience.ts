import { setTimeout as timer } from 'node:timers/promises';

/** How long others are waited for, and how often they are asked. */
export type Patience = {
  /** Without a byte for so long, an exchange is given up. */
  readonly idleMs: number;
  /** So long a document may take from the question to its last byte. */
  readonly documentMs: number;
  /** A file may take as much longer as it takes at this speed. */
  readonly slowestBytesPerSecond: number;
  /** How often a question is asked in all where it is not answered. */
  readonly tries: number;
  /** How often is looked whether a push that was only accepted came through. */
  readonly looks: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** Resolves after a time; rejects where `signal` fires. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
};

export const usualPatience: Patience = {
  idleMs: 60_000,
  documentMs: 120_000,
  slowestBytesPerSecond: 20_000,
  tries: 3,
  looks: 12,
  firstPauseMs: 500,
  longestPauseMs: 30_000,
  pause: (ms, signal) => timer(ms, undefined, { signal }),
};

/** How long to wait after `failed` tries: doubled each time, and different for each of those who failed together. */
export function backOff(
  failed: number,
  { firstMs, mostMs }: { readonly firstMs: number; readonly mostMs: number },
  random: () => number = Math.random,
): number {
  const most = Math.min(mostMs, firstMs * 2 ** Math.min(failed - 1, 30));
  return Math.round(most * (0.5 + random() / 2));
}

/** What a `Retry-After` asks for, in milliseconds; undefined where it says nothing that is one. */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
