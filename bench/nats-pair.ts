import { join } from 'node:path';
import type { CompanyCertificate } from '../src/identity/index.ts';
import { freePort, startNatsServer } from '../test/support/nats-server.ts';
import { openReports, prepareNatsPair, type Pair } from './instances.ts';
import { peakMiBOf, startPeer, type Peer } from './nats-peer.ts';

/** A vendor and a customer whose line is a nats-server on a free port, with a folder of its own. */
export type NatsPair = AsyncDisposable &
  Pair & {
    readonly url: string;
    /** The vendor's, with its private key. */
    readonly company: CompanyCertificate;
    /** The customer's feed to the vendor, open. */
    readonly feed: string;
    /** Starts the daemon of one side in a process of its own. */
    start(side: 'vendor' | 'customer'): Promise<Peer>;
    /** The most memory the server had so far, in MiB. */
    serverPeakMiB(): number;
    /** How many bytes the server got from its clients so far, and gave to them. */
    passed(): Promise<{ readonly inBytes: number; readonly outBytes: number }>;
  };

/** Makes the pair; no daemon runs yet. Both instances are open here too, as commands beside a daemon open them. */
export async function natsPair(folder: string): Promise<NatsPair> {
  const monitor = `127.0.0.1:${await freePort()}`;
  const server = await startNatsServer({ config: `http: "${monitor}"` });
  const pair = await prepareNatsPair(folder, server.url);
  const feed = openReports(pair);
  return {
    ...pair,
    url: server.url,
    feed,
    start: (side) => startPeer('nats-daemon.ts', join(folder, side), feed),
    serverPeakMiB: () => peakMiBOf(server.pid()),
    async passed() {
      const answer = await fetch(`http://${monitor}/varz`);
      const { in_bytes: inBytes, out_bytes: outBytes } = (await answer.json()) as Record<string, number>;
      return { inBytes: inBytes!, outBytes: outBytes! };
    },
    async [Symbol.asyncDispose]() {
      pair.vendor.close();
      pair.customer.close();
      await server[Symbol.asyncDispose]();
    },
  };
}
