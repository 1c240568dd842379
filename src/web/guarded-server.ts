import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { refusalOf } from './door.ts';

/** How much one client may ask of a server; together they keep a slow or greedy one from being felt elsewhere. */
export type ServerLimits = {
  readonly connectionsMax: number;
  readonly headerBytesMax: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
};

export const usualServerLimits: ServerLimits = {
  connectionsMax: 128,
  headerBytesMax: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  idleTimeoutMs: 60_000,
};

/** A certificate with those above it, and its key, both PEM. */
export type TlsFacts = { readonly cert: string; readonly key: string };

export type GuardedServerFacts = {
  /** The host names, in lower case, under which this request may ask for this server. */
  readonly names: (request: IncomingMessage) => ReadonlySet<string>;
  readonly limits: ServerLimits;
  readonly tls?: TlsFacts;
  /** Pages of this server may post forms to it; else it is only read. */
  readonly takesForms?: boolean;
};

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

/** A server whose requests pass the door before `handle` sees them. */
export function guardedServer(
  handle: RequestListener,
  { names, limits, tls, takesForms = false }: GuardedServerFacts,
): Server {
  const allowed = takesForms ? 'GET, HEAD, POST' : 'GET, HEAD';
  const options: ServerOptions = {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: 5000,
    connectionsCheckingInterval: Math.min(2000, limits.headersTimeoutMs),
    requireHostHeader: true,
    insecureHTTPParser: false,
  };
  const guarded: RequestListener = (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    // Where nobody may learn from which page one came, a browser does not say whose form it sends either.
    if (takesForms) response.setHeader('referrer-policy', 'same-origin');
    const refusal = refusalOf(request, names(request), takesForms ? 'forms' : 'reading');
    if (refusal === undefined) {
      handle(request, response);
      return;
    }
    if (refusal.status === 405) response.setHeader('allow', allowed);
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    // What the client may still be sending is not read, so the connection can't be used again.
    response.setHeader('connection', 'close');
    response.statusCode = refusal.status;
    response.end(request.method === 'HEAD' ? undefined : `${refusal.words}\n`);
  };
  const server = tls
    ? createTlsServer(
        { ...options, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: limits.headersTimeoutMs },
        guarded,
      )
    : createServer(options, guarded);
  server.maxConnections = limits.connectionsMax;
  server.timeout = limits.idleTimeoutMs;
  server.on('connect', (_, socket) => {
    socket.end(
      `HTTP/1.1 405 Method Not Allowed\r\nAllow: ${allowed}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
  });
  return server;
}

/** What could not be read as HTTP gets a number and no more. */
export function refuseUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
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
