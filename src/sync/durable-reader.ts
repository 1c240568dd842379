import { JetStreamApiError, type ConsumerInfo, type StreamState } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { SyncError } from './errors.ts';
import { mayHaveForgotten, renewDurable, standsAhead } from './jetstream-durable.ts';
import { streamName, waySubject, type DurableName, type Way } from './jetstream-names.ts';
import type { HubClient, HubConnection } from './nats-connection.ts';
import { requestError } from './nats-errors.ts';
import type { DurableMessage } from './nats-pulls.ts';
import { waiters } from './nats-waiters.ts';
import { decodeParcelFile } from './parcel-file.ts';
import type { Parcel, Received } from './transport.ts';

export type DurableReaderOptions = {
  readonly connection: HubConnection;
  readonly link: string;
  /** The way that leads here. */
  readonly way: Way;
  /** Whether this side may make durables, and look into the stream: the hub's side may. */
  readonly mayMake: boolean;
  /** How long a pull stays open while nothing comes, in milliseconds. */
  readonly pollMs: number;
  /** Without an answer for so long, the server is asked what is the case. */
  readonly silentMs: number;
  readonly buffer: BufferLimits;
  /** Told when anything comes from the other side. */
  readonly onMessage: () => void;
};

/** What a durable's messages may take here, at most, before some of them are let go. */
export type BufferLimits = { readonly messages: number; readonly bytes: number };

/** A message that came and is not acknowledged. */
export type HeldMessage = {
  readonly key: string;
  readonly streamSeq: number;
  readonly sizeBytes: number;
  reply: string;
  /** The stream's incarnation: an old message's number may be a new one's. */
  readonly incarnation: number;
  offered: boolean;
} & (
  | { readonly parcel: Parcel; readonly unreadable?: never }
  | { readonly unreadable: Unreadable; readonly parcel?: never }
);
type Unreadable = Extract<Received, { unreadable: unknown }>['unreadable'];

/** Reads one durable: what came and is not acknowledged is held here until it is done. */
export interface DurableReader {
  /** Brings here what the hub has for us now, as far as there is room. */
  gather(signal: AbortSignal): Promise<void>;
  held(): readonly HeldMessage[];
  /** Whether something came that was not offered yet. */
  hasNew(): boolean;
  /** Keeps a pull open, so that the next message comes by itself; false where the durable must be looked at first. */
  stayOpen(client: HubClient): boolean;
  done(held: HeldMessage): Promise<void>;
  close(): Promise<void>;
}

