import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { fastify, type FastifyInstance } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { refusalOf, targetLengthMax } from './door.ts';
import { eventStream, type StreamLimits } from './event-stream.ts';
import { answeredNames, authority, listenError, loopbackAddress, type Listen } from './listen.ts';
import { addRoutes, noPage } from './routes.ts';
import { snapshotOf } from './snapshot.ts';
import type { StatusSource } from './source.ts';

/** How much one client may ask of the server; together they keep a slow or greedy one from being felt elsewhere. */
export type HttpLimits = StreamLimits & {
  readonly connectionsMax: number;
  readonly headerBytesMax: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
};

export const usualLimits: HttpLimits = {
  connectionsMax: 128,
  headerBytesMax: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  idleTimeoutMs: 60_000,
  streamsMax: 32,
  heartbeatMs: 20_000,
  gatherMs: 150,
  retryMs: 3000,
};

export type StatusServerFacts = {
  readonly source: StatusSource;
  readonly listen: Listen;
  readonly log: Logger;
  readonly clock: Clock;
  readonly limits?: Partial<HttpLimits>;
};

export interface StatusServer extends AsyncDisposable {
  /** `http://127.0.0.1:7420`, with the port that was really bound. */
  readonly address: string;
  /** Ends every stream and connection and gives the port back. */
  readonly close: () => Promise<void>;
}

/**
 * Serves the status page and its data, read-only, on the loopback interface.
 *
 * Refuses with LISTEN_NOT_LOOPBACK, PORT_IN_USE or LISTEN_FAILED. A source that throws costs one answer (500, logged),
 * never the server.
 */
export async function statusServer(facts: StatusServerFacts): Promise<StatusServer> {
  const { source, listen, log, clock } = facts;
  const limits: HttpLimits = { ...usualLimits, ...facts.limits };
  const host = await loopbackAddress(listen);
  const stream = eventStream(() => snapshot.stamp(), limits);
  const snapshot = snapshotOf(source, clock, () => stream.announce());
  const app = fastify({
    serverFactory: (handle) => guardedServer(handle, answeredNames(listen, host), limits),
    clientErrorHandler: refuseUnreadable,
    forceCloseConnections: true,
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: targetLengthMax },
  });
  addHeaders(app, log);
  addRoutes(app, { source, snapshot, stream });

  const close = async (): Promise<void> => {
    snapshot.close();
    stream.close();
    await app.close();
  };
  try {
    await app.listen({ host, port: listen.port });
  } catch (error) {
    await close();
    throw listenError(listen, error);
  }
  const { port } = app.server.address() as AddressInfo;
  const address = `http://${authority(host, port)}`;
  log.info({ address }, 'status page is up');
  return { address, close, [Symbol.asyncDispose]: close };
}

/** On every answer, also those given at the door. */
const headers: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** A server whose requests pass the door before the application sees them. */
function guardedServer(handle: RequestListener, names: ReadonlySet<string>, limits: HttpLimits): Server {
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: 5000,
      connectionsCheckingInterval: Math.min(2000, limits.headersTimeoutMs),
      requireHostHeader: true,
      insecureHTTPParser: false,
    },
    (request, response) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      const refusal = refusalOf(request, names);
      if (refusal === undefined) {
        handle(request, response);
        return;
      }
      if (refusal.status === 405) response.setHeader('allow', 'GET, HEAD');
      response.setHeader('content-type', 'text/plain; charset=utf-8');
      // What the client may still be sending is not read, so the connection can't be used again.
      response.setHeader('connection', 'close');
      response.statusCode = refusal.status;
      response.end(request.method === 'HEAD' ? undefined : `${refusal.words}\n`);
    },
  );
  server.maxConnections = limits.connectionsMax;
  server.timeout = limits.idleTimeoutMs;
  server.on('connect', (_, socket) => {
    socket.end(
      'HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    );
  });
  return server;
}

/** What could not be read as HTTP gets a number and no more. */
function refuseUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function addHeaders(app: FastifyInstance, log: Logger): void {
  app.setNotFoundHandler((_, reply) => noPage(reply, 'There is no such page'));
  app.setErrorHandler((error, request, reply) => {
    log.error({ err: error, route: request.routeOptions.url }, 'status answer failed');
    return noPage(reply, 'This could not be read just now; the log of the daemon says why', 500);
  });
}
