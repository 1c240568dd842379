import {
  AckPolicy,
  jetstreamManager,
  type JetStreamClient,
  jetstream,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { startPeer, type Peer } from './nats-peer.ts';

const [stream, subject, durable] = ['bare', 'bare.messages', 'taker'];

/** A stream with one durable and nothing else, and a process that takes what comes there. */
export type BareLine = AsyncDisposable & {
  readonly taker: Peer;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  publish(payload: Uint8Array): Promise<void>;
  /** How many messages lie there and are not acknowledged. */
  untaken(): Promise<number>;
};

/**
 * Makes the bare line at a server. The process that takes keeps the entries of each message where `keepIn` names a
 * database, and else only counts.
 */
export async function bareLine(url: string, { keepIn = '' } = {}): Promise<BareLine> {
  const nats: NatsConnection = await connect({ servers: url });
  const manager = await jetstreamManager(nats);
  // As one way of a link has it.
  await manager.streams.add({ name: stream, subjects: [subject], max_bytes: 256 * 1024 * 1024 });
  await manager.consumers.add(stream, { durable_name: durable, ack_policy: AckPolicy.Explicit });
  const taker = await startPeer('nats-taker.ts', url, stream, durable, keepIn);
  const client = jetstream(nats);
  return {
    taker,
    jetstream: client,
    manager,
    async publish(payload) {
      await client.publish(subject, payload);
    },
    async untaken() {
      const { num_pending: pending, num_ack_pending: flying } = await manager.consumers.info(stream, durable);
      return pending + flying;
    },
    async [Symbol.asyncDispose]() {
      await taker[Symbol.asyncDispose]();
      await nats.close();
    },
  };
}
