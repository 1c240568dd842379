import { faultPoint } from '../faults.ts';
import type { BlobIntake, BlobProgress } from './blob-intake.ts';
import { chunkBytesDefault, chunksOf, type IncomingBlob } from './blobs.ts';
import { SyncError } from './errors.ts';
import { entryBytesInParcel } from './parcel-file.ts';
import type { PlacedEntry, Replica, Verdict } from './replica.ts';
import type { BlobParcel, EntriesParcel, NamedBlob, Place, Received, Transport } from './transport.ts';

export type ExchangeLimits = {
  /** Entries of one parcel, together; a single larger entry still travels, alone. */
  readonly batchBytes: number;
  readonly chunkBytes: number;
  /** Bytes of blobs each way before entries have their turn again. */
  readonly blobBytesPerTurn: number;
  /** Time to spend on sending blobs, which includes reading back what lies there, before entries have their turn again. */
  readonly blobMsPerTurn: number;
};

export const exchangeLimits: ExchangeLimits = {
  batchBytes: 1024 * 1024,
  chunkBytes: chunkBytesDefault,
  blobBytesPerTurn: 16 * 1024 * 1024,
  blobMsPerTurn: 1000,
};

/** Something that came and was not taken; it changes nothing for what comes after it. */
export type Refusal = {
  /** The place of an entry, the digest of a blob, or the name of a file. */
  readonly what: string;
  readonly code: string;
  readonly message: string;
  /** What of a refused blob has changed, as well as it can be told. */
  readonly parts?: readonly string[];
};

/** What one exchange did, both ways. */
export type Exchange = {
  readonly entriesIn: number;
  readonly entriesKnown: number;
  readonly entriesParked: number;
  readonly entriesOut: number;
  readonly blobBytesIn: number;
  readonly blobBytesOut: number;
  /** Digests of the blobs that came to be held. */
  readonly blobsHeld: readonly string[];
  /** Blobs that are named by entries and still missing. */
  readonly waiting: readonly BlobProgress[];
  readonly refusals: readonly Refusal[];
  /** Why a part of the exchange could not be done now; what it was about comes again. */
  readonly failures: readonly Error[];
};

export type ExchangeOptions = {
  readonly signal: AbortSignal;
  readonly limits: ExchangeLimits;
  readonly intake: BlobIntake;
  /** Whether the head is sent even if no entry is. */
  readonly headDue: boolean;
};

const pageEntries = 64;

/**
 * Does everything there is to do now, in turns: take heads, entries and some bytes of blobs; acknowledge; send
 * entries, the head and some bytes of blobs; until a turn moves nothing. A failure of one way does not hinder the other.
 */
