import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import {
  streamName,
  waySubject,
  type HubConnection,
  type HubConnectionOptions,
  type JetstreamTransportOptions,
  type Transport,
} from '../../src/sync/index.ts';
import { applyHub, jetstreamTransport, natsConnection } from '../../src/sync/over-nats.ts';
import {
  newUserKey,
  startNatsServer,
  type NatsServer,
  type NatsServerOptions,
} from '../support/nats-server.ts';
import { patienceMs } from '../support/patience.ts';
import { never } from './link-support.ts';
import type { TransportPair } from './transport-contract.ts';

export const newLink = (): string => randomBytes(16).toString('hex');

/** What a customer's credential may do, and nothing else. */
export function customerPermissions(links: readonly string[], inbox: string): string {
  const publish = links.flatMap((link) => {
    const down = streamName(link, 'down');
    return [
      `$JS.API.STREAM.INFO.${down}`,
      ...['entries', 'blobs'].flatMap((durable) => [
        `$JS.API.CONSUMER.INFO.${down}.${durable}`,
        `$JS.API.CONSUMER.MSG.NEXT.${down}.${durable}`,
        `$JS.ACK.${down}.${durable}.>`,
      ]),
      `${waySubject(link, 'up')}.>`,
    ];
  });
  return `{ publish: ${JSON.stringify(['$JS.API.INFO', ...publish])}, subscribe: ["${inbox}.>"] }`;
}

/** Quick to come back, and never idle for long. */
export const swift = { retry: { firstMs: 20, mostMs: 100 }, retryRefused: { firstMs: 20, mostMs: 100 } };
/** Looks each time, so that what a test does to the hub is seen at once. */
export const wary = { lookMs: 0, silentMs: 400 };

/** A server with a hub's user and one customer's, who has these links. */
export interface Hub extends AsyncDisposable {
  readonly server: NatsServer;
  readonly connection: HubConnection;
  readonly hubSeed: string;
  readonly customerSeed: string;
  /** A connection with the customer's credential. */
  customer(options?: Partial<HubConnectionOptions>): HubConnection;
  /** Resolves when all connections that were opened here and not disposed of are live. */
  connected(): Promise<void>;
  open(link: string, side: 'hub' | 'customer', options?: Partial<JetstreamTransportOptions>): Transport;
  /** Two ends of the link, each by a connection of its own, and the streams made anew. */
  pair(link: string, way?: 'tcp' | 'websocket'): Promise<TransportPair>;
}

export async function startHub(links: readonly string[], options: NatsServerOptions = {}): Promise<Hub> {
  const [hubKey, customerKey] = [newUserKey(), newUserKey()];
  const inbox = `_INBOX_${links[0]}`;
  const users = [
    `{ nkey: ${hubKey.publicKey} }`,
    `{ nkey: ${customerKey.publicKey}, permissions: ${customerPermissions(links, inbox)} }`,
  ];
  const server = await startNatsServer({
    ...options,
    config: `authorization { users: [ ${users.join(', ')} ], timeout: ${patienceMs / 1000} }\n${options.config ?? ''}`,
  });
  const connectAs = (seed: string, inboxPrefix: string, more: Partial<HubConnectionOptions>): HubConnection =>
    natsConnection({ urls: [server.url], seed, inboxPrefix, name: 'a test', ...swift, ...more });
  const connection = connectAs(hubKey.seed, '_INBOX_hub', {});
  const customer = (more: Partial<HubConnectionOptions> = {}): HubConnection =>
    connectAs(customerKey.seed, inbox, more);

  const opened = new Set<HubConnection>([connection]);

  async function pair(link: string, way: 'tcp' | 'websocket' = 'tcp'): Promise<TransportPair> {
    const urls = [way === 'tcp' ? server.url : server.webSocketUrl];
    const [ours, theirs] = [connectAs(hubKey.seed, '_INBOX_hub', { urls }), customer({ urls })];
    await applyHub(connection, [link], { signal: never });
    const ends: Transport[] = [];
    const open = (side: 'hub' | 'customer', by: HubConnection): Transport => {
      const transport = jetstreamTransport({ connection: by, link, side, ...wary });
      ends.push(transport);
      return transport;
    };
    const here = open('hub', ours);
    const there = open('customer', theirs);
    return {
      here,
      there,
      thereAgain: () => open('customer', theirs),
      litter: () => litter(connection, link),
      async loseAll() {
        const { manager } = await connection.client(never);
        await manager.streams.purge(streamName(link, 'down'));
      },
      async [Symbol.asyncDispose]() {
        for (const one of [...ends, ours, theirs]) await one[Symbol.asyncDispose]();
        const { manager } = await connection.client(never);
        for (const stream of ['down', 'up'] as const) await manager.streams.delete(streamName(link, stream));
      },
    };
  }

  return {
    server,
    connection,
    hubSeed: hubKey.seed,
    customerSeed: customerKey.seed,
    customer,
    pair,
    async connected() {
      for (const one of opened) await one.newer(0, never);
    },
    open(link, side, more = {}) {
      const by = side === 'hub' ? connection.share() : customer();
      opened.add(by);
      const transport = jetstreamTransport({ connection: by, link, side, ...wary, ...more });
      return {
        ...transport,
        async [Symbol.asyncDispose]() {
          opened.delete(by);
          await transport[Symbol.asyncDispose]();
          await by[Symbol.asyncDispose]();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Puts messages that are none of ours where ours lie; returns their subjects. */
async function litter(connection: HubConnection, link: string): Promise<readonly string[]> {
  const below = waySubject(link, 'down');
  const subjects = [`${below}.e.1.90.99`, `${below}.e.nonsense`, `${below}.e.1.70.80`, `${below}.e.x.y.z`];
  const payloads = ['hello', '', Buffer.alloc(5000), Buffer.from('CGPARCEL')];
  const { jetstream } = await connection.client(never);
  for (const [index, subject] of subjects.entries()) await jetstream.publish(subject, payloads[index] ?? '');
  return subjects;
}

/** A way to a server of this machine that may change what the server says. */
export async function tcpDoor(
  port: number,
  change: (piece: Buffer) => Buffer,
): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const door = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    near.pipe(far);
    far.on('data', (piece: Buffer) => void near.write(change(piece)));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        for (const one of [near, far]) one.destroy();
      });
    }
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  return {
    port: (door.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      door.close();
      await once(door, 'close');
    },
  };
}
