import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { arrayInPieces } from '../json-in-pieces.ts';
import type { FleetChoice, FleetWish } from '../projections/index.ts';
import { assets } from './assets.ts';
import type { EventStream } from '../web/index.ts';
import { feedPath, type FeedHandler } from './feed/feed-handler.ts';
import { linksMeasured, metricsText } from './metrics.ts';
import { deploymentPage, linkPage, refusalPage, statusPage, type PageFacts } from './page.ts';
import type { Snapshot } from './snapshot.ts';
import type { StatusSource } from './source.ts';

type Query = { readonly [name in 'find' | 'page' | 'limit' | 'after' | 'behind']?: unknown };

export type RouteFacts = {
  readonly source: StatusSource;
  readonly snapshot: Snapshot;
  readonly stream: EventStream;
  readonly feed: FeedHandler | undefined;
  /** Where this server is reached, such as `http://127.0.0.1:7420`. */
  readonly address: () => string;
};

/** Every address there is, besides those of the package feed. Nothing is served by a name taken from a request; what is not here is a 404. */
export function addRoutes(
  app: FastifyInstance,
  { source, snapshot, stream, feed, address }: RouteFacts,
): void {
  const facts = (choice?: FleetChoice): PageFacts => ({
    stamp: snapshot.stamp(),
    view: snapshot.page(choice),
    readiness: source.readiness(),
    feed: feed && (feed.url ?? `${address()}${feedPath}index.json`),
  });

  app.get<{ Querystring: Query }>('/', ({ query }, reply) => {
    const choice = { find: textOf(query['find']), page: numberOf(query['page']) ?? 1 };
    return page(reply, statusPage(facts(choice), choice));
  });
  app.get<{ Params: { id: string } }>('/deployments/:id', (request, reply) => {
    const deployment = source.deployment(request.params.id);
    return deployment === undefined
      ? noPage(reply, 'There is no such deployment')
      : page(reply, deploymentPage(facts(), deployment, source.log(deployment.id)));
  });
  app.get<{ Params: { id: string } }>('/deployments/:id/log.txt', (request, reply) => {
    const log = source.log(request.params.id);
    return log === undefined
      ? noPage(reply, 'There is no log of such a deployment here')
      : reply.type('text/plain; charset=utf-8').send(log);
  });
  app.get<{ Params: { name: string } }>('/links/:name', (request, reply) => {
    const found = source.link(request.params.name);
    return found === undefined
      ? noPage(reply, 'There is no such link')
      : page(reply, linkPage(facts(), found.link, found.lines));
  });

  app.get('/api/status.json', (_, reply) => inPieces(reply, source.status()));
  app.get<{ Querystring: Query }>('/api/fleet.json', ({ query }, reply) => {
    const wish = fleetWishOf(query);
    if (wish === undefined) return noPage(reply, 'limit and behind are whole numbers, after is a name', 400);
    return inPieces(reply, arrayInPieces(source.fleet(wish)).pieces);
  });
  app.get('/api/offers.json', () => snapshot.page().offers);
  app.get('/api/deployments.json', () => snapshot.page().deployments);
  app.get<{ Params: { id: string } }>('/api/deployments/:id.json', (request, reply) => {
    const deployment = source.deployment(request.params.id);
    return deployment ?? noPage(reply, 'There is no such deployment');
  });
  app.get('/api/outbound.json', () => snapshot.page().outbound);
  app.get('/api/log.json', (_, reply) => inPieces(reply, source.ledger()));

  app.get('/events', { exposeHeadRoute: false }, (_, reply) => {
    if (stream.open(reply.raw)) return reply.hijack();
    return reply.code(503).header('retry-after', '15').send({ error: 'Too many live pages are open' });
  });
  app.head('/events', (_, reply) => reply.type('text/event-stream; charset=utf-8').send());

  app.get('/healthz', () => ({ alive: true }));
  app.get('/readyz', (_, reply) => {
    const readiness = source.readiness();
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
  app.get('/metrics', async (_, reply) => {
    const measured = {
      view: snapshot.page(),
      series: source.series(linksMeasured),
      readiness: source.readiness(),
      counters: source.counters(),
      listeners: stream.size,
    };
    const { text, contentType } = await metricsText(measured);
    return reply.type(contentType).send(text);
  });

  for (const asset of Object.values(assets))
    app.get(asset.path, (_, reply) =>
      reply.type(asset.type).header('cache-control', 'public, max-age=31536000, immutable').send(asset.text),
    );
}

/** Answers for an address that has nothing to show: to a program in JSON, to a person as a page. */
export function noPage(reply: FastifyReply, words: string, status = 404): FastifyReply {
  if (reply.request.url.startsWith('/api/')) return reply.code(status).send({ error: words });
  return page(reply.code(status), refusalPage(status, words));
}

/** A long document as it is made; what fails before its first piece is an answer of its own. */
function inPieces(reply: FastifyReply, pieces: Iterable<string>): FastifyReply {
  const iterator = pieces[Symbol.iterator]();
  const first = iterator.next();
  const all = function* (): Generator<string> {
    for (let next = first; next.done !== true; next = iterator.next()) yield next.value;
  };
  // No piece is made before the one before it has left.
  const stream = Readable.from(all(), { highWaterMark: 1 });
  return reply.type('application/json; charset=utf-8').send(stream);
}

function page(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(text);
}

/** A search typed by anybody: a text of a sensible length, else nothing. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 200) : '';
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : undefined;
}

/** `?limit=100&after=contoso&behind=1`: undefined where one of them is not what it must be. */
function fleetWishOf(query: Query): FleetWish | undefined {
  const { limit, after, behind } = query;
  const [limitGiven, behindGiven] = [numberOf(limit), numberOf(behind)];
  if (limit !== undefined && limitGiven === undefined) return undefined;
  if (behind !== undefined && behindGiven === undefined) return undefined;
  if (after !== undefined && typeof after !== 'string') return undefined;
  return {
    ...(limitGiven !== undefined && { limit: limitGiven }),
    ...(behindGiven !== undefined && { behind: behindGiven }),
    ...(after !== undefined && { after }),
  };
}