export function durableReader(
  name: DurableName,
  { connection, link, way, mayMake, pollMs, silentMs, buffer, onMessage }: DurableReaderOptions,
  onNew: () => void,
): DurableReader {
  const stream = streamName(link, way);
  const what = `receive from ${stream}`;
  const held = new Map<string, HeldMessage>();
  const told = waiters();
  let heldBytes = 0;
  let listening: Disposable | undefined;
  let current: HubClient | undefined;
  let created = '';
  /** Counts the streams that stood here, one after the other, under one name. */
  let incarnation = 0;
  let newest = { streamSeq: 0, stored: 0n };
  /** The durable waits for what the stream lost, and only the other side can make it anew. */
  let stranded = false;
  let open: { readonly token: string; readonly until: number } | undefined;
  /** When the server answered anything by this durable. */
  let answeredAt = -Infinity;
  /** Counts what the server told us, so that a silence can be told from an answer. */
  let messages = 0;
  let ends = 0;

  function remove(message: HeldMessage): void {
    if (held.get(message.key) !== message) return;
    held.delete(message.key);
    heldBytes -= message.sizeBytes;
  }

  /** Another stream stands there now. What is held comes again from it, and is acknowledged by other numbers. */
  function forgetStream(): void {
    incarnation += 1;
    newest = { streamSeq: 0, stored: 0n };
    for (const message of held.values()) remove(message);
  }

  function onArrival(message: DurableMessage): void {
    messages += 1;
    answeredAt = performance.now();
    const stored = BigInt(message.stored);
    // What was stored later has a greater number, unless the stream was made again meanwhile.
    if (stored > newest.stored && message.streamSeq <= newest.streamSeq) forgetStream();
    if (stored > newest.stored) newest = { streamSeq: message.streamSeq, stored };
    const key = `${message.streamSeq} ${message.stored}`;
    const before = held.get(key);
    if (before) before.reply = message.reply;
    else {
      const { subject, data, reply, streamSeq } = message;
      const facts = { key, streamSeq, sizeBytes: data.length, reply, incarnation, offered: false };
      held.set(key, { ...facts, ...read(name, `${subject} (message ${streamSeq})`, data) });
      heldBytes += data.length;
    }
    open = undefined;
    onMessage();
    told.wake();
    // Also when it is an old one that came again: the open pull has ended with it.
    onNew();
  }

  /** Prepares for a connection that is new to us: listens there, and asks for what the last one did not bring. */
  async function attend(client: HubClient): Promise<void> {
    if (current === client) return;
    listening?.[Symbol.dispose]();
    open = undefined;
    listening = client.pulls.listen(stream, name, {
      onMessage: onArrival,
      onEnd(token, code, words) {
        ends += 1;
        answeredAt = performance.now();
        if (open?.token === token) open = undefined;
        if (code === 409 && /deleted/i.test(words)) {
          current = undefined;
          onNew();
        }
        told.wake();
      },
    });
    let info = await client.manage(what, (manager) => manager.consumers.info(stream, name));
    // Asked for after the durable, so that it is never behind it only for having been asked first.
    const { state } = await client.manage(what, (manager) =>
      manager.streams.info(stream, { deleted_details: true }),
    );
    stranded = standsAhead(info, state);
    if (mayMake && (stranded || mayHaveForgotten(info, state) || (await wentBack(client, state)))) {
      info = await renewDurable(client, link, way, name);
      stranded = false;
    }
    if (info.created !== created) {
      created = info.created;
      forgetStream();
    }
    await askAgain(client, info, state);
    current = client;
    void client.nats.closed().then(() => {
      told.wake();
      onNew();
    });
  }

  /**
   * Whether the stream gives numbers again that were read here already, as far as anything is left that tells: it ends
   * before the newest of them, or something else has its number.
   */
  async function wentBack(client: HubClient, { last_seq: lastSeq }: StreamState): Promise<boolean> {
    const { streamSeq: seq, stored } = newest;
    if (seq === 0) return false;
    if (lastSeq < seq) return true;
    const lying = await client.manage(what, async (manager) => {
      try {
        return await manager.streams.getMessage(stream, { seq });
      } catch (error) {
        if (error instanceof JetStreamApiError && error.code === noMessageFound) return null;
        throw error;
      }
    });
    return lying !== null && BigInt(lying.time.getTime()) !== stored / 1_000_000n;
  }

  /**
   * What was delivered to an earlier connection or process and never acknowledged would come again only when the
   * server's patience ends; a refusal brings it at once. Nobody else reads by this durable. What lies there no more is
   * acknowledged: a server tries to bring it before anything else, and is silent each time that it can't.
   */
  async function askAgain(client: HubClient, info: ConsumerInfo, state: StreamState): Promise<void> {
    const { ack_floor: floor, delivered, num_ack_pending: pending } = info;
    const here = new Set([...held.values()].map(({ streamSeq }) => streamSeq));
    if (pending <= here.size) return;
    const gone = new Set(state.deleted);
    const answers: [subject: string, answer: string][] = [];
    const first = Math.max(
      floor.stream_seq + 1,
      Math.min(state.first_seq, delivered.stream_seq) - askAgainMax,
    );
    // The server looks up the number in the stream; of the durable's own it only sees that it is not too old.
    for (let seq = first; seq <= delivered.stream_seq && answers.length < 2 * askAgainMax; seq++) {
      const isGone = seq < state.first_seq || seq > state.last_seq || gone.has(seq);
      if (!isGone && here.has(seq)) continue;
      const subject = `$JS.ACK.${stream}.${name}.1.${seq}.${delivered.consumer_seq}.1.0`;
      answers.push([subject, isGone ? '+ACK' : '-NAK']);
    }
    const last = answers.pop();
    for (const [subject, answer] of answers) client.nats.publish(subject, answer);
    if (last === undefined) return;
    try {
      // The server takes them in order, so that after this answer all of them are asked for.
      await client.nats.request(...last, { timeout: silentMs });
    } catch (error) {
      throw requestError(what, error);
    }
  }

  /**
   * Whether whatever comes would come by itself: a pull stands open, and the server ended the one before in its time. A
   * durable that is gone ends none.
   */
  function comesByItself(client: HubClient): boolean {
    if (current !== client || !open) return false;
    const now = performance.now();
    return now < open.until && now - answeredAt < 2 * pollMs;
  }

  async function gather(signal: AbortSignal): Promise<void> {
    const client = await connection.client(signal);
    if (stranded) current = undefined;
    if (comesByItself(client)) return;
    await attend(client);
    makeRoom();
    const request = {
      batch: buffer.messages - held.size,
      max_bytes: Math.max(client.payloadBytesMax + headroomBytes, buffer.bytes - heldBytes),
      no_wait: true,
    } as const;
    const messagesBefore = messages;
    let endsBefore = ends;
    let isSilent = false;
    const timer = setTimeout(() => {
      isSilent = true;
      told.wake();
    }, silentMs);
    try {
      let wasOpen = open !== undefined;
      client.pulls.pull(stream, name, request);
      while (ends === endsBefore && messages - messagesBefore < request.batch) {
        const before = messages;
        await told.wait(signal);
        if (signal.aborted) return;
        if (client.nats.isClosed()) throw requestError(what, new errors.ClosedConnectionError());
        if (isSilent) return await explainSilence(client, messages > messagesBefore, signal);
        if (wasOpen && messages > before) {
          // The pull that stood open has taken the first, and ours may wait for another: ask once more.
          wasOpen = false;
          endsBefore = ends;
          client.pulls.pull(stream, name, request);
        }
      }
    } finally {
      clearTimeout(timer);
    }
    if (messages === messagesBefore) refuseStranded();
  }

  function refuseStranded(): void {
    if (!stranded) return;
    throw new SyncError(
      'HUB_LOST_MESSAGES',
      `Cannot ${what}: the hub has lost messages, and waits for numbers that it gave already`,
      {
        hint: "The hub's side mends it when it connects next; nothing is lost.",
        details: { stream, durable: name },
      },
    );
  }

  /** A durable that is gone answers nothing at all, and one that was made again knows nothing of our pulls. */
  async function explainSilence(client: HubClient, someCame: boolean, signal: AbortSignal): Promise<void> {
    const forbidden = client.forbidden(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`);
    if (forbidden) throw requestError(what, forbidden);
    const before = incarnation;
    current = undefined;
    await attend(client);
    if (someCame) return;
    refuseStranded();
    if (incarnation !== before) return gather(signal);
    client.doubt();
    throw new SyncError('HUB_SILENT', `Cannot ${what}: the server is connected and does not answer`, {
      hint: "See the server's log, and whether its disk is well; it is tried again.",
      details: { stream, durable: name },
    });
  }

  /** Lets go of what was offered and could not be taken, oldest first; its author misses the receipt and sends it again. */
  function makeRoom(): void {
    for (const message of held.values()) {
      if (held.size <= buffer.messages / 2 && heldBytes <= buffer.bytes / 2) return;
      if (message.offered) acknowledge(message);
    }
  }

  function acknowledge(message: HeldMessage): void {
    remove(message);
    if (message.incarnation !== incarnation || !current || current.nats.isClosed()) return;
    current.nats.publish(message.reply, '+ACK');
  }

  return {
    gather,
    held: () => [...held.values()],
    hasNew: () => [...held.values()].some(({ offered }) => !offered),
    stayOpen(client) {
      if (current !== client) return false;
      if (open && performance.now() < open.until) return true;
      const token = client.pulls.pull(stream, name, { batch: 1, expires: pollMs * 1_000_000 });
      open = { token, until: performance.now() + pollMs };
      return true;
    },
    done(message) {
      acknowledge(message);
      return Promise.resolve();
    },
    async close() {
      listening?.[Symbol.dispose]();
      listening = undefined;
      const live = current;
      current = undefined;
      if (live && !live.nats.isClosed()) await live.nats.flush();
    },
  };

  function read(
    durable: DurableName,
    label: string,
    data: Uint8Array,
  ): { parcel: Parcel } | { unreadable: Unreadable } {
    const decoded = decodeParcelFile(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    const unreadable = (code: Unreadable['code'], message: string) => ({
      unreadable: { name: label, code, message },
    });
    if (!('parcel' in decoded)) return unreadable(decoded.code, decoded.message);
    if ((decoded.parcel.kind === 'blob') !== (durable === 'blobs'))
      return unreadable(
        'PARCEL_FOREIGN',
        `it lies in ${waySubject(link, way)} where its kind does not belong`,
      );
    return decoded;
  }
}

const askAgainMax = 4096;
const headroomBytes = 64 * 1024;
const noMessageFound = 10037;
