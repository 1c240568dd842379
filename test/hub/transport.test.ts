import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { streamName, waySubject, type HubConnection, type Transport } from '../../src/sync/index.ts';
import { applyHub, jetstreamTransport, natsConnection } from '../../src/sync/over-nats.ts';
import { requires } from '../support/requires.ts';
import { keepsTheTransportContract, type TransportPair } from '../sync/transport-contract.ts';
import { party, startHub, type Party, type RunningHub } from './running-hub.ts';
import { memory } from '../support/in-memory.ts';

const link = 'c'.repeat(32);
const customer = party(link, 'd'.repeat(32));
const signal = new AbortController().signal;
let root: string;
let hub: RunningHub;

const as = ({ seed }: Party, inboxPrefix: string): HubConnection =>
  natsConnection({ urls: hub.urls, ca: hub.ca, seed, inboxPrefix, name: 'a test' });

/** Two ends of the link by way of the hub, with streams of their own. */
async function makePair(): Promise<TransportPair> {
  const ours = as(hub.own, '_INBOX_hub');
  const theirs = as(customer, `_INBOX_${link}`);
  await applyHub(ours, [link], { signal });
  const ends: Transport[] = [];
  const open = (side: 'hub' | 'customer'): Transport => {
    const connection = side === 'hub' ? ours : theirs;
    const transport = jetstreamTransport({ connection, link, side, lookMs: 0, silentMs: 400 });
    ends.push(transport);
    return transport;
  };
  return {
    here: open('hub'),
    there: open('customer'),
    thereAgain: () => open('customer'),
    async litter() {
      const subjects = ['e.1.90.99', 'e.nonsense', 'e.x.y.z'].map(
        (what) => `${waySubject(link, 'down')}.${what}`,
      );
      const { jetstream } = await ours.client(signal);
      for (const subject of subjects) await jetstream.publish(subject, 'hello');
      return subjects;
    },
    async loseAll() {
      const { manager } = await ours.client(signal);
      await manager.streams.purge(streamName(link, 'down'));
    },
    async [Symbol.asyncDispose]() {
      for (const one of ends) await one[Symbol.asyncDispose]();
      await theirs[Symbol.asyncDispose]();
      await applyHub(ours, [], { signal, removed: [link] });
      await ours[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(!requires('nats-server', 'links by way of a configured hub'))(
  'by way of a hub as it is configured',
  () => {
    beforeAll(async () => {
      root = mkdtempSync(join(memory, 'crossgap-hub-'));
      hub = await startHub({ root, customers: [customer] });
    });
    afterAll(async () => {
      await hub?.[Symbol.asyncDispose]();
      rmSync(root, { recursive: true, force: true });
    });

    keepsTheTransportContract('jetstream with accounts of their own, over TLS', makePair);
  },
);
