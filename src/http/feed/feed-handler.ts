import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Logger } from '../../log.ts';
import type { FeedSource } from './feed-source.ts';
import { feedRoutes } from './feed-routes.ts';
import { sendDocument, sendPackage, sendRefusal } from './send.ts';
import { tokenGate } from './tokens.ts';

export type FeedFacts = {
  readonly source: FeedSource;
  /** Under which the feed is reached from outside, such as `https://packages.contoso.example`; without it, the host each client uses. */
  readonly url?: string | undefined;
  /** Any of them is good as password; none: everybody who reaches the feed may read it. */
  readonly tokens: readonly string[];
  readonly log: Logger;
};

/** The package feed, whatever server it is part of. */
export type FeedHandler = {
  /** The service index as clients reach it from outside, where the settings say so. */
  readonly url: string | undefined;
  /** Answers a GET or HEAD below `/nuget/` that has passed the door. Never throws: what goes wrong costs one answer. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
};

/** Below it lies everything the feed has. */
export const feedPath = '/nuget/v3/';

export function feedHandler({ source, url, tokens, log }: FeedFacts): FeedHandler {
  const isOpenFor = tokenGate(tokens);
  const documentAt = feedRoutes(source);

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!isOpenFor(request.headers.authorization)) {
      response.setHeader('www-authenticate', 'Basic realm="crossgap packages", charset="UTF-8"');
      sendRefusal(request, response, 401, 'This feed wants its token as the password, with any user name');
      return;
    }
    const target = request.url ?? '';
    const [path = ''] = target.split('?', 1);
    const query = target.slice(path.length + 1);
    const found = path.toLowerCase().startsWith(feedPath)
      ? await documentAt(path.slice(feedPath.length), new URLSearchParams(query), baseOf(request, url))
      : undefined;
    if (found === undefined) sendRefusal(request, response, 404, 'There is no such thing in this feed');
    else if ('document' in found) await sendDocument(request, response, found.document, found.isGzipRule);
    else await sendPackage(request, response, found.package, found.file);
  };

  return {
    url: url === undefined ? undefined : `${folderOf(url)}index.json`,
    async answer(request, response) {
      try {
        await answer(request, response);
      } catch (error) {
        if (response.destroyed || isClientGone(error)) return;
        log.error({ err: error, target: request.url }, 'feed answer failed');
        if (response.headersSent) response.destroy();
        else
          sendRefusal(
            request,
            response,
            500,
            'This could not be read just now; the log of the daemon says why',
          );
      }
    },
  };
}

/** The folder of the service index as the client reaches it. The host was compared at the door. */
function baseOf({ headers, socket }: IncomingMessage, url: string | undefined): string {
  if (url !== undefined) return folderOf(url);
  const scheme = socket instanceof TLSSocket ? 'https' : 'http';
  return `${scheme}://${headers.host?.toLowerCase() ?? ''}${feedPath}`;
}

/** The folder of the service index below the address that the settings give. */
const folderOf = (url: string): string => `${url.replace(/\/+$/, '')}${feedPath}`;

function isClientGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE';
}