export async function exchangeOnce(
  replica: Replica,
  transport: Transport,
  { signal, limits, intake, headDue }: ExchangeOptions,
): Promise<Exchange> {
  const counts = { entriesIn: 0, entriesKnown: 0, entriesParked: 0, entriesOut: 0 };
  const bytes = { blobBytesIn: 0, blobBytesOut: 0 };
  const blobsHeld: string[] = [];
  const refusals = new Map<string, Refusal>();
  const failures: Error[] = [];
  let headSent = false;
  /** Up to which byte each owed blob is known to be on its way. */
  const seenTo = new Map<string, number>();
  let blobsToGo = false;
  // An earlier run may have ended between taking something and saying so.
  let unacknowledged = true;

  const refuse = (refusal: Refusal): void => void refusals.set(`${refusal.what} ${refusal.code}`, refusal);

  async function receive(): Promise<void> {
    const most = bytes.blobBytesIn + limits.blobBytesPerTurn;
    counts.entriesParked = 0;
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
        refuse({ what: name, code, message });
        continue;
      }
      await take(received, wanted);
      if (signal.aborted || bytes.blobBytesIn >= most) break;
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
        if (verdict.outcome === 'refused') refuse({ what: 'head', ...coded(verdict) });
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
        refuse({ what: `${parcel.epoch}/${parcel.firstSeq + index}`, ...coded(verdict) });
      else counts[counterOf[verdict.outcome]] += 1;
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
      refuse({ what: chunk.digest, code: 'CHUNK_REFUSED', message: `Cannot keep a chunk: ${kept.refused}` });
    if (kept === 'kept') {
      bytes.blobBytesIn += chunk.bytes.length;
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
        blobsHeld.push(blob.digest);
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
    refuse({ what: blob.digest, code: 'BLOB_DAMAGED', message, parts });
  }

  async function acknowledge(): Promise<void> {
    if (!unacknowledged) return;
    await replica.acknowledge();
    unacknowledged = false;
  }

  async function send(): Promise<void> {
    const owed = replica.blobsOwed();
    await transport.settle({
      ...pick(replica.confirmed()),
      owed: new Set(owed.map(({ digest }) => digest)),
    });
    const sent = await sendEntries(replica.confirmed());
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
      const carriedTo = await transport.carriedTo(next);
      if (carriedTo >= next.seq) {
        at = { epoch: next.epoch, seq: carriedTo };
        continue;
      }
      const entries = batchAfter(at);
      await transport.send({ kind: 'entries', epoch: next.epoch, firstSeq: next.seq, entries }, signal);
      counts.entriesOut += entries.length;
      at = { epoch: next.epoch, seq: next.seq + entries.length - 1 };
      sent = true;
    }
    return sent;
  }

  /** The longest unbroken row of entries of one epoch that fits one parcel; at least one. */
  function batchAfter(after: Place): readonly PlacedEntry[] {
    const batch: PlacedEntry[] = [];
    let sizeBytes = 0;
    for (;;) {
      const page = replica.outgoing(batch.at(-1) ?? after, pageEntries);
      if (page.length === 0) return batch;
      for (const entry of page) {
        const before = batch.at(-1);
        sizeBytes += entryBytesInParcel(entry);
        if (before && (sizeBytes > limits.batchBytes || !follows(before, entry))) return batch;
        batch.push(entry);
      }
    }
  }

  /** Goes through all that is owed once an exchange, as far in each turn as its share allows. */
  async function sendBlobs(owed: readonly NamedBlob[]): Promise<void> {
    const most = bytes.blobBytesOut + limits.blobBytesPerTurn;
    const until = performance.now() + limits.blobMsPerTurn;
    blobsToGo = true;
    for (const blob of owed) {
      const key = `${blob.digest} ${blob.attempt}`;
      for (const chunk of chunksOf(blob, limits.chunkBytes, seenTo.get(key))) {
        if (signal.aborted || bytes.blobBytesOut >= most || performance.now() > until) return;
        if (!(await transport.carriesChunk(chunk))) {
          const piece = await readChunk(blob, chunk.offset, chunk.length);
          if (!piece) break;
          await transport.send({ kind: 'blob', ...blob, offset: chunk.offset, bytes: piece }, signal);
          bytes.blobBytesOut += piece.length;
        }
        seenTo.set(key, chunk.offset + chunk.length);
      }
    }
    blobsToGo = false;
  }

  /** A blob that our own store can't read is a failure of its own; the others are sent all the same. */
  async function readChunk(blob: NamedBlob, offset: number, length: number): Promise<Uint8Array | undefined> {
    try {
      const piece = await replica.openBlob(blob.digest, offset, length);
      if (piece.length === length) return piece;
      failures.push(unreadableBlob(blob, `${piece.length} of ${length} bytes are there at ${offset}`));
    } catch (cause) {
      failures.push(unreadableBlob(blob, cause instanceof Error ? cause.message : String(cause), cause));
    }
    return undefined;
  }

  /** Does one part of a turn; whatever hinders it is kept, unless it is the end. */
  async function attempt(part: () => Promise<void>): Promise<void> {
    if (signal.aborted) return;
    try {
      await part();
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      // Both ways of one missing folder are one failure.
      if (!signal.aborted && failures.every(({ message }) => message !== failure.message))
        failures.push(failure);
    }
  }

  const moved = (): number =>
    counts.entriesIn + counts.entriesOut + bytes.blobBytesIn + bytes.blobBytesOut + blobsHeld.length;
  let before: number;
  do {
    before = moved();
    await attempt(receive);
    await attempt(acknowledge);
    await attempt(send);
  } while ((blobsToGo || moved() > before) && failures.length === 0 && !signal.aborted);

  let waiting: readonly BlobProgress[] = [];
  await attempt(() => {
    waiting = intake.progress(replica.incomingBlobs());
    return Promise.resolve();
  });
  return { ...counts, ...bytes, blobsHeld, waiting, refusals: [...refusals.values()], failures };
}

const counterOf = { appended: 'entriesIn', known: 'entriesKnown', parked: 'entriesParked' } as const;

function coded({
  code,
  message,
}: Extract<Verdict, { outcome: 'refused' }>): Pick<Refusal, 'code' | 'message'> {
  return { code, message };
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
