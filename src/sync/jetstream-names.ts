/*
 * What lies at a hub for a link, LINK being its id in lower-case hex.
 *
 *   stream    cg-LINK-down                    from the hub's side to the customer's; cg-LINK-up the other way
 *   subjects  cg.LINK.down.e.ROW.FIRST.LAST       entries FIRST to LAST of a row (see row-on-wire.ts)
 *             cg.LINK.down.e.head                 the newest head
 *             cg.LINK.down.b.DIGEST.ATTEMPT.FROM.TO   bytes FROM up to TO of the blob with this SHA-256
 *   durables  `entries`, which delivers cg.LINK.down.e.>, and `blobs`, which delivers cg.LINK.down.b.>
 *
 * Numbers are decimal without leading zeros, DIGEST is lower-case hex. Heads share the entries' durable, since a
 * durable of nats-server 2.9 has one filter, and blobs have their own, so that no entry waits for a blob. A stream
 * keeps one message a subject: the same span of entries, or of bytes, is the same subject and the same bytes, and only
 * the newest head counts. Each message holds one parcel as parcel-file.ts has it.
 */

import { rowFromWire, rowToWire } from './row-on-wire.ts';
import type { EntriesRow } from './transport.ts';

export type Way = 'down' | 'up';
export type DurableName = 'entries' | 'blobs';
export const durableNames: readonly DurableName[] = ['entries', 'blobs'];

/** A span of entries or of a blob's bytes, as a subject tells it. */
export type SpanName =
  | (EntriesRow & { readonly kind: 'entries'; readonly first: number; readonly last: number })
  | {
      readonly kind: 'blob';
      readonly digest: string;
      readonly attempt: number;
      readonly from: number;
      readonly to: number;
    };

export function streamName(link: string, way: Way): string {
  return `cg-${link}-${way}`;
}

/** The subject below which everything of one way of a link lies. */
export function waySubject(link: string, way: Way): string {
  return `cg.${link}.${way}`;
}

export function durableFilter(link: string, way: Way, durable: DurableName): string {
  return `${waySubject(link, way)}.${durable === 'entries' ? 'e' : 'b'}.>`;
}

export function headSubject(link: string, way: Way): string {
  return `${waySubject(link, way)}.e.head`;
}

export function spanSubject(link: string, way: Way, span: SpanName): string {
  const below = waySubject(link, way);
  return span.kind === 'entries'
    ? `${below}.e.${rowToWire(span)}.${span.first}.${span.last}`
    : `${below}.b.${span.digest}.${span.attempt}.${span.from}.${span.to}`;
}

/** What a subject of this way tells, undefined where it is none of ours. */
export function parseSpanSubject(link: string, way: Way, subject: string): SpanName | undefined {
  const below = `${waySubject(link, way)}.`;
  if (!subject.startsWith(below)) return undefined;
  const entries = /^e\.(\d{1,10})\.(\d{1,15})\.(\d{1,15})$/.exec(subject.slice(below.length));
  if (entries) {
    const [row = 0, first = 0, last = 0] = entries.slice(1).map(Number);
    return first <= last ? { kind: 'entries', ...rowFromWire(row), first, last } : undefined;
  }
  const blob = /^b\.([0-9a-f]{64})\.(\d{1,10})\.(\d{1,15})\.(\d{1,15})$/.exec(subject.slice(below.length));
  if (!blob) return undefined;
  const [attempt = 0, from = 0, to = 0] = blob.slice(2).map(Number);
  return from < to ? { kind: 'blob', digest: blob[1] ?? '', attempt, from, to } : undefined;
}
