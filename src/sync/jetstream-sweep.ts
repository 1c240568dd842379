import { durableFilter, durableNames, streamName } from './jetstream-names.ts';
import type { HubConnection } from './nats-connection.ts';

/** Keeps the stream short that a customer sends to and may not purge. */
export interface UpstreamSweep {
  messageCame(): void;
  /** Purges what was taken, if something was since the last time and that is long enough ago. */
  sweep(): Promise<void>;
}

export function upstreamSweep({
  connection,
  link,
  sweepMs,
  now,
}: {
  readonly connection: HubConnection;
  readonly link: string;
  readonly sweepMs: number;
  readonly now: () => number;
}): UpstreamSweep {
  const stream = streamName(link, 'up');
  let due = false;
  let sweptAt = -Infinity;
  return {
    messageCame() {
      due = true;
    },
    async sweep() {
      const client = connection.live();
      if (!client || !due || now() - sweptAt < sweepMs) return;
      due = false;
      sweptAt = now();
      for (const durable of durableNames) {
        const purge = `purge ${stream}`;
        const info = await client.manage(purge, (manager) => manager.consumers.info(stream, durable));
        // What is on its way to us would be forgotten by a 2.9 server's durable, and never come again.
        if (info.num_ack_pending > 0) {
          due = true;
          continue;
        }
        // The last one taken stays: where a purge leaves nothing, a 2.9 server's durable skips what comes meanwhile.
        const seq = info.ack_floor.stream_seq;
        const filter = durableFilter(link, 'up', durable);
        if (seq > 1) await client.manage(purge, (manager) => manager.streams.purge(stream, { filter, seq }));
      }
    },
  };
}
