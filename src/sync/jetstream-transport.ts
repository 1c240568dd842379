/*
 * A link through a NATS server, the hub. What lies there is told in jetstream-names.ts.
 *
 * The hub is on the way and never the record. Nothing that it says is believed: order and completeness come from the
 * feeds, what came twice is known by the receiver, and what has no receipt is sent again. Losing the server's disk, a
 * stream, some of its messages or an acknowledgement costs time and nothing else.
 *
 * Sending. A message is published once per span (see jetstream-names.ts), under an id made from its content and on
 * condition that its subject is empty; where the hub says that it has it already, the hub's side reads it back and
 * compares. The hub's side looks from time to time what lies there and what was taken: what lies there is believed to be
 * on its way for as long as it does, which may be months, and what was taken for some minutes, then it is sent
 * again, each time later. The customer's credential can't look into the stream it sends to. It remembers in
 * memory what was acknowledged, believes that for a while, and knows from the numbers in the acknowledgements when the
 * stream went back; after a restart it sends again what has no receipt, which the hub drops where it still has it.
 *
 * Letting go. The hub's side purges from its own stream what receipts cover. The customer may purge nothing:
 * the stream that it sends to is kept short by its limits and by the hub's side, which purges what it has taken.
 *
 * Receiving. Each durable is pulled, with one pull kept open while nobody asks, so that a message comes at once. What
 * came is acknowledged in `done`. What was offered and could not be taken stays in memory, and is let go of when
 * there is too much of it, since its author will send it again.
 *
 * Room. What lies at the hub and was not taken is not to be pushed out by what comes after it. Blobs wait when as much as
 * `windowBytes` of them lies there, entries when half as much does, each for themselves; on the customer's side, when so
 * much was sent since the other side was last heard of.
 */
import type { SyncError } from './errors.ts';
import { firstOf } from './first-of.ts';
import type { BufferLimits } from './durable-reader.ts';
import { jetstreamInbox } from './jetstream-inbox.ts';
import { jetstreamOutbox } from './jetstream-outbox.ts';
import { upstreamSweep } from './jetstream-sweep.ts';
import type { HubConnection } from './nats-connection.ts';
import type { Transport } from './transport.ts';

export type JetstreamTransportOptions = {
  /** Shared: the transport takes a share of its own and gives it back when it is disposed of. */
  readonly connection: HubConnection;
  /** The link's id, lower-case hex. */
  readonly link: string;
  /** Whose side this is: the one whose server it is, with a credential that may do everything, or the other. */
  readonly side: 'hub' | 'customer';
  /** Told when the hub turns out to have lost messages, for the log: HUB_LOST_MESSAGES. They are sent again by themselves. */
  readonly onLoss?: (loss: SyncError) => void;
  /** How long a pull stays open while nothing comes, in milliseconds. */
  readonly pollMs?: number;
  /** How often the hub's side looks what lies at the hub, in milliseconds. */
  readonly lookMs?: number;
  readonly belief?: { readonly firstMs: number; readonly mostMs: number };
  readonly windowBytes?: number;
  readonly buffer?: BufferLimits;
  /** Without an answer for so long, the server is asked what is the case. */
  readonly silentMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
};

/** Connections are counted from one. */
const noConnection = 0;

/** Carries a link's parcels through the streams that `applyHub` made for it. Dials nothing until it is used. */
export function jetstreamTransport(options: JetstreamTransportOptions): Transport {
  const { link, side, pollMs = 120_000, lookMs = 30_000, silentMs = 5000, onLoss = () => {} } = options;
  const { belief = { firstMs: 300_000, mostMs: 21_600_000 }, windowBytes = 64 * 1024 * 1024 } = options;
  const { buffer = { messages: 128, bytes: 16 * 1024 * 1024 }, now = () => performance.now() } = options;
  const connection = options.connection.share();
  const mayLook = side === 'hub';
  const [outward, inward] = mayLook ? (['down', 'up'] as const) : (['up', 'down'] as const);
  const outbox = jetstreamOutbox({
    connection,
    link,
    way: outward,
    mayLook,
    lookMs,
    belief,
    windowBytes,
    now,
    onLoss,
  });
  const sweep = mayLook ? upstreamSweep({ connection, link, sweepMs: lookMs, now }) : undefined;
  const inbox = jetstreamInbox({
    connection,
    link,
    way: inward,
    mayMake: mayLook,
    pollMs,
    silentMs,
    buffer,
    onMessage() {
      outbox.heardOf();
      sweep?.messageCame();
    },
  });
  return {
    name: 'nats',
    send: (parcel, signal) => outbox.send(parcel, signal),
    carriedTo: (place) => outbox.carriedTo(place),
    carriesChunk: (chunk) => outbox.carriesChunk(chunk),
    receive: (wanted, signal) => inbox.receive(wanted, signal),
    arrival: (signal) =>
      outbox.isHeldBack()
        ? firstOf(signal, (over) => [inbox.arrival(over), outbox.room(over)])
        : inbox.arrival(signal),
    lineIsThere: (signal) => connection.newer(noConnection, signal),
    async settle(settled) {
      await outbox.settle(settled);
      await sweep?.sweep();
    },
    async [Symbol.asyncDispose]() {
      await inbox[Symbol.asyncDispose]();
      await connection[Symbol.asyncDispose]();
    },
  };
}
