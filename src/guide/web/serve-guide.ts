import type { AddressInfo } from 'node:net';
import { fastify, type FastifyInstance, type FastifyReply } from 'fastify';
import {
  eventStream,
  guardedServer,
  mark,
  refuseUnreadable,
  usualServerLimits,
  type ServerLimits,
  type StreamLimits,
} from '../../web/index.ts';
import type { Ending, Guide } from '../guide.ts';
import { GuideError } from '../errors.ts';
import { asked } from './asked.ts';
import { assets } from './assets.ts';
import { drawEnding, drawEntered, drawGuidePage, type Frame, type HostFacts } from './draw-page.ts';
import { entrance, startPath } from './entrance.ts';
import {
  failed,
  noSuchPage,
  notLetIn,
  notOurForm,
  tooLarge,
  tooManyWindows,
  usedByOther,
  usedByYou,
} from './refusals.ts';
import { saidOn, tokenName } from './said.ts';
import { trail } from './trail.ts';

/** How much a browser may ask, and how long the last page stays up for it. */
export type WebLimits = ServerLimits &
  StreamLimits & {
    readonly bodyBytesMax: number;
    /** The last page is served until it was seen, no longer than this. */
    readonly lingerMs: number;
  };

export const usualWebLimits: WebLimits = {
  ...usualServerLimits,
  connectionsMax: 32,
  // An answer is read at once, but what it sets in motion may take its time before the next page stands.
  idleTimeoutMs: 600_000,
  streamsMax: 16,
  heartbeatMs: 20_000,
  gatherMs: 100,
  retryMs: 2000,
  bodyBytesMax: 512 * 1024,
  lingerMs: 3000,
};

export type WebGuideFacts = {
  readonly host: HostFacts;
  /** Aborted by Ctrl-C in the terminal: the guide is asked to end, and the page says how it did. */
  readonly signal: AbortSignal;
  readonly limits?: Partial<WebLimits>;
};

export type WebGuide = AsyncDisposable & {
  /** The one-time address, for one browser: `http://127.0.0.1:40123/start/…`. */
  readonly url: string;
  /** Another one-time address; the browser that came in by it is then the only one. */
  readonly another: () => string;
  /** How the guide ended, when its last page was seen or nobody looked. Rejects where the guide failed in a way it did not expect. */
  readonly ended: Promise<Ending>;
};

/** The names under which this machine reaches itself; behind a tunnel the port may be another. */
const ownNames: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Shows a guide as web pages on 127.0.0.1, at a free port, to the one browser that opens the address first. The guide
 * does not notice whether anybody looks: windows may be closed and opened, and it goes on.
 *
 * @throws GuideError WEB_NOT_SERVED
 */
