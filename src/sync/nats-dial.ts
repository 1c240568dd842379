import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import {
  connect,
  nkeyAuthenticator,
  wsconnect,
  type ConnectionOptions,
  type NatsConnection,
  type TlsOptions,
} from '@nats-io/transport-node';
import { SyncError } from './errors.ts';
import { hostAndPort, type HubAddress } from './nats-address.ts';
import { doorTo, throughProxy } from './nats-proxy.ts';
import { openWay, webSocketOver } from './nats-websocket.ts';
import { waitOut } from './wait-out.ts';

export type DialOptions = {
  /** PEM of the only authority whose certificates are good; the system's where there is none. */
  readonly ca?: string;
  /** The private nkey, `SU…`; without one no credential is shown. */
  readonly seed?: string;
  /** Replies go below this subject only, as the credential's permissions have it. */
  readonly inboxPrefix: string;
  /** What the server shows this client as. */
  readonly name: string;
  /** `http://host:port` of a proxy to CONNECT through. */
  readonly proxy?: string;
  readonly dialMs: number;
};

const pingEveryMs = 20_000;

/**
 * One connection to one address, or why there is none. It never reconnects: what lives on it is made anew with the
 * next one, so that there is one way to come back and not two. Addresses that the server gossips are never dialled.
 */
export async function dialHub(address: HubAddress, options: DialOptions): Promise<NatsConnection> {
  const { seed, inboxPrefix, name, dialMs } = options;
  const shared: ConnectionOptions = {
    inboxPrefix,
    name,
    timeout: dialMs,
    reconnect: false,
    maxReconnectAttempts: -1,
    ignoreClusterUpdates: true,
    noAsyncTraces: true,
    pingInterval: pingEveryMs,
    maxPingOut: 2,
    ...(seed !== undefined && { authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)) }),
  };
  const signal = AbortSignal.timeout(dialMs);
  const connection = await (address.kind === 'tcp'
    ? dialTcp(address, shared, options, signal)
    : dialWebSocket(address, shared, options, signal));
  if (address.encrypted && !isEncrypted(connection)) {
    await connection.close();
    throw new SyncError('HUB_CLEAR_TEXT', `Cannot use ${address.url}: the connection is not encrypted`, {
      hint: 'Whoever runs the server turns TLS on there.',
      details: { url: address.url },
    });
  }
  return connection;
}

async function dialTcp(
  address: HubAddress,
  shared: ConnectionOptions,
  { ca, proxy, dialMs }: DialOptions,
  signal: AbortSignal,
): Promise<NatsConnection> {
  const { host } = address;
  // Without this object the client speaks clear text to a server that offers no TLS, whatever its URL says.
  const tls = {
    servername: isIP(host) === 0 ? host : '',
    checkServerIdentity: (_name: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(host, certificate),
    ...(ca !== undefined && { ca }),
  } as TlsOptions;
  const secured = { ...shared, ...((address.encrypted || ca !== undefined) && { tls }) };
  if (proxy === undefined)
    return dialOneKind('tcp', dialMs, () => connect({ ...secured, servers: hostAndPort(address) }));
  const door = await doorTo(await throughProxy(proxy, address, signal));
  try {
    const connection = await dialOneKind('tcp', dialMs, () =>
      connect({ ...secured, servers: `127.0.0.1:${door.port}` }),
    );
    void connection.closed().then(() => door[Symbol.dispose]());
    return connection;
  } catch (error) {
    door[Symbol.dispose]();
    throw error;
  }
}

async function dialWebSocket(
  address: HubAddress,
  shared: ConnectionOptions,
  { ca, proxy, dialMs }: DialOptions,
  signal: AbortSignal,
): Promise<NatsConnection> {
  // Before the library is asked: where its factory fails, it waits for the end of a socket that never was.
  const socket = await openWay(address, { ca, proxy, signal });
  try {
    return await dialOneKind('websocket', dialMs, () =>
      wsconnect({
        ...shared,
        servers: address.url,
        resolve: false,
        wsFactory: () =>
          Promise.resolve({
            // Only a part of a WebSocket, and all that the client touches.
            socket: webSocketOver(socket, address) as unknown as WebSocket,
            encrypted: address.encrypted,
          }),
      }),
    );
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** The library does not tell; its transport does. What can't be told counts as clear text. */
export function isEncrypted(connection: NatsConnection): boolean {
  const { protocol } = connection as { protocol?: { transport?: { isEncrypted?: () => boolean } } };
  return protocol?.transport?.isEncrypted?.() === true;
}

const dialling = { kind: 'tcp' as HubAddress['kind'], count: 0, over: Promise.resolve() };

/**
 * The library keeps the way it dials (TCP or WebSocket) in one variable of the process and reads it again somewhere in
 * the middle of a dial; so dials of one kind go on together, and the other kind waits for them.
 */
async function dialOneKind(
  kind: HubAddress['kind'],
  dialMs: number,
  dial: () => Promise<NatsConnection>,
): Promise<NatsConnection> {
  while (dialling.count > 0 && dialling.kind !== kind) await dialling.over;
  const { promise, resolve } = Promise.withResolvers<void>();
  dialling.kind = kind;
  dialling.count += 1;
  dialling.over = Promise.all([dialling.over, promise]).then(() => undefined);
  const over = new AbortController();
  try {
    // The library keeps to the time by itself; nobody else waits for ever where it should not.
    const late = waitOut(2 * dialMs, over.signal).then((): never => {
      throw new Error('timeout');
    });
    return await Promise.race([dial(), late]);
  } finally {
    over.abort();
    dialling.count -= 1;
    resolve();
  }
}
