import type { SpanName } from './jetstream-names.ts';
import { isSettled, type Chunk, type EntriesRow, type Place, type Settled } from './transport.ts';

/** A message of ours that the hub has acknowledged, as far as this process knows. */
export type Carried = {
  readonly span: SpanName;
  readonly subject: string;
  /** Its number in the stream, where it is known. */
  streamSeq: number | undefined;
  readonly sizeBytes: number;
  /** How often it was sent because nobody said to have got it. */
  readonly tries: number;
  /** Until when it is believed to be on its way; for ever while it is seen lying there. */
  believedUntil: number;
  /** Whether the other side took it from the hub. */
  taken: boolean;
};

/**
 * What one side has on its way, in memory. It asks nobody and may be wrong: too little means that something is sent
 * twice, and too much ends when the belief does.
 */
export interface CarriedSpans {
  readonly size: number;
  all(): IterableIterator<Carried>;
  add(carried: Carried): void;
  forget(gone: (carried: Carried) => boolean): readonly Carried[];
  carriedTo(place: Place & EntriesRow, now: number): number;
  carries(chunk: Chunk, now: number): boolean;
  /** How often what is in this span was sent and came to nothing. */
  triesOf(span: SpanName): number;
  /** Takes out what the other side has said to hold. */
  settle(settled: Settled): readonly Carried[];
}

export function carriedSpans(): CarriedSpans {
  const bySubject = new Map<string, Carried>();
  /** By epoch, or by digest and attempt, and then by where they begin, so that a question looks at few. */
  const groups = new Map<string, Map<number, readonly Carried[]>>();

  function remove(carried: Carried): void {
    bySubject.delete(carried.subject);
    const key = groupOf(carried.span);
    const group = groups.get(key);
    const { from } = rangeOf(carried.span);
    const left = group?.get(from)?.filter((other) => other !== carried) ?? [];
    if (left.length > 0) group?.set(from, left);
    else group?.delete(from);
    if (group?.size === 0) groups.delete(key);
  }

  /** The end of the unbroken stretch of believed spans from `from` on, or one that is at least `enough`. */
  function reach(key: string, from: number, enough: number, now: number): number {
    const group = groups.get(key);
    let reached = from;
    while (group && reached < enough) {
      // Spans mostly begin where others end; only where none does are all of them looked at.
      const next = furthest(group.get(reached) ?? [], reached, now);
      const further = next > reached ? next : furthest([...group.values()].flat(), reached, now);
      if (further === reached) break;
      reached = further;
    }
    return reached;
  }

  function forget(gone: (carried: Carried) => boolean): readonly Carried[] {
    const forgotten = [...bySubject.values()].filter(gone);
    for (const carried of forgotten) remove(carried);
    return forgotten;
  }

  return {
    get size() {
      return bySubject.size;
    },
    all: () => bySubject.values(),
    add(carried) {
      const before = bySubject.get(carried.subject);
      if (before) remove(before);
      bySubject.set(carried.subject, carried);
      const key = groupOf(carried.span);
      const group = groups.get(key) ?? new Map<number, readonly Carried[]>();
      groups.set(key, group);
      const { from } = rangeOf(carried.span);
      group.set(from, [...(group.get(from) ?? []), carried]);
    },
    forget,
    carriedTo: ({ seq, ...row }, now) => reach(rowGroup(row), seq, Infinity, now) - 1,
    carries: ({ digest, attempt, offset, length }, now) =>
      reach(`b ${digest} ${attempt}`, offset, offset + length, now) >= offset + length,
    triesOf(span) {
      const { from, to } = rangeOf(span);
      let tries = -1;
      for (const carried of [...(groups.get(groupOf(span))?.values() ?? [])].flat()) {
        const other = rangeOf(carried.span);
        if (other.from < to && from < other.to) tries = Math.max(tries, carried.tries);
      }
      return tries + 1;
    },
    settle: (settled) =>
      forget(({ span }) =>
        span.kind === 'entries' ? isSettled(span, span.last, settled) : !settled.owed.has(span.digest),
      ),
  };
}

/** How far a believed span reaches that holds `at`; `at` itself where none does. */
function furthest(spans: readonly Carried[], at: number, now: number): number {
  let reached = at;
  for (const { span, believedUntil } of spans) {
    const { from, to } = rangeOf(span);
    if (from <= at && now < believedUntil) reached = Math.max(reached, to);
  }
  return reached;
}

function groupOf(span: SpanName): string {
  return span.kind === 'entries' ? rowGroup(span) : `b ${span.digest} ${span.attempt}`;
}

function rowGroup({ epoch, givenBack }: EntriesRow): string {
  return givenBack ? `back ${epoch}` : `e ${epoch}`;
}

/** Where a span begins and where the next one would. */
function rangeOf(span: SpanName): { readonly from: number; readonly to: number } {
  return span.kind === 'entries' ? { from: span.first, to: span.last + 1 } : span;
}
