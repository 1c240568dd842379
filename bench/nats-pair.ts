import { join } from 'node:path';
import { startNatsServer } from '../test/support/nats-server.ts';
import { openReports, prepareNatsPair, type Pair } from './instances.ts';
import { peakMiBOf, startPeer, type Peer } from './nats-peer.ts';

/** A vendor and a customer whose line is a nats-server on a free port, with a folder of its own. */
export type NatsPair = AsyncDisposable &
  Pair & {
    readonly url: string;
    /** The customer's feed to the vendor, open. */
    readonly feed: string;
    /** Starts the daemon of one side in a process of its own. */
    start(side: 'vendor' | 'customer'): Promise<Peer>;
    /** The most memory the server had so far, in MiB. */
    serverPeakMiB(): number;
  };

/** Makes the pair; no daemon runs yet. Both instances are open here too, as commands beside a daemon open them. */
export async function natsPair(folder: string): Promise<NatsPair> {
  const server = await startNatsServer();
  const pair = await prepareNatsPair(folder, server.url);
  const feed = openReports(pair);
  return {
    ...pair,
    url: server.url,
    feed,
    start: (side) => startPeer('nats-daemon.ts', join(folder, side), feed),
    serverPeakMiB: () => peakMiBOf(server.pid()),
    async [Symbol.asyncDispose]() {
      pair.vendor.close();
      pair.customer.close();
      await server[Symbol.asyncDispose]();
    },
  };
}
