import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fastify, type FastifyInstance } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import {
  eventStream,
  guardedServer,
  refuseUnreadable,
  targetLengthMax,
  usualServerLimits,
  type ServerLimits,
  type StreamLimits,
} from '../web/index.ts';
import type { FeedHandler } from './feed/feed-handler.ts';
import { answeredNames, authority, listenError, loopbackAddress, type Listen } from './listen.ts';
import { addRoutes, noPage } from './routes.ts';
import { snapshotOf } from './snapshot.ts';
import type { StatusSource } from './source.ts';

/** How much one client may ask of the server. */
export type HttpLimits = StreamLimits & ServerLimits;

export const usualLimits: HttpLimits = {
  ...usualServerLimits,
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
  /** Answers below /nuget/; without it no package is served. */
  readonly feed?: FeedHandler | undefined;
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
  const { source, listen, log, clock, feed } = facts;
  const limits: HttpLimits = { ...usualLimits, ...facts.limits };
  const host = await loopbackAddress(listen);
  const stream = eventStream(
    () => snapshot.stamp(),
    limits,
    () => snapshot.readMs,
  );
  const snapshot = snapshotOf(source, clock, () => stream.announce());
  const names = answeredNames(listen, host);
  const app = fastify({
    serverFactory: (handle) =>
      guardedServer(feed === undefined ? handle : besideFeed(feed, handle), { names: () => names, limits }),
    clientErrorHandler: refuseUnreadable,
    forceCloseConnections: true,
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: targetLengthMax },
  });
  addHeaders(app, log);
  const address = (): string => {
    const { port } = app.server.address() as AddressInfo;
    return `http://${authority(host, port)}`;
  };
  addRoutes(app, { source, snapshot, stream, feed, address });

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
  log.info({ address: address() }, 'status page is up');
  return { address: address(), close, [Symbol.asyncDispose]: close };
}

/** What lies below the feed's folder is the feed's; everything else is for `handle`. */
function besideFeed(feed: FeedHandler, handle: RequestListener): RequestListener {
  return (request, response) => {
    if (request.url?.toLowerCase().startsWith('/nuget/') === true) void feed.answer(request, response);
    else handle(request, response);
  };
}

function addHeaders(app: FastifyInstance, log: Logger): void {
  app.setNotFoundHandler((_, reply) => noPage(reply, 'There is no such page'));
  app.setErrorHandler((error, request, reply) => {
    log.error({ err: error, route: request.routeOptions.url }, 'status answer failed');
    return noPage(reply, 'This could not be read just now; the log of the daemon says why', 500);
  });
}
