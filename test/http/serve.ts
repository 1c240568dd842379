import { silentLog } from '../../src/log.ts';
import { statusServer, type HttpLimits, type StatusServer } from '../../src/http/index.ts';
import type { FeedHandler, StatusSource } from '../../src/http/index.ts';
import { now } from './example-views.ts';

/** A status server on loopback, on a free port unless one is given, with a clock that stands at the moment of the examples. */
export function serve(
  source: StatusSource,
  facts: {
    readonly limits?: Partial<HttpLimits>;
    readonly names?: readonly string[];
    readonly port?: number;
    readonly feed?: FeedHandler;
  } = {},
): Promise<StatusServer> {
  return statusServer({
    source,
    listen: {
      host: '127.0.0.1',
      port: facts.port ?? 0,
      ...(facts.names === undefined ? {} : { names: facts.names }),
    },
    log: silentLog(),
    clock: { now: () => Date.parse(now) },
    feed: facts.feed,
    ...(facts.limits === undefined ? {} : { limits: facts.limits }),
  });
}
