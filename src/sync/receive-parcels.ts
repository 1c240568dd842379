import { faultPoint } from '../faults.ts';
import type { BlobIntake } from './blob-intake.ts';
import type { IncomingBlob } from './blobs.ts';
import type { ExchangeLimits } from './limits.ts';
import type { Replica, Verdict } from './replica.ts';
import { noteRefusal, type Refusal, type Tally } from './tally.ts';
import type { BlobParcel, EntriesParcel, NamedBlob, Received, Transport } from './transport.ts';

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

  async function receive(): Promise<void> {
    const most = tally.blobBytesIn + limits.blobBytesPerTurn;
    tally.entriesParked = 0;
    let wanted = new Map<string, NamedBlob>();
    const nowWanted = (): readonly NamedBlob[] => {
      const blobs = replica.incomingBlobs();
      wanted = new Map(blobs.map((blob) => [blob.digest, blob]));
      return blobs;
    };
    nowWanted();
    for await (const received of transport.receive(nowWanted, signal)) {
      if ('unreadable' in received) {
        const { name, code, message } = received.unreadable;
        noteRefusal(tally, { what: name, code, message });
        continue;
      }
      await take(received, wanted);
      if (signal.aborted || tally.blobBytesIn >= most) break;
    }
    // What was complete before a restart, or could not be adopted the last time.
    for (const blob of replica.incomingBlobs()) {
      const begun = signal.aborted ? undefined : await intake.begun(blob);
      if (begun?.complete) await judge(begun);
    }
  }

  async function take(
    { parcel, done }: Extract<Received, { parcel: unknown }>,
    wanted: Map<string, NamedBlob>,
  ): Promise<void> {
    switch (parcel.kind) {
      case 'head': {
        const verdict = await replica.receiveHead(parcel.bytes);
        if (verdict.outcome === 'refused') noteRefusal(tally, { what: 'head', ...coded(verdict) });
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
    if (verdicts.some(({ outcome }) => outcome === 'appended')) unacknowledged = true;
    // What waits for an earlier entry is offered again, since the replica need not remember it.
    if (verdicts.every(({ outcome }) => outcome !== 'parked')) await done();
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
    const incoming = await intake.open(blob);
    const kept = await incoming.accept(chunk);
    if (typeof kept === 'object')
      noteRefusal(tally, {
        what: chunk.digest,
        code: 'CHUNK_REFUSED',
        message: `Cannot keep a chunk: ${kept.refused}`,
      });
    if (kept === 'kept') {
      tally.blobBytesIn += chunk.bytes.length;
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

const counterOf = { appended: 'entriesIn', known: 'entriesKnown', parked: 'entriesParked' } as const;

function coded({
  code,
  message,
}: Extract<Verdict, { outcome: 'refused' }>): Pick<Refusal, 'code' | 'message'> {
  return { code, message };
}
