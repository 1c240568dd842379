import { createHash, randomBytes } from 'node:crypto';
import { JetStreamApiError, type JetStreamManager, type PubAck, type StreamInfo } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { SyncError } from './errors.ts';
import { carriedSpans, type Carried } from './jetstream-carried.ts';
import { mayHaveForgotten, renewDurable, standsAhead } from './jetstream-durable.ts';
import {
  durableFilter,
  durableNames,
  headSubject,
  parseSpanSubject,
  spanSubject,
  streamName,
  waySubject,
  type DurableName,
  type SpanName,
  type Way,
} from './jetstream-names.ts';
import type { HubClient, HubConnection } from './nats-connection.ts';
import { requestError } from './nats-errors.ts';
import { piecesOfChunk, piecesOfEntries, refuseTooLarge } from './message-pieces.ts';
import { encodeParcelFile } from './parcel-file.ts';
import type { Parcel, Settled, Transport } from './transport.ts';
import { waitOut } from './wait-out.ts';

export type JetstreamOutboxOptions = {
  readonly connection: HubConnection;
  readonly link: string;
  /** The way that leads from here. */
  readonly way: Way;
  /** Whether this side may look into the stream it sends to, and purge it: the hub's side may. */
  readonly mayLook: boolean;
  /** How often the hub's side looks, in milliseconds. */
  readonly lookMs: number;
  /** How long something is believed to be on its way that nobody says to have got; doubled each time, up to `mostMs`. */
  readonly belief: { readonly firstMs: number; readonly mostMs: number };
  /** Bytes of blobs that may lie at the hub and not be taken; of entries half as many. */
  readonly windowBytes: number;
  readonly now: () => number;
  /** Told when the hub turns out to have lost what it acknowledged. */
  readonly onLoss: (loss: SyncError) => void;
};

export interface JetstreamOutbox {
  send(parcel: Parcel, signal: AbortSignal): Promise<void>;
  readonly carriedTo: Transport['carriedTo'];
  readonly carriesChunk: Transport['carriesChunk'];
  settle(settled: Settled): Promise<void>;
  /** The other side was heard of: it is awake, and takes what we send. */
  heardOf(): void;
  /** Whether something was held back for want of room. */
  isHeldBack(): boolean;
  /** Resolves when there is some now, or when the signal fires. */
  room(signal: AbortSignal): Promise<void>;
}

/** How long until it is looked for room again: soon while something is taken, and later each time while nothing is. */
const roomLookMs = { first: 50, most: 5000 };
/** Messages of an earlier run whose numbers are asked for at a time. */
const lookUpsMax = 64;

