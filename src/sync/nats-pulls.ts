import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';

/** What a durable's listener is told; it must not throw. */
export type PullListener = {
  onMessage(message: DurableMessage): void;
  /** A pull has ended, with the server's code and words; 404 is "nothing there". */
  onEnd(token: string, code: number, words: string): void;
};

/** A message of a durable, with what its acknowledgement subject says of it. None of it is to be believed. */
export type DurableMessage = {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Where it is acknowledged. */
  readonly reply: string;
  readonly streamSeq: number;
  /** When the server stored it, in nanoseconds, as digits: two messages with one sequence are told apart by it. */
  readonly stored: string;
};

export type PullRequest = {
  readonly batch: number;
  readonly max_bytes?: number;
  readonly no_wait?: true;
  /** Nanoseconds. */
  readonly expires?: number;
};

/** Pulls of all durables on one connection, by one subscription. */
export interface PullDesk {
  listen(stream: string, durable: string, listener: PullListener): Disposable;
  /** Asks for messages; whatever comes of it is told to the durable's listener. */
  pull(stream: string, durable: string, request: PullRequest): string;
}

/** `onFault` is told what came and could not be read, such as headers that are none. */
export function pullDesk(
  connection: NatsConnection,
  inboxPrefix: string,
  onFault: (fault: unknown) => void,
): PullDesk {
  const inbox = createInbox(inboxPrefix);
  const listeners = new Map<string, PullListener>();
  const askedBy = new Map<string, string>();
  let asked = 0;

  connection.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (error) return onFault(error);
      try {
        if (message.subject.startsWith(`${inbox}.`)) end(message.subject.slice(inbox.length + 1), message);
        else deliver(message);
      } catch (fault) {
        // An exception that left here would stop the reader of the whole connection.
        onFault(fault);
      }
    },
  });

  function end(token: string, message: Msg): void {
    const key = askedBy.get(token);
    if (key === undefined) return;
    askedBy.delete(token);
    listeners.get(key)?.onEnd(token, message.headers?.code ?? 0, message.headers?.description ?? '');
  }

  function deliver(message: Msg): void {
    const facts = factsOf(message.reply);
    if (!facts || message.reply === undefined) return;
    listeners.get(facts.key)?.onMessage({
      subject: message.subject,
      data: message.data,
      reply: message.reply,
      streamSeq: facts.streamSeq,
      stored: facts.stored,
    });
  }

  return {
    listen(stream, durable, listener) {
      const key = `${stream} ${durable}`;
      listeners.set(key, listener);
      return {
        [Symbol.dispose]() {
          if (listeners.get(key) === listener) listeners.delete(key);
        },
      };
    },
    pull(stream, durable, request) {
      const token = String((asked += 1));
      const key = `${stream} ${durable}`;
      askedBy.set(token, key);
      // A batch that fills up ends without a word, so the oldest are forgotten.
      for (const old of askedBy.keys()) {
        if (askedBy.size <= askedMax) break;
        askedBy.delete(old);
      }
      connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`, JSON.stringify(request), {
        reply: `${inbox}.${token}`,
      });
      return token;
    },
  };
}

const askedMax = 100_000;

/**
 * `$JS.ACK.STREAM.DURABLE.DELIVERIES.STREAMSEQ.DURABLESEQ.STORED.PENDING`, with the domain and a hash of the account
 * before STREAM on newer servers.
 */
function factsOf(
  reply: string | undefined,
): { readonly key: string; readonly streamSeq: number; readonly stored: string } | undefined {
  const tokens = reply?.split('.') ?? [];
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK' || tokens.length < 9) return undefined;
  const [stream, durable, , streamSeq, , stored] = tokens.slice(tokens.length >= 11 ? 4 : 2);
  if (!/^\d{1,15}$/.test(streamSeq ?? '') || !/^\d{1,20}$/.test(stored ?? '')) return undefined;
  return { key: `${stream} ${durable}`, streamSeq: Number(streamSeq), stored: stored ?? '' };
}
