import {
  AckPolicy,
  DeliverPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  type StreamState,
} from '@nats-io/jetstream';
import { durableFilter, streamName, type DurableName, type Way } from './jetstream-names.ts';
import type { HubClient } from './nats-connection.ts';

const ackWaitMs = 30_000;
const acksPendingMax = 2000;

export function durableConfig(
  link: string,
  way: Way,
  durable: DurableName,
): Partial<ConsumerConfig> & { durable_name: string } {
  return {
    durable_name: durable,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    filter_subject: durableFilter(link, way, durable),
    ack_wait: ackWaitMs * 1_000_000,
    max_ack_pending: acksPendingMax,
    max_deliver: -1,
  };
}

/**
 * Whether a durable waits for numbers that its stream has yet to give a second time: a server that is ended without
 * warning may lose the end of a stream, and all of it where nothing lay there, but not how far its durables were. What
 * is sent next would never be delivered.
 */
export function standsAhead(
  { delivered, ack_floor: floor }: Pick<ConsumerInfo, 'delivered' | 'ack_floor'>,
  { last_seq: lastSeq }: Pick<StreamState, 'last_seq'>,
): boolean {
  return Math.max(delivered.stream_seq, floor.stream_seq) > lastSeq;
}

/**
 * Whether something may lie there that a durable delivered, that nobody acknowledged, and that it will never bring again: a
 * purge makes a 2.9 server's durables forget all that was on its way to somebody, also what is left in the stream. Where
 * nothing lies behind its floor that it has a filter for, this is said for nothing.
 */
export function mayHaveForgotten(
  { delivered, ack_floor: floor, num_ack_pending: flying }: ConsumerInfo,
  { first_seq: firstSeq }: Pick<StreamState, 'first_seq'>,
): boolean {
  return flying === 0 && floor.stream_seq < delivered.stream_seq && firstSeq <= delivered.stream_seq;
}

/** Makes a durable anew, which only the hub's side may: it delivers whatever lies there, once more. */
export async function renewDurable(
  client: HubClient,
  link: string,
  way: Way,
  durable: DurableName,
): Promise<ConsumerInfo> {
  const stream = streamName(link, way);
  return client.manage(`make ${stream}/${durable} anew`, async (manager) => {
    await manager.consumers.delete(stream, durable);
    return manager.consumers.add(stream, durableConfig(link, way, durable));
  });
}
