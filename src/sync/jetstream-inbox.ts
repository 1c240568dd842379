import {
  durableReader,
  type DurableReader,
  type DurableReaderOptions,
  type HeldMessage,
} from './durable-reader.ts';
import type { DurableName } from './jetstream-names.ts';
import type { HubClient } from './nats-connection.ts';
import { waiters } from './nats-waiters.ts';
import { rowToWire } from './row-on-wire.ts';
import { comparePlaces, type NamedBlob, type Parcel, type Place, type Received } from './transport.ts';

export interface JetstreamInbox extends AsyncDisposable {
  receive(wanted: () => readonly NamedBlob[], signal: AbortSignal): AsyncIterable<Received>;
  arrival(signal: AbortSignal): Promise<void>;
}

/** Messages of one pass; a peer that sends faster than we take does not keep us from sending. */
const passMessagesMax = 2048;

export function jetstreamInbox(options: DurableReaderOptions): JetstreamInbox {
  const { connection, pollMs } = options;
  const arrived = waiters();
  /** Of thousands of links most want no blobs, and read by one durable only. */
  const readers = new Map<DurableName, DurableReader>();
  let blobsWanted = false;

  function readerOf(name: DurableName): DurableReader {
    let reader = readers.get(name);
    if (!reader) readers.set(name, (reader = durableReader(name, options, () => arrived.wake())));
    return reader;
  }

  async function* receive(wanted: () => readonly NamedBlob[], signal: AbortSignal): AsyncGenerator<Received> {
    const entries = readerOf('entries');
    yield* take(entries, signal, (parcel) => parcel.kind === 'entries');
    // After the entries it speaks of, so that it tells what is missing and not what is merely unread.
    const heads = entries.held().filter(({ parcel }) => parcel?.kind === 'head');
    for (const old of heads.slice(0, -1)) await entries.done(old);
    const head = heads.at(-1);
    if (head && !signal.aborted) yield* offer(entries, head);
    blobsWanted = wanted().length > 0;
    if (blobsWanted) yield* take(readerOf('blobs'), signal, (parcel) => parcel.kind === 'blob');
  }

  async function* take(
    reader: DurableReader,
    signal: AbortSignal,
    now: (parcel: Parcel) => boolean,
  ): AsyncGenerator<Received> {
    const seen = new Set<HeldMessage>();
    while (!signal.aborted && seen.size < passMessagesMax) {
      await reader.gather(signal);
      const next = reader
        .held()
        .filter((held) => !seen.has(held) && (held.unreadable !== undefined || now(held.parcel)))
        .toSorted(byPlace);
      if (next.length === 0) return;
      for (const held of next) {
        if (signal.aborted) return;
        seen.add(held);
        yield* offer(reader, held);
      }
    }
  }

  async function* offer(reader: DurableReader, held: HeldMessage): AsyncGenerator<Received> {
    held.offered = true;
    if (held.unreadable) {
      // It stays what it is however often it comes; what it should have been is sent again by who misses a receipt.
      await reader.done(held);
      yield { unreadable: held.unreadable };
    } else yield { parcel: held.parcel, done: () => reader.done(held) };
  }

  /** Readers that somebody waits for. A blob that nobody wants is left where it is. */
  function awaited(): DurableReader[] {
    return blobsWanted ? [readerOf('entries'), readerOf('blobs')] : [readerOf('entries')];
  }

  async function arrival(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (awaited().some((reader) => reader.hasNew())) return;
      let client: HubClient;
      try {
        client = await connection.client(signal);
      } catch {
        // Why there is none is told by whoever sends or receives; when there is one, there is something to do.
        if (!signal.aborted) await connection.newer(0, signal);
        return;
      }
      // What was never asked on this connection, or was deleted there, has to be looked at first.
      if (!awaited().every((reader) => reader.stayOpen(client))) return;
      // That the connection is over wakes too.
      await arrived.wait(signal, pollMs);
    }
  }

  return {
    receive,
    arrival,
    async [Symbol.asyncDispose]() {
      for (const reader of readers.values()) await reader.close();
    },
  };
}

/** Entries in the order of their feed, whatever order they came in; all else as it came. */
function byPlace(a: HeldMessage, b: HeldMessage): number {
  const [left, right] = [placeOf(a), placeOf(b)];
  if (left && right) return comparePlaces(left, right);
  return left ? -1 : right ? 1 : a.streamSeq - b.streamSeq;
}

function placeOf({ parcel }: HeldMessage): Place | undefined {
  return parcel?.kind === 'entries' ? { epoch: rowToWire(parcel), seq: parcel.firstSeq } : undefined;
}