export function jetstreamOutbox(options: JetstreamOutboxOptions): JetstreamOutbox {
  const { connection, link, way, mayLook, lookMs, belief, now, onLoss } = options;
  const stream = streamName(link, way);
  const what = `send to ${stream}`;
  const carried = carriedSpans();
  let lookedAt = -Infinity;
  let created: string | undefined;
  let generation = 0;
  /** On which connection the durables were last compared with their stream. */
  let comparedOn = 0;
  let wentBack = false;
  /** Of which kinds something that is not needed any more could not be purged: it was the end, and where; or on its way. */
  const leftBehind = new Map<SpanName['kind'], number | 'on its way'>();
  let lastSeq = 0;
  let lastHead = '';
  let lastHeadSeq = 0;
  const sinceHeardBytes = { entries: 0, blob: 0 };
  const heldBack = { entries: false, blob: false };
  let lookForRoomMs = roomLookMs.first;
  let { windowBytes } = options;

  const doubt = (tries: number): number => now() + Math.min(belief.mostMs, belief.firstMs * 2 ** tries);

  async function send(parcel: Parcel, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const client = await connection.client(signal);
    // Before the numbers that were lost are given again: afterwards nothing tells.
    if (mayLook && comparedOn !== client.generation) await look(client);
    switch (parcel.kind) {
      case 'head':
        return sendHead(client, parcel.bytes);
      case 'entries':
        for (const piece of piecesOfEntries(parcel, client)) {
          const { epoch, givenBack, firstSeq: first, entries } = piece;
          const row = { epoch, ...(givenBack && { givenBack }) };
          const span = { kind: 'entries', ...row, first, last: first + entries.length - 1 } as const;
          if (carried.carriedTo({ ...row, seq: first }, now()) < span.last)
            await sendSpan(client, span, piece);
        }
        return;
      case 'blob':
        for (const piece of piecesOfChunk(parcel, client)) {
          const { digest, attempt, offset, bytes } = piece;
          const to = offset + bytes.length;
          const chunk = { digest, sizeBytes: piece.sizeBytes, attempt, offset, length: bytes.length };
          if (carried.carries(chunk, now())) continue;
          await sendSpan(client, { kind: 'blob', digest, attempt, from: offset, to }, piece);
        }
    }
  }

  async function sendHead(client: HubClient, bytes: Uint8Array): Promise<void> {
    const payload = encodeParcelFile({ kind: 'head', bytes });
    const id = createHash('sha256').update(payload).digest('hex');
    if (id === lastHead && generation === client.generation) return;
    lastHeadSeq = noteAck(await publish(client, headSubject(link, way), payload, { msgID: id }));
    lastHead = id;
    await letGo(client, leftAtEnd());
  }

  async function sendSpan(client: HubClient, span: SpanName, parcel: Parcel): Promise<void> {
    const subject = spanSubject(link, way, span);
    const payload = encodeParcelFile(parcel);
    const tries = carried.triesOf(span);
    const streamSeq =
      (tries === 0 ? await publishOnce(client, subject, payload) : undefined) ??
      // What came to nothing before goes without conditions, and by a name that nobody can have used before.
      noteAck(await publish(client, subject, payload, { msgID: randomBytes(16).toString('hex') }));
    sinceHeardBytes[span.kind] += payload.length;
    carried.add({
      span,
      subject,
      streamSeq,
      sizeBytes: payload.length,
      tries,
      believedUntil: mayLook ? Infinity : doubt(tries),
      taken: false,
    });
    await letGo(client, leftAtEnd());
  }

  /**
   * Publishes what the stream should not hold yet. Where it says that it does, that is looked at and compared; the
   * customer's side can't look, and believes it for a while. Undefined where something else lies there.
   */
  async function publishOnce(
    client: HubClient,
    subject: string,
    payload: Uint8Array,
  ): Promise<number | undefined> {
    const msgID = createHash('sha256').update(subject).update(payload).digest('hex');
    let ack: PubAck | undefined;
    try {
      ack = await publish(client, subject, payload, {
        msgID,
        expect: { streamName: stream, lastSubjectSequence: 0 },
      });
    } catch (error) {
      if (!isWrongLastSequence(error)) throw error;
    }
    if (ack && !ack.duplicate) return noteAck(ack);
    if (!mayLook) return ack?.seq ?? 0;
    const query = ack ? { seq: ack.seq } : { last_by_subj: subject };
    const lying = await client.manage(what, (manager) => storedMessage(manager, stream, query));
    return lying?.subject === subject && Buffer.compare(lying.data, payload) === 0 ? lying.seq : undefined;
  }

  async function publish(
    client: HubClient,
    subject: string,
    payload: Uint8Array,
    how: Parameters<HubClient['jetstream']['publish']>[2],
  ): Promise<PubAck> {
    refuseTooLarge(client, payload);
    try {
      return await client.jetstream.publish(subject, payload, how);
    } catch (error) {
      if (error instanceof errors.TimeoutError) client.doubt();
      throw requestError(what, error);
    }
  }

  /** A number that was given before means that the stream was made again, or went back in time. */
  function noteAck({ seq, duplicate }: PubAck): number {
    if (!duplicate && seq <= lastSeq) {
      forgetLost(() => true, `it gave number ${seq} after ${lastSeq}`);
      wentBack = true;
      lookedAt = -Infinity;
    }
    if (!duplicate) lastSeq = seq;
    return seq;
  }

  function forgetLost(gone: (one: Carried) => boolean, why: string): void {
    const lost = carried.forget((one) => !one.taken && gone(one));
    if (lost.length === 0) return;
    onLoss(
      new SyncError('HUB_LOST_MESSAGES', `Cannot rely on ${stream}: the hub has lost messages: ${why}`, {
        hint: 'They are sent again; if it happens more than once, look after the disk of the server.',
        details: { stream, messages: lost.length },
      }),
    );
  }

  /** Looks which of our messages lie there and which were taken; what does neither is lost. The hub's side only. */
  async function look(client: HubClient): Promise<void> {
    const first = created === undefined;
    const isNewConnection = comparedOn !== client.generation;
    if (!first && carried.size === 0 && !isNewConnection && !wentBack) {
      lookedAt = now();
      return;
    }
    const below = `${waySubject(link, way)}.>`;
    const info = await client.manage(what, (manager) =>
      manager.streams.info(stream, { subjects_filter: below }),
    );
    if (created !== undefined && created !== info.created)
      forgetLost(() => true, 'its stream was made again');
    const lying = info.state.subjects ?? {};
    if (first) seed(Object.keys(lying));
    created = info.created;
    wentBack ||= info.state.last_seq < lastSeq;
    lastSeq = info.state.last_seq;
    // What is beyond the stream's own limit pushes out what lies there.
    const { max_bytes: bytesMax } = info.config;
    windowBytes = bytesMax > 0 ? Math.min(options.windowBytes, bytesMax / 2) : options.windowBytes;
    forgetLost(({ subject }) => !Object.hasOwn(lying, subject), 'they do not lie there any more');
    if (isNewConnection || wentBack) await mendDurables(client, info);
    await noteTaken(client, info);
    comparedOn = client.generation;
    wentBack = false;
    lookedAt = now();
  }

  /** The other side may not make its durables anew, and would wait for what never comes. */
  async function mendDurables(client: HubClient, { state }: StreamInfo): Promise<void> {
    for (const durable of durableNames) {
      const info = await consumer(client, durable);
      if (wentBack || standsAhead(info, state) || mayHaveForgotten(info, state))
        await renewDurable(client, link, way, durable);
    }
  }

  /** What an earlier run of this program left there. */
  function seed(subjects: readonly string[]): void {
    for (const subject of subjects) {
      const span = parseSpanSubject(link, way, subject);
      if (!span) continue;
      const sizeBytes = span.kind === 'blob' ? span.to - span.from : 0;
      const facts = { streamSeq: undefined, sizeBytes, tries: 0, believedUntil: Infinity, taken: false };
      carried.add({ span, subject, ...facts });
    }
  }

  /** What has come to the other side, and is not receipted, is believed for a while only. */
  async function noteTaken(client: HubClient, info?: StreamInfo): Promise<void> {
    for (const [durable, kind] of [
      ['entries', 'entries'],
      ['blobs', 'blob'],
    ] as const) {
      const open = [...carried.all()].filter(({ span, taken }) => span.kind === kind && !taken);
      if (open.length === 0) continue;
      const facts = await consumer(client, durable);
      const { ack_floor: floor, delivered, num_pending: pending, num_ack_pending: flying } = facts;
      if (
        info &&
        mayHaveForgotten(facts, info.state) &&
        open.some(({ streamSeq = 0 }) => floor.stream_seq < streamSeq && streamSeq <= delivered.stream_seq)
      ) {
        await renewDurable(client, link, way, durable);
        continue;
      }
      // Its floor goes past the end when all was taken, also that of an earlier run, whose numbers we don't know.
      const all = pending === 0 && info !== undefined;
      for (const one of open) {
        const isIn = (end: number, otherwise: boolean): boolean =>
          one.streamSeq === undefined ? otherwise : one.streamSeq <= end;
        one.taken = isIn(floor.stream_seq, all && flying === 0);
        // Entries that came and can't be taken, be it that they were altered on the way, would lie there for ever.
        const cameOver = one.taken || (kind === 'entries' && isIn(delivered.stream_seq, all));
        if (cameOver) one.believedUntil = Math.min(one.believedUntil, doubt(one.tries));
      }
    }
  }

  function consumer(client: HubClient, durable: DurableName) {
    return client.manage(what, (manager) => manager.consumers.info(stream, durable));
  }

  async function settle(settled: Settled): Promise<void> {
    const client = connection.live();
    // Who sends or receives tells why there is no connection, and dials; here is nothing that could not wait.
    if (!client) return void carried.settle(settled);
    if (generation !== client.generation) {
      if (generation > 0) doubtNewest();
      generation = client.generation;
      lookedAt = -Infinity;
    }
    const due = now() - lookedAt >= lookMs;
    if (mayLook && due) await look(client);
    const gone = carried.settle(settled);
    const held = [...leftBehind].filter(([, why]) => why === 'on its way').map(([kind]) => kind);
    if (mayLook)
      await letGo(client, new Set([...held, ...leftAtEnd(), ...gone.map(({ span }) => span.kind)]));
  }

  /**
   * After a new connection the customer's side sends its newest message again: an intact stream says that it has it, and
   * one that lost it gives it a number that tells how much is lost.
   */
  function doubtNewest(): void {
    if (mayLook) return;
    let newest: Carried | undefined;
    for (const one of carried.all()) if ((one.streamSeq ?? 0) >= (newest?.streamSeq ?? 0)) newest = one;
    if (newest) carried.forget((one) => one === newest);
  }

  /**
   * Removes from the stream what the other side holds, from its beginning to the first message that is still needed.
   * Only ever by the filter of a durable: purging by any other makes a 2.9 server's durables skip what is left. The last
   * message stays until another lies behind it: a 2.9 server that is ended without warning begins an empty stream's
   * numbers at one again.
   */
  async function letGo(
    client: HubClient,
    kinds: ReadonlySet<SpanName['kind']> | readonly SpanName['kind'][],
  ): Promise<void> {
    for (const kind of kinds) {
      const durable = kind === 'entries' ? 'entries' : 'blobs';
      leftBehind.set(kind, 'on its way');
      // A 2.9 server's durable would forget what is on its way to somebody, and never bring it again.
      if ((await consumer(client, durable)).num_ack_pending > 0) continue;
      const needed = [...carried.all()].filter(({ span }) => span.kind === kind);
      let first = kind === 'entries' && lastHeadSeq > 0 ? lastHeadSeq : lastSeq;
      const unknown = needed.filter(({ streamSeq }) => streamSeq === undefined);
      for (const one of unknown.slice(0, lookUpsMax)) one.streamSeq = await streamSeqOf(client, one);
      for (const { streamSeq = 0 } of needed) first = Math.min(first, streamSeq);
      const filter = durableFilter(link, way, durable);
      if (first > 1)
        await client.manage(what, (manager) => manager.streams.purge(stream, { filter, seq: first }));
      if (needed.length === 0 && lastSeq !== lastHeadSeq) leftBehind.set(kind, lastSeq);
      else leftBehind.delete(kind);
    }
  }

  /** Kinds of which something was left at the end of the stream, which is somewhere else now. */
  function leftAtEnd(): SpanName['kind'][] {
    return [...leftBehind].filter(([, at]) => at !== 'on its way' && at !== lastSeq).map(([kind]) => kind);
  }

  /** The number of what an earlier run sent; 0, which keeps everything, where it is gone. */
  async function streamSeqOf(client: HubClient, one: Carried): Promise<number> {
    const query = { last_by_subj: one.subject };
    const lying = await client.manage(what, (manager) => storedMessage(manager, stream, query));
    return lying?.seq ?? 0;
  }

  /** How many bytes of a kind are there for the other side to take, as far as this side can tell. */
  function lyingBytes(kind: SpanName['kind']): number {
    if (!mayLook) return sinceHeardBytes[kind];
    let bytes = 0;
    for (const { span, taken, sizeBytes } of carried.all())
      if (span.kind === kind && !taken) bytes += sizeBytes;
    return bytes;
  }

  function windowOf(kind: SpanName['kind']): number {
    return kind === 'blob' ? windowBytes : windowBytes / 2;
  }

  /** Whether there is no room for more of a kind now, since it would push out what lies there. */
  function isFull(kind: SpanName['kind']): boolean {
    heldBack[kind] = lyingBytes(kind) >= windowOf(kind);
    return heldBack[kind];
  }

  // What there is no room for counts as on its way, so that nobody waits for it; it is asked for again.
  return {
    send,
    carriedTo(place) {
      const to = carried.carriedTo(place, now());
      return Promise.resolve(to < place.seq && isFull('entries') ? everyLater : to);
    },
    carriesChunk: (chunk) => Promise.resolve(carried.carries(chunk, now()) || isFull('blob')),
    settle,
    heardOf() {
      sinceHeardBytes.entries = 0;
      sinceHeardBytes.blob = 0;
      lookForRoomMs = roomLookMs.first;
    },
    isHeldBack: () => heldBack.entries || heldBack.blob,
    async room(signal) {
      const kinds = ['entries', 'blob'] as const;
      while (!signal.aborted) {
        await waitOut(lookForRoomMs, signal);
        if (signal.aborted) return;
        const lyingBefore = lyingBytes('entries') + lyingBytes('blob');
        if (mayLook) await noteTaken(await connection.client(signal));
        const isTaken = lyingBytes('entries') + lyingBytes('blob') < lyingBefore;
        lookForRoomMs = isTaken ? roomLookMs.first : Math.min(roomLookMs.most, 2 * lookForRoomMs);
        const roomy = kinds.filter((kind) => heldBack[kind] && lyingBytes(kind) <= windowOf(kind) / 2);
        for (const kind of roomy) heldBack[kind] = false;
        if (roomy.length > 0) return;
      }
    },
  };
}

/** A sequence that no entry reaches. */
const everyLater = Number.MAX_SAFE_INTEGER - 1;

function isWrongLastSequence(error: unknown): boolean {
  const cause = error instanceof SyncError ? error.cause : error;
  return cause instanceof JetStreamApiError && wrongLastSequenceCodes.has(cause.code);
}

const wrongLastSequenceCodes = new Set([10071, 10164, 10158]);

async function storedMessage(
  manager: JetStreamManager,
  stream: string,
  query: { seq: number } | { last_by_subj: string },
): Promise<{ subject: string; data: Uint8Array; seq: number } | undefined> {
  try {
    const message = await manager.streams.getMessage(stream, query);
    return message ? { subject: message.subject, data: message.data, seq: message.seq } : undefined;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === 10037) return undefined;
    throw error;
  }
}