export async function serveGuide(guide: Guide, { host, signal, ...facts }: WebGuideFacts): Promise<WebGuide> {
  const limits: WebLimits = { ...usualWebLimits, ...facts.limits };
  const door = entrance();
  const question = asked(guide.page);
  const steps = trail();
  let walked = steps(guide.page);
  let over: Ending | undefined;
  let answering: Promise<void> = Promise.resolve();
  let underWay = Promise.withResolvers<void>();
  let drawMs = 0;
  const ended = Promise.withResolvers<Ending>();
  const seen = Promise.withResolvers<void>();
  const stream = eventStream(
    () => question.stamp,
    limits,
    () => drawMs,
  );
  const changed = (): void => {
    const { page: now } = guide;
    question.look(now);
    walked = steps(now);
    if (now.isBusy) underWay.resolve();
    stream.announce();
  };
  const stopFollowing = guide.onChange(changed);

  const frame = (): Frame => ({
    host,
    place: door.place,
    trail: walked,
    number: question.number,
    stamp: question.stamp,
  });
  const drawn = (isLate: boolean): string => {
    const began = performance.now();
    const text =
      over === undefined
        ? drawGuidePage(guide.page, { ...frame(), token: question.token(), isLate })
        : drawEnding(over, frame());
    drawMs = performance.now() - began;
    return text;
  };
  /** What was answered last is done, or failed, which its own answer tells, or is under way for all to see. */
  const settled = (): Promise<unknown> => Promise.race([Promise.allSettled([answering]), underWay.promise]);
  const goneIfSeen = (): void => {
    if (over !== undefined && lastPages > 0 && stream.size === 0) seen.resolve();
  };
  let lastPages = 0;

  const app = webServer(limits);
  addAssets(app);
  app.get<{ Params: { token: string } }>(`${startPath}:token`, (request, reply) => {
    if (door.isIn(request.headers.cookie)) return page(reply, 410, usedByYou(door.place));
    const result = door.exchange(request.params.token);
    switch (result.kind) {
      case 'entered':
        // Nothing may learn the address from where this page leads.
        return page(
          reply.header('set-cookie', result.cookies).header('referrer-policy', 'no-referrer'),
          200,
          drawEntered(door.place),
        );
      case 'used':
        return page(reply, 410, usedByOther());
      case 'unknown':
        return page(reply, 404, noSuchPage());
    }
  });
  app.addHook('onRequest', async (request, reply) => {
    // The route that was found: an address can be spelt in many ways. What leads nowhere tells nobody so.
    const { url = request.url } = request.routeOptions;
    const isBelow = url.startsWith(door.place) || request.url.startsWith(door.place);
    if (isBelow && !door.isIn(request.headers.cookie)) await page(reply, 403, notLetIn());
  });
  app.get(door.place, async (_, reply) => {
    await settled();
    if (over !== undefined)
      reply.raw.on('close', () => {
        lastPages += 1;
        goneIfSeen();
      });
    return page(reply, 200, drawn(false));
  });
  app.post(`${door.place}answer`, async (request, reply) => {
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    const token = form.get(tokenName) ?? '';
    await settled();
    const judged = question.judge(token);
    if (judged === 'foreign') return page(reply, 403, notOurForm(door.place));
    if (judged === 'repeated') return reply.redirect(door.place, 303);
    if (judged === 'outdated' || over !== undefined) return page(reply, 409, drawn(true));
    const said = saidOn(guide.page, form);
    if (said === undefined) return page(reply, 400, notOurForm(door.place));
    question.answered(token);
    underWay = Promise.withResolvers();
    answering = guide.submit(said).finally(changed);
    let isTold = false;
    answering.catch((error: unknown) => isTold && ended.reject(error));
    await Promise.race([answering, underWay.promise]);
    isTold = true;
    return reply.redirect(door.place, 303);
  });
  app.get(`${door.place}events`, (_, reply) => {
    if (!stream.open(reply.raw)) return page(reply, 503, tooManyWindows());
    reply.raw.on('close', goneIfSeen);
    return reply.hijack();
  });
  app.setNotFoundHandler((_, reply) => page(reply, 404, noSuchPage()));
  app.setErrorHandler((error: Error & { readonly statusCode?: number }, _, reply) => {
    const { statusCode = 500 } = error;
    if (statusCode >= 400 && statusCode < 500) return page(reply, statusCode, tooLarge(door.place));
    // Told here first: whoever hears of it ends the server.
    if (reply.raw.closed) ended.reject(error);
    else reply.raw.once('close', () => ended.reject(error));
    return page(reply, 500, failed(error));
  });

  const close = async (): Promise<void> => {
    stopFollowing();
    seen.resolve();
    stream.close();
    await app.close();
  };
  const end = (): void => void guide.end().catch(ended.reject);
  const closing = async (): Promise<Ending> => {
    try {
      return await ended.promise;
    } finally {
      signal.removeEventListener('abort', end);
      await close();
    }
  };
  try {
    await app.listen({ host: '127.0.0.1', port: 0 });
  } catch (cause) {
    await close();
    throw notServed(cause);
  }
  const { port } = app.server.address() as AddressInfo;
  const invite = (): string => `http://127.0.0.1:${port}${door.invite()}`;

  guide.ending.then(async (ending) => {
    over = ending;
    question.look(guide.page);
    stream.announce();
    if (door.isEntered) await withinMs(limits.lingerMs, seen.promise);
    ended.resolve(ending);
  }, ended.reject);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  return {
    url: invite(),
    another: invite,
    ended: closing(),
    [Symbol.asyncDispose]: close,
  };
}

function webServer(limits: WebLimits): FastifyInstance {
  const app = fastify({
    serverFactory: (handle) => guardedServer(handle, { names: () => ownNames, limits, takesForms: true }),
    clientErrorHandler: refuseUnreadable,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    bodyLimit: limits.bodyBytesMax,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) =>
    done(null, new URLSearchParams(String(body))),
  );
  return app;
}

function addAssets(app: FastifyInstance): void {
  for (const asset of [...Object.values(assets), mark])
    app.get(asset.path, (_, reply) =>
      reply.type(asset.type).header('cache-control', 'public, max-age=31536000, immutable').send(asset.text),
    );
}

function page(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(text);
}

/** `work`, waited for no longer than `ms`. */
async function withinMs(ms: number, work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  await Promise.race([work, late.promise]);
  clearTimeout(timer);
}

function notServed(cause: unknown): GuideError {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return new GuideError(
    'WEB_NOT_SERVED',
    `Cannot show the guide in a browser: 127.0.0.1 gave no port, ${reason}`,
    {
      hint: 'Start it without --web; the terminal shows the same pages.',
      details: { reason },
      cause,
    },
  );
}
