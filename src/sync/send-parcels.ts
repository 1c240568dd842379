import { openGate } from './blob-gate.ts';
import { stretchBytesMax, stretchesOf } from './blob-stretches.ts';
import { chunksOf } from './blobs.ts';
import { SyncError } from './errors.ts';
import { entryBytesInParcel } from './parcel-file.ts';
import type { ParcelWay } from './receive-parcels.ts';
import type { OwedPieces, PlacedEntry } from './replica.ts';
import { noteFailure } from './tally.ts';
import type { Chunk, EntriesAfter, NamedBlob, Place } from './transport.ts';

const pageEntries = 64;

/** The way out: what the peer's receipt does not cover and is not on its way yet. */
export interface ParcelSender {
  /** Entries first, then the head, then one turn's share of blobs. */
  send(headDue: boolean): Promise<void>;
  /** Whether blobs are left for another turn. */
  readonly blobsToGo: boolean;
  /** Whether there are more of the peer's own entries to give back than were its share of this turn. */
  readonly moreToGiveBack: boolean;
}

export function parcelSender({ replica, transport, signal, limits, tally }: ParcelWay): ParcelSender {
  let headSent = false;
  /** How many stretches of each owed blob are known to be on their way. */
  const seenTo = new Map<string, number>();
  const { gate = openGate } = replica;
  let blobsToGo = false;
  let moreToGiveBack = false;

  async function send(headDue: boolean): Promise<void> {
    const owed = replica.blobsOwed();
    await transport.settle({
      ...pick(replica.confirmed()),
      owed: new Set(owed.map(({ digest }) => digest)),
      givenBack: replica.peerStands?.() ?? 'all',
    });
    const sent = await sendEntries(replica.confirmed());
    await giveBack();
    const head = sent || (headDue && !headSent) ? replica.outgoingHead() : undefined;
    if (head) {
      await transport.send({ kind: 'head', bytes: head }, signal);
      headSent = true;
    }
    await sendBlobs(owed);
  }

  /** Sends what follows the peer's receipt and is not on its way, so that whatever got lost is sent again. */
  async function sendEntries(confirmed: Place): Promise<boolean> {
    let at = confirmed;
    let sent = false;
    while (!signal.aborted) {
      const [next] = replica.outgoing(at, 1);
      if (!next) break;
      const carriedTo = await transport.carriedTo(next, (after, limit) => replica.outgoing(after, limit));
      if (carriedTo >= next.seq) {
        at = { epoch: next.epoch, seq: carriedTo };
        continue;
      }
      const entries = batchFrom(next, (after, limit) => replica.outgoing(after, limit));
      await transport.send({ kind: 'entries', epoch: next.epoch, firstSeq: next.seq, entries }, signal);
      tally.entriesOut += entries.length;
      at = { epoch: next.epoch, seq: next.seq + entries.length - 1 };
      sent = true;
    }
    return sent;
  }

  /**
   * What the peer lost of its own feed, one parcel after the other up to a turn's share: verified there as any other
   * entry, and asked for by nothing but a head that tells of less than is held here.
   */
  async function giveBack(): Promise<void> {
    let at = replica.peerStands?.();
    const entriesAfter: EntriesAfter = (after, limit) => replica.incoming?.(after, limit) ?? [];
    let leftBytes = limits.blobBytesPerTurn;
    moreToGiveBack = false;
    while (at && !signal.aborted) {
      moreToGiveBack = leftBytes <= 0;
      if (moreToGiveBack) return;
      const [first] = entriesAfter(at, 1);
      if (!first) return;
      const entries = batchFrom(first, entriesAfter);
      const last = entries.at(-1)!;
      leftBytes -= entries.reduce((sum, entry) => sum + entryBytesInParcel(entry), 0);
      at = pick(last);
      const row = { epoch: first.epoch, givenBack: true } as const;
      if ((await transport.carriedTo({ ...row, seq: first.seq }, entriesAfter)) >= last.seq) continue;
      await transport.send({ kind: 'entries', ...row, firstSeq: first.seq, entries }, signal);
      tally.entriesOut += entries.length;
    }
  }

  /** The longest unbroken row of entries of one epoch that begins with this one and fits one parcel. */
  function batchFrom(first: PlacedEntry, next: EntriesAfter): readonly [PlacedEntry, ...PlacedEntry[]] {
    const batch: [PlacedEntry, ...PlacedEntry[]] = [first];
    let sizeBytes = entryBytesInParcel(first);
    for (let last = first; ;) {
      const page = next(last, pageEntries);
      if (page.length === 0) return batch;
      for (const entry of page) {
        sizeBytes += entryBytesInParcel(entry);
        if (sizeBytes > limits.batchBytes || !follows(last, entry)) return batch;
        batch.push(entry);
        last = entry;
      }
    }
  }

  /** Goes through all that is owed once an exchange, as far in each turn as its share allows. */
  async function sendBlobs(owed: readonly NamedBlob[]): Promise<void> {
    const most = tally.blobBytesOut + Math.min(limits.blobBytesPerTurn, gate.allowance());
    const until = performance.now() + limits.blobMsPerTurn;
    /** Chunks that this pass has brought on their way; another blob that has them too need not carry them. */
    const onTheirWay = new Set<string>();
    blobsToGo = true;
    for (const blob of owed) {
      const listed = blob.attempt === 0 ? await replica.owedPieces?.(blob.digest) : undefined;
      const chunks = listed ? listedChunks(blob, listed, onTheirWay) : [...chunksOf(blob, limits.chunkBytes)];
      const key = `${blob.digest} ${blob.attempt} ${listed?.asks} ${chunks.length} ${chunks[0]?.offset}`;
      let isWhole = true;
      for (const chunk of chunks.slice(seenTo.get(key))) {
        if (signal.aborted || performance.now() > until) return;
        const bytesOf = (): Promise<Uint8Array | undefined> => readChunk(blob, chunk.offset, chunk.length);
        if (!(await transport.carriesChunk(chunk, bytesOf))) {
          if (tally.blobBytesOut >= most) return;
          const piece = await bytesOf();
          isWhole = piece !== undefined;
          if (!piece) break;
          const { digest, sizeBytes, attempt, offset } = chunk;
          await transport.send({ kind: 'blob', digest, sizeBytes, attempt, offset, bytes: piece }, signal);
          tally.blobBytesOut += piece.length;
          gate.moved(piece.length);
        }
        seenTo.set(key, (seenTo.get(key) ?? 0) + 1);
      }
      if (isWhole)
        for (const piece of listed?.pieces ?? []) if ('digest' in piece) onTheirWay.add(piece.digest);
    }
    blobsToGo = false;
  }

  /** The chunks that the other side lacks, as far as we know, and those it asked for. */
  function listedChunks(
    blob: NamedBlob,
    listed: OwedPieces,
    onTheirWay: ReadonlySet<string>,
  ): readonly Chunk[] {
    const { pieces, knowsLists, heldThere, asked, asks } = listed;
    const bytesMax = Math.min(limits.chunkBytes, stretchBytesMax);
    const isLacking = (index: number): boolean => {
      if (asked.has(index)) return false;
      const piece = pieces[index]!;
      return !knowsLists || ('digest' in piece && !heldThere.has(index) && !onTheirWay.has(piece.digest));
    };
    return [
      ...stretchesOf(pieces, isLacking, bytesMax).map((stretch) => ({ ...blob, ...stretch })),
      ...stretchesOf(pieces, (index) => asked.has(index), bytesMax).map((stretch) => ({
        ...blob,
        ...stretch,
        attempt: asks,
      })),
    ];
  }

  /** A blob that our own store can't read is a failure of its own; the others are sent all the same. */
  async function readChunk(blob: NamedBlob, offset: number, length: number): Promise<Uint8Array | undefined> {
    try {
      const piece = await replica.openBlob(blob.digest, offset, length);
      if (piece.length === length) return piece;
      noteFailure(tally, unreadableBlob(blob, `${piece.length} of ${length} bytes are there at ${offset}`));
    } catch (cause) {
      noteFailure(tally, unreadableBlob(blob, cause instanceof Error ? cause.message : String(cause), cause));
    }
    return undefined;
  }

  return {
    send,
    get blobsToGo() {
      return blobsToGo;
    },
    get moreToGiveBack() {
      return moreToGiveBack;
    },
  };
}

function pick({ epoch, seq }: Place): Place {
  return { epoch, seq };
}

function follows(before: Place, after: Place): boolean {
  return after.epoch === before.epoch && after.seq === before.seq + 1;
}

function unreadableBlob(blob: NamedBlob, why: string, cause?: unknown): SyncError {
  return new SyncError('BLOB_UNREADABLE', `Cannot send blob ${blob.digest}: ${why}`, {
    hint: 'Add the package again, or restore the data folder; the other blobs are sent meanwhile.',
    details: { digest: blob.digest },
    cause,
  });
}
