import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { Logger } from '../../log.ts';
import { HttpError } from '../errors.ts';
import { guardedServer, refuseUnreadable, usualServerLimits, type TlsFacts } from '../../web/index.ts';
import {
  answeredNames,
  authority,
  isLoopback,
  listenError,
  resolvedAddress,
  type Listen,
} from '../listen.ts';
import type { FeedHandler } from './feed-handler.ts';

export type FeedServerFacts = {
  readonly listen: Listen;
  readonly feed: FeedHandler;
  readonly tls?: TlsFacts | undefined;
  /** Whether the feed asks for a token. */
  readonly hasToken: boolean;
  readonly log: Logger;
};

export interface FeedServer extends AsyncDisposable {
  /** `https://0.0.0.0:7443`, with the port that was really bound. */
  readonly address: string;
}

/** Restoring opens many connections at once, and a whole company may restore at once. */
const limits = { ...usualServerLimits, connectionsMax: 1024 };

/**
 * Serves the package feed and nothing else, where other machines reach it. Off the loopback interface it needs a token,
 * since anybody could ask, and TLS, since the token travels with each request.
 *
 * Errors: FEED_UNPROTECTED, FEED_CERTIFICATE_UNUSABLE, PORT_IN_USE, LISTEN_FAILED.
 */
export async function feedServer({
  feed,
  tls,
  hasToken,
  log,
  ...facts
}: FeedServerFacts): Promise<FeedServer> {
  const listen = { saidWith: '[feed] listen', ...facts.listen };
  const host = await resolvedAddress(listen);
  if (!isLoopback(host)) refuseUnprotected(listen, { 'a token': hasToken, TLS: tls !== undefined });
  if (tls !== undefined) refuseUnusable(tls);
  const known = answeredNames(listen, host);
  const names = ({ socket }: IncomingMessage): ReadonlySet<string> => {
    // No name leads a browser here by the address itself, so that of this very connection is as good as a name.
    const own = (socket.localAddress ?? '').replace(/^::ffff:/, '');
    return known.has(own) ? known : new Set([...known, isIPv6(own) ? `[${own}]` : own]);
  };
  const server = guardedServer((request, response) => void feed.answer(request, response), {
    names,
    limits,
    ...(tls && { tls }),
  });
  server.on('clientError', refuseUnreadable);
  server.on('tlsClientError', (error) => log.debug({ err: error }, 'a client and the feed found no TLS'));
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(listen.port, host, resolve);
    });
  } catch (error) {
    throw listenError(listen, error);
  }
  const { port } = server.address() as AddressInfo;
  const address = `${tls ? 'https' : 'http'}://${authority(host, port)}`;
  log.info({ address }, 'package feed is up');
  return {
    address,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuseUnprotected(listen: Listen, has: Readonly<Record<string, boolean>>): void {
  const missing = Object.keys(has).filter((each) => has[each] !== true);
  if (missing.length === 0) return;
  const where = authority(listen.host, listen.port);
  throw new HttpError(
    'FEED_UNPROTECTED',
    `Cannot serve packages on ${where}: other machines can reach it, and the feed has no ${missing.map((each) => each.replace(/^a /, '')).join(' and no ')}`,
    {
      hint: 'Set token-file, certificate and key under [feed], or listen on 127.0.0.1; NuGet refuses feeds without TLS by itself (NU1302).',
      details: { host: listen.host, port: listen.port, missing },
    },
  );
}

function refuseUnusable(tls: TlsFacts): void {
  try {
    // OpenSSL takes no key for no fault, and would tell it to each client instead.
    if (!new X509Certificate(tls.cert).checkPrivateKey(createPrivateKey(tls.key)))
      throw new TypeError('the key is that of another certificate');
    createSecureContext(tls);
  } catch (cause) {
    const because = cause instanceof Error ? cause.message : String(cause);
    throw new HttpError(
      'FEED_CERTIFICATE_UNUSABLE',
      `Cannot serve packages by TLS: certificate and key are not a pair that can be used (${because})`,
      {
        hint: 'Give a PEM file with the certificate and those above it, and one with its key, not encrypted.',
        details: { because },
        cause,
      },
    );
  }
}
