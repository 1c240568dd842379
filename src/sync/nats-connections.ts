import { natsConnection, type HubConnection, type HubConnectionOptions } from './nats-connection.ts';

/** The connections of one daemon: links that go to the same hub by the same way and credential share one. */
export interface HubConnections {
  /** A share of its own for each caller, to be disposed of; the connection is over with the last of them. */
  open(options: HubConnectionOptions): HubConnection;
}

export function hubConnections(): HubConnections {
  const byWay = new Map<string, HubConnection>();
  return {
    open(options) {
      const { urls, ca, seed, inboxPrefix, proxy } = options;
      const way = JSON.stringify([urls, ca, seed, inboxPrefix, proxy]);
      const there = byWay.get(way);
      if (there && !there.ended) return there.share();
      const made = natsConnection(options);
      byWay.set(way, made);
      return made;
    },
  };
}
