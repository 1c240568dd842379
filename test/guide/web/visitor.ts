import { request, type IncomingHttpHeaders } from 'node:http';
import { serveGuide, type WebGuide, type WebLimits } from '../../../src/guide/web/index.ts';
import type { Guide } from '../../../src/guide/index.ts';

export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
};

type Asking = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Where a form is sent, if not where its page says. */
  readonly path?: string;
};

/** One request as it is said, without anything that a browser would add. */
export function ask(
  origin: string,
  path: string,
  { method = 'GET', headers, body }: Asking = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const asked = request(origin + path, { method, headers: { ...headers }, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: Buffer.concat(chunks).toString(),
      }),
    );
  });
  asked.on('error', reject);
  asked.end(body);
  return promise;
}

/** A browser without scripts that opened the one-time address: it keeps the cookie and fills in forms. */
export type Visitor = {
  readonly origin: string;
  /** Below which path the guide is, as the page that let it in said. */
  readonly place: string;
  readonly cookie: string;
  readonly look: () => Promise<Answer>;
  /** Sends the form of `page`; fields by their place. */
  readonly send: (
    page: Answer,
    action: string,
    fields?: Readonly<Record<string, string>>,
    more?: Asking,
  ) => Promise<Answer>;
};

export async function enter(url: string): Promise<Visitor> {
  const { origin, pathname } = new URL(url);
  const entered = await ask(origin, pathname);
  const cookie = entered.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  const place = /url=(\/[^"]+)"/.exec(entered.text)?.[1] ?? '/not-entered/';
  return {
    origin,
    place,
    cookie,
    look: () => ask(origin, place, { headers: { cookie } }),
    send: (page, action, fields = {}, more = {}) =>
      ask(origin, more.path ?? `${place}answer`, {
        method: 'POST',
        body: String(new URLSearchParams({ form: tokenIn(page), ...fields, action })),
        ...more,
        headers: {
          cookie,
          origin,
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': String(
            Buffer.byteLength(
              more.body ?? String(new URLSearchParams({ form: tokenIn(page), ...fields, action })),
            ),
          ),
          ...more.headers,
        },
      }),
  };
}

export function tokenIn({ text }: Answer): string {
  return /name="form" value="([^"]+)"/.exec(text)?.[1] ?? 'none';
}

/** A page as a person reads it: no markup, single spaces. */
export const wordsOf = ({ text }: Answer): string =>
  text
    .replace(/<head>[^]*<\/head>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');

export const host = { what: 'orders-3.2.0-installer', machine: 'plant-7', account: 'operator' };

/** A guide in the browser, with limits that let nobody wait. */
export function shown(
  guide: Guide,
  limits: Partial<WebLimits> = {},
  signal = new AbortController().signal,
): Promise<WebGuide> {
  return serveGuide(guide, { host, signal, limits: { gatherMs: 5, retryMs: 20, lingerMs: 50, ...limits } });
}
