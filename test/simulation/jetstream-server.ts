/*
 * The far end of a hub's wire, in memory: the streams, durables and acknowledgements of a nats-server 2.9 as far as a link
 * uses them, with what such a server does wrong. Whoever is at the near end is the real transport.
 */
import { errors, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { JetStreamApiError } from '@nats-io/jetstream';
import {
  durableFilter,
  durableNames,
  streamName,
  waySubject,
  type DurableName,
  type Way,
} from '../../src/sync/jetstream-names.ts';
import type { HubClient, HubConnection } from '../../src/sync/nats-connection.ts';
import { pullDesk } from '../../src/sync/nats-pulls.ts';
import type { Chance } from './chance.ts';

export type Stored = {
  readonly seq: number;
  readonly subject: string;
  data: Buffer;
  readonly stored: number;
};

const ackWaitMs = 30_000;
const apiError = (code: number, description: string): JetStreamApiError =>
  new JetStreamApiError({ code: 400, err_code: code, description });

/** Who has been given what of a stream, and has said to have it. */
class Durable {
  readonly prefix: string;
  readonly created: string;
  /** What was given and not acknowledged: how often, and when last. */
  readonly flying = new Map<number, { times: number; at: number }>();
  readonly again: number[] = [];
  deliveredSeq = 0;
  count = 0;
  /** Where it stands since a purge made it forget all that was on its way to somebody. */
  forgotAt: number | undefined;
  constructor(prefix: string, created: string) {
    this.prefix = prefix;
    this.created = created;
  }

  get floor(): number {
    if (this.flying.size === 0 && this.forgotAt !== undefined) return this.forgotAt;
    return Math.min(this.deliveredSeq, ...[...this.flying.keys()].map((seq) => seq - 1));
  }
}

/** One way of a link, with its stream and its two durables. */
export class JetStream {
  readonly name: string;
  readonly subject: string;
  messages: Stored[] = [];
  lastSeq = 0;
  ids = new Map<string, number>();
  durables = new Map<string, Durable>();
  created = '';
  withheld = false;
  refusing = 0;
  swallowing = 0;
  acksLost = 0;
  shuffled: Chance | undefined;
  /** A durable that is made anew stands where it stood. */
  isStubborn = false;
  readonly #link: string;
  readonly #way: Way;
  #incarnations = 0;

  constructor(link: string, way: Way) {
    this.#link = link;
    this.#way = way;
    this.name = streamName(link, way);
    this.subject = waySubject(link, way);
    this.makeAgain();
  }

  /** Deleted, or lost with the server's disk, and made again by the hub's side. */
  makeAgain(): void {
    this.#incarnations += 1;
    this.created = `incarnation ${this.#incarnations}`;
    this.messages = [];
    this.lastSeq = 0;
    this.ids = new Map();
    this.durables = new Map();
    for (const name of durableNames) this.renew(name);
  }

  /** Puts a message where the newest one goes, whoever sends it. */
  store(subject: string, data: Buffer, stored: number): number {
    this.lastSeq += 1;
    this.messages = this.messages.filter((message) => message.subject !== subject);
    this.messages.push({ seq: this.lastSeq, subject, data, stored });
    return this.lastSeq;
  }

  /** What is older goes, and with it every durable's memory of what is on its way to somebody. */
  purge(prefix: string, before: number): void {
    const left = this.messages.filter(({ seq, subject }) => seq >= before || !subject.startsWith(prefix));
    if (left.length === this.messages.length) return;
    this.messages = left;
    for (const durable of this.durables.values()) {
      if (durable.flying.size === 0) continue;
      durable.forgotAt = Math.min(before - 1, durable.deliveredSeq);
      durable.flying.clear();
    }
  }

  /** A durable that begins again with what lies there. */
  renew(name: string): void {
    this.#incarnations += 1;
    const prefix = durableFilter(this.#link, this.#way, name as DurableName).slice(0, -1);
    this.durables.set(name, new Durable(prefix, `durable ${this.#incarnations}`));
  }

  /** The newest messages go, and the numbers with them; the durables know of it, or go on behind what is not there. */
  loseTail(from: number, isNoticed: boolean): void {
    this.messages.splice(from);
    this.lastSeq = this.messages.at(-1)?.seq ?? 0;
    for (const durable of this.durables.values()) {
      if (isNoticed) durable.deliveredSeq = Math.min(durable.deliveredSeq, this.lastSeq);
      for (const seq of durable.flying.keys()) if (seq > this.lastSeq) durable.flying.delete(seq);
    }
  }

  /** Whether a durable waits for numbers that are yet to be given again. */
  isAwaitingThePast(name: DurableName): boolean {
    return this.durable(name).deliveredSeq > this.lastSeq;
  }

  durable(name: string): Durable {
    const durable = this.durables.get(name);
    if (durable === undefined) throw apiError(10014, 'consumer not found');
    return durable;
  }

  /** What a pull is given now: first what came to nothing, then what is new. */
  next(durable: Durable, now: number): Stored | undefined {
    if (this.withheld) return undefined;
    for (const [seq, { at }] of durable.flying) if (now - at > ackWaitMs) durable.again.push(seq);
    for (let seq = durable.again.shift(); seq !== undefined; seq = durable.again.shift()) {
      const message = this.messages.find((one) => one.seq === seq);
      if (message?.subject.startsWith(durable.prefix) === true) return message;
      durable.flying.delete(seq);
    }
    const fresh = this.messages.filter(
      ({ seq, subject }) => seq > durable.deliveredSeq && subject.startsWith(durable.prefix),
    );
    const message = fresh[0];
    if (message) durable.deliveredSeq = message.seq;
    return message;
  }
}

/** What one end has of the server: connections, one after the other. */
export class HubEnd {
  readonly #streams: readonly JetStream[];
  readonly #elapsed: () => number;
  readonly #sent: (bytes: Buffer) => void;
  #client: (HubClient & { end: () => void }) | undefined;
  #generation = 0;

  constructor(streams: readonly JetStream[], elapsed: () => number, sent: (bytes: Buffer) => void) {
    this.#streams = streams;
    this.#elapsed = elapsed;
    this.#sent = sent;
  }

  /** The server ended, or the line did; there is another connection when somebody needs one. */
  disconnect(): void {
    this.#client?.end();
    this.#client = undefined;
  }

  connection(): HubConnection {
    const connection: HubConnection = {
      inboxPrefix: '_INBOX_sim',
      state: () => ({
        connected: true,
        since: undefined,
        url: undefined,
        serverVersion: undefined,
        encrypted: undefined,
        lastError: undefined,
      }),
      client: (signal) => {
        signal.throwIfAborted();
        this.#client ??= this.#connect();
        return Promise.resolve(this.#client);
      },
      live: () => this.#client,
      newer: () => Promise.resolve(),
      share: () => connection,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    return connection;
  }

  #stream(name: string): JetStream {
    const stream = this.#streams.find((one) => one.name === name);
    if (stream === undefined) throw apiError(10059, 'stream not found');
    return stream;
  }

  #connect(): HubClient & { end: () => void } {
    const closed = Promise.withResolvers<void>();
    let isClosed = false;
    let heard: ((error: Error | null, message: Msg) => void) | undefined;
    const alive = (): void => {
      if (isClosed) throw new errors.ClosedConnectionError();
    };
    const tell = (message: Partial<Msg>): void => {
      if (!isClosed) heard?.(null, message as Msg);
    };
    const nats = {
      isClosed: () => isClosed,
      closed: () => closed.promise,
      flush: () => Promise.resolve(),
      subscribe: (_subject: string, { callback }: { callback: typeof heard }) => {
        heard = callback;
      },
      publish: (subject: string, payload: string, options?: { reply: string }) => {
        if (!isClosed) this.#command(subject, payload, options?.reply, tell);
      },
      request: (subject: string, payload: string) => {
        alive();
        this.#command(subject, payload, undefined, tell);
        return Promise.resolve();
      },
    } as unknown as NatsConnection;
    const manager = this.#manager() as unknown as HubClient['manager'];
    const generation = (this.#generation += 1);
    return {
      generation,
      url: 'nats://in.memory',
      nats,
      manager,
      jetstream: {
        publish: (subject: string, payload: Uint8Array, how: PublishOptions) => {
          alive();
          return Promise.resolve(this.#publish(subject, Buffer.from(payload), how));
        },
      } as unknown as HubClient['jetstream'],
      pulls: pullDesk(nats, `_INBOX_${generation}`, (fault) => {
        throw fault;
      }),
      payloadBytesMax: 1024 * 1024,
      manage: async (_what, act) => {
        alive();
        return act(manager);
      },
      doubt: () => undefined,
      forbidden: () => undefined,
      end: () => {
        isClosed = true;
        closed.resolve();
      },
    };
  }

  #publish(subject: string, data: Buffer, how: PublishOptions): object {
    const stream = this.#streams.find((one) => subject.startsWith(`${one.subject}.`))!;
    if (stream.refusing > 0) {
      stream.refusing -= 1;
      throw new errors.TimeoutError();
    }
    const known = stream.ids.get(how.msgID);
    if (known !== undefined) return { seq: known, duplicate: true };
    if (how.expect?.lastSubjectSequence === 0 && stream.messages.some((one) => one.subject === subject))
      throw apiError(10071, 'wrong last sequence');
    this.#sent(data);
    if (stream.swallowing > 0) {
      // Acknowledged, and lost before it was on the disk.
      stream.swallowing -= 1;
      stream.lastSeq += 1;
    } else stream.store(subject, data, this.#elapsed());
    stream.ids.set(how.msgID, stream.lastSeq);
    return { seq: stream.lastSeq, duplicate: false };
  }

  /** What comes by publishing: pulls and acknowledgements. */
  #command(
    subject: string,
    payload: string,
    reply: string | undefined,
    tell: (m: Partial<Msg>) => void,
  ): void {
    const tokens = subject.split('.');
    if (subject.startsWith('$JS.ACK.')) {
      const [, , streamOf, durableOf, , seq] = tokens;
      const stream = this.#stream(streamOf!);
      const durable = stream.durable(durableOf!);
      if (payload === '-NAK') {
        if (durable.flying.has(Number(seq))) durable.again.push(Number(seq));
      } else if (stream.acksLost > 0) stream.acksLost -= 1;
      else if (durable.flying.delete(Number(seq))) durable.forgotAt = undefined;
      return;
    }
    const [streamOf, durableOf] = tokens.slice(5) as [string, string];
    const { batch } = JSON.parse(payload) as { batch: number };
    queueMicrotask(() => this.#deliver(this.#stream(streamOf), durableOf, batch, reply!, tell));
  }

  #deliver(
    stream: JetStream,
    name: string,
    batch: number,
    inbox: string,
    tell: (m: Partial<Msg>) => void,
  ): void {
    const durable = stream.durables.get(name);
    if (durable === undefined) return;
    const given: Stored[] = [];
    for (
      let message = stream.next(durable, this.#elapsed());
      message;
      message = stream.next(durable, this.#elapsed())
    ) {
      const times = (durable.flying.get(message.seq)?.times ?? 0) + 1;
      durable.flying.set(message.seq, { times, at: this.#elapsed() });
      given.push(message);
      if (given.length === batch) break;
    }
    const luck = stream.shuffled;
    stream.shuffled = undefined;
    for (let left = given.length - 1; luck && left > 0; left--) {
      const other = luck.below(left + 1);
      [given[left], given[other]] = [given[other]!, given[left]!];
    }
    for (const { seq, subject, data, stored } of given) {
      durable.count += 1;
      const reply = `$JS.ACK.${stream.name}.${name}.1.${seq}.${durable.count}.${stored}000001.0`;
      tell({ subject, data, reply });
    }
    if (given.length < batch)
      tell({ subject: inbox, headers: { code: 404, description: 'No Messages' } as never });
  }

  #manager(): object {
    return {
      streams: {
        info: async (name: string) => {
          const { created, messages, lastSeq } = this.#stream(name);
          const subjects = Object.fromEntries(messages.map(({ subject }) => [subject, 1]));
          const first = messages[0]?.seq ?? lastSeq + 1;
          const there = new Set(messages.map(({ seq }) => seq));
          const deleted = Array.from({ length: lastSeq + 1 - first }, (_, at) => first + at).filter(
            (seq) => !there.has(seq),
          );
          const state = { subjects, first_seq: first, last_seq: lastSeq, deleted };
          return { created, state, config: { max_bytes: 64 * 1024 * 1024 } };
        },
        purge: async (name: string, { filter, seq }: { filter: string; seq: number }) => {
          this.#stream(name).purge(filter.slice(0, -1), seq);
        },
        getMessage: async (name: string, query: { seq: number } | { last_by_subj: string }) => {
          const found = this.#stream(name).messages.find((one) =>
            'seq' in query ? one.seq === query.seq : one.subject === query.last_by_subj,
          );
          if (found === undefined) throw apiError(10037, 'no message found');
          return { ...found, time: new Date(found.stored) };
        },
      },
      consumers: {
        delete: async (name: string, durableName: string) => {
          if (!this.#streams.find((one) => one.name === name)?.isStubborn)
            this.#stream(name).renew(durableName);
        },
        add: async (name: string, { durable_name: durableName }: { durable_name: string }) =>
          this.#infoOf(this.#stream(name), durableName),
        info: async (name: string, durableName: string) => this.#infoOf(this.#stream(name), durableName),
      },
    };
  }

  #infoOf(stream: JetStream, durableName: string): object {
    const durable = stream.durable(durableName);
    const pending = stream.messages.filter(
      ({ seq, subject }) => seq > durable.deliveredSeq && subject.startsWith(durable.prefix),
    );
    return {
      created: durable.created,
      ack_floor: { stream_seq: durable.floor },
      delivered: { stream_seq: durable.deliveredSeq, consumer_seq: durable.count },
      num_pending: pending.length,
      num_ack_pending: durable.flying.size,
    };
  }
}

type PublishOptions = { readonly msgID: string; readonly expect?: { readonly lastSubjectSequence?: number } };
