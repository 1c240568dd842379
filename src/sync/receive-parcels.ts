import { faultPoint } from '../faults.ts';
import { openGate } from './blob-gate.ts';
import type { BlobIntake } from './blob-intake.ts';
import type { IncomingPieces } from './blob-pieces.ts';
import type { IncomingBlob } from './blobs.ts';
import type { ExchangeLimits } from './limits.ts';
import type { Replica, Verdict, WantedPieces } from './replica.ts';
import { noteRefusal, type Refusal, type Tally } from './tally.ts';
import type { BlobParcel, EntriesParcel, NamedBlob, Parcel, Received, Transport } from './transport.ts';

/** What both ways of one exchange share. */
export type ParcelWay = {
  readonly replica: Replica;
  readonly transport: Transport;
  readonly signal: AbortSignal;
  readonly limits: ExchangeLimits;
  readonly tally: Tally;
};

/** The way in: whatever the transport yields goes to the log or the store, and is done only when it is there. */
export interface ParcelReceiver {
  /** Takes what is at hand, of blobs no more than one turn's share. */
  receive(): Promise<void>;
  /** Says once what came to be held. */
  acknowledge(): Promise<void>;
}

export function parcelReceiver(
  { replica, transport, signal, limits, tally }: ParcelWay,
  intake: BlobIntake,
): ParcelReceiver {
  // An earlier run may have ended between taking something and saying so.
  let unacknowledged = true;
  const { gate = openGate } = replica;

  async function receive(): Promise<void> {
    const most = tally.blobBytesIn + Math.min(limits.blobBytesPerTurn, gate.allowance());
    tally.entriesParked = 0;
    let wanted = new Map<string, NamedBlob>();
    const nowWanted = (): readonly NamedBlob[] => {
      const blobs = replica.incomingBlobs();
      wanted = new Map(blobs.map((blob) => [blob.digest, blob]));
      // While blobs may not move, they stay where they are.
      return gate.closed() === undefined ? blobs : [];
    };
    nowWanted();
    for await (const received of transport.receive(nowWanted, signal)) {
      if ('unreadable' in received) {
        const { name, code, message } = received.unreadable;
        noteRefusal(tally, { what: name, code, message });
        continue;
      }
      await take(received, wanted);
      if (signal.aborted || (parcelOf(received)?.kind === 'blob' && tally.blobBytesIn >= most)) break;
    }
    await intake.discardHeld((digest) => replica.holdsBlob(digest));
    // What was complete before a restart, or could not be adopted the last time.
    for (const blob of replica.incomingBlobs()) {
      if (signal.aborted) return;
      const listed = await piecesOf(blob);
      const begun = listed ? await intake.openPieces(blob, listed.pieces) : await intake.begun(blob);
      if (listed && begun) await findPieces(begun as IncomingPieces, listed);
      if (begun?.complete) await judge(begun);
    }
  }

  /** What came whole and was not what its list says is sent as it is the next time, and judged as a whole. */
  async function piecesOf(blob: NamedBlob): Promise<WantedPieces | undefined> {
    return blob.attempt === 0 ? replica.wantedPieces?.(blob.digest) : undefined;
  }

  /** Puts together what other blobs have, as far as the time of a turn allows, and asks for what nobody will send. */
  async function findPieces(incoming: IncomingPieces, listed: WantedPieces): Promise<void> {
    const { digest } = incoming.blob;
    const until = performance.now() + limits.blobMsPerTurn;
    let found: { index: number; bytes: Uint8Array }[] = [];
    let foundBytes = 0;
    const put = async (): Promise<void> => {
      const before = incoming.heldBytes;
      await incoming.put(found);
      tally.blobBytesFound += incoming.heldBytes - before;
      if (incoming.heldBytes > before) intake.noteProgress(digest);
      [found, foundBytes] = [[], 0];
    };
    for (const index of incoming.missing()) {
      const bytes = await replica.findPiece?.(digest, index);
      if (!bytes) continue;
      found.push({ index, bytes });
      foundBytes += bytes.length;
      if (foundBytes < putBytesTogether) continue;
      await put();
      if (signal.aborted || performance.now() > until) return;
    }
    await put();
    if (!incoming.complete) await ask(incoming, listed);
  }

  async function ask(incoming: IncomingPieces, { assumed, asked, asks }: WantedPieces): Promise<void> {
    const { digest } = incoming.blob;
    const damaged = intake.damaged(digest);
    const missing = incoming.missing();
    const isNews = missing.some((index) => damaged.has(index) || (assumed.has(index) && !asked.has(index)));
    if (!isNews || !replica.askForPieces) return;
    // A list that nobody can fulfil is no use: the blob comes as a whole, and is judged as one.
    if (asks >= asksMax && missing.some((index) => damaged.has(index)))
      return refuse(incoming, await replica.refuseBlob(digest, incoming.path));
    if (asks > 0 && !intake.mayAsk(digest)) return;
    await replica.askForPieces(
      digest,
      missing.filter((index) => damaged.has(index) || assumed.has(index) || asked.has(index)),
      missing.filter((index) => damaged.has(index)),
    );
    damaged.clear();
    unacknowledged = true;
  }

  async function take(
    { parcel, done }: Extract<Received, { parcel: unknown }>,
    wanted: Map<string, NamedBlob>,
  ): Promise<void> {
    switch (parcel.kind) {
      case 'head': {
        const verdict = await replica.receiveHead(parcel.bytes);
        if (verdict.outcome === 'refused') {
          noteRefusal(tally, { what: 'head', ...coded(verdict) });
          // What speaks against its author is told to him.
          unacknowledged = true;
        }
        return done();
      }
      case 'entries':
        return takeEntries(parcel, done);
      case 'blob':
        return takeChunk(parcel, done, wanted);
    }
  }

  async function takeEntries(parcel: EntriesParcel, done: () => Promise<void>): Promise<void> {
    const verdicts = await replica.receiveEntries(parcel.entries);
    faultPoint('sync.entries-received');
    for (const [index, verdict] of verdicts.entries()) {
      if (verdict.outcome === 'refused')
        noteRefusal(tally, { what: `${parcel.epoch}/${parcel.firstSeq + index}`, ...coded(verdict) });
      else tally[counterOf[verdict.outcome]] += 1;
    }
    if (verdicts.some(({ outcome }) => outcome === 'appended' || outcome === 'refused'))
      unacknowledged = true;
    // What waits for an earlier entry is offered again, since the replica need not remember it; and what waits for a
    // person to let a frozen feed go on.
    if (!verdicts.some(isWaiting)) await done();
  }

  async function takeChunk(
    chunk: BlobParcel,
    done: () => Promise<void>,
    wanted: Map<string, NamedBlob>,
  ): Promise<void> {
    const blob = wanted.get(chunk.digest);
    // Of a blob that no entry has named yet nothing is kept, and nothing let go.
    if (!blob) return replica.holdsBlob(chunk.digest) ? done() : undefined;
    if (chunk.attempt < blob.attempt) return done();
    const listed = await piecesOf(blob);
    const incoming = listed ? await intake.openPieces(blob, listed.pieces) : await intake.open(blob);
    const kept = await incoming.accept(chunk);
    gate.moved(chunk.bytes.length);
    if (typeof kept === 'object') {
      noteRefusal(tally, {
        what: chunk.digest,
        code: 'CHUNK_REFUSED',
        message: `Cannot keep a chunk of ${chunk.digest}: ${kept.refused}`,
      });
      // What came before the newest request is no answer to it.
      if (chunk.attempt >= (listed?.asks ?? 0))
        for (const index of kept.damaged ?? []) intake.damaged(chunk.digest).add(index);
    }
    const keptBytes = kept === 'kept' ? chunk.bytes.length : kept === 'had' ? 0 : (kept.keptBytes ?? 0);
    if (keptBytes > 0) {
      tally.blobBytesIn += keptBytes;
      intake.noteProgress(chunk.digest);
    }
    await done();
    if (!incoming.complete) return;
    await judge(incoming);
    // The rest of its chunks may still be on the table.
    wanted.delete(chunk.digest);
  }

  /** A complete blob is held, or it is not what its name says: then it is thrown away and asked for again. */
  async function judge(incoming: IncomingBlob): Promise<void> {
    const { path, blob } = incoming;
    faultPoint('sync.blob-complete');
    let parts: readonly string[];
    if (await incoming.isWhole()) {
      await incoming.forgetNotes();
      faultPoint('sync.blob-whole');
      const adopted = await replica.adoptBlob(blob.digest, path);
      faultPoint('sync.blob-adopted');
      intake.forget(blob.digest);
      if (adopted === 'held') {
        tally.blobsHeld.push(blob.digest);
        unacknowledged = true;
        return;
      }
      parts = adopted.refused;
    } else parts = await replica.refuseBlob(blob.digest, path);
    return refuse(incoming, parts);
  }

  async function refuse(incoming: IncomingBlob, parts: readonly string[]): Promise<void> {
    const { blob } = incoming;
    faultPoint('sync.blob-refused');
    await incoming.discard();
    intake.forget(blob.digest);
    const named = parts.length > 0 ? `: changed are ${parts.join(', ')}` : '';
    const message = `Cannot keep blob ${blob.digest}: what arrived is not what its digest names${named}`;
    noteRefusal(tally, { what: blob.digest, code: 'BLOB_DAMAGED', message, parts });
  }

  async function acknowledge(): Promise<void> {
    if (!unacknowledged) return;
    await replica.acknowledge();
    unacknowledged = false;
  }

  return { receive, acknowledge };
}

const putBytesTogether = 1024 * 1024;
const asksMax = 4;

const parcelOf = (received: Received): Parcel | undefined =>
  'parcel' in received ? received.parcel : undefined;

const counterOf = { appended: 'entriesIn', known: 'entriesKnown', parked: 'entriesParked' } as const;

function isWaiting(verdict: Verdict): boolean {
  return verdict.outcome === 'parked' || (verdict.outcome === 'refused' && verdict.code === 'FEED_FROZEN');
}

function coded({
  code,
  message,
}: Extract<Verdict, { outcome: 'refused' }>): Pick<Refusal, 'code' | 'message'> {
  return { code, message };
}
