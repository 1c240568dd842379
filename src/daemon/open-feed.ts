import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { FeedHandler, FeedServer } from '../http/index.ts';
import type { Instance } from '../instance/index.ts';
import type { Logger } from '../log.ts';
import { SettingsError } from '../settings/index.ts';
import { feedSource } from './feed-source.ts';
import { hostAndPort } from './host-and-port.ts';

/** The package feed of a daemon: what answers, for the status page's server too, and the server of its own. */
export type OpenFeed = AsyncDisposable & {
  /** Undefined where the settings say that nothing is served. */
  readonly handler: FeedHandler | undefined;
  /** Where the feed's own server listens, such as `https://0.0.0.0:7443`; undefined where it has none. */
  readonly address: string | undefined;
};

/**
 * Opens the feed as the settings say.
 *
 * @throws HttpError where it may not, or can't, be served so; SettingsError where a file they name can't be read
 */
export async function openFeed(instance: Instance, log: Logger): Promise<OpenFeed> {
  const { feed, 'allowed-hosts': names } = instance.settings;
  if (!feed.serve) return { handler: undefined, address: undefined, [Symbol.asyncDispose]: async () => {} };
  const { feedHandler, feedServer, readTokens } = await import('../http/index.ts');
  const read = (key: 'token-file' | 'certificate' | 'key'): string | undefined => readNamed(instance, key);
  const tokenText = read('token-file');
  const tokens = tokenText === undefined ? [] : readTokens(feed['token-file']!, tokenText);
  const source = feedSource(instance, log);
  const handler = feedHandler({ source, url: feed.url, tokens, log });
  let server: FeedServer | undefined;
  if (feed.listen !== undefined) {
    const [cert, key] = [read('certificate'), read('key')];
    const own = feed.url === undefined ? [] : [new URL(feed.url).hostname];
    server = await feedServer({
      listen: { ...hostAndPort(feed.listen), names: [...names, ...own] },
      feed: handler,
      tls: cert === undefined || key === undefined ? undefined : { cert, key },
      hasToken: tokens.length > 0,
      log,
    });
  }
  return {
    handler,
    address: server?.address,
    [Symbol.asyncDispose]: async () => server?.[Symbol.asyncDispose](),
  };
}

/** The text of the file that a setting names, relative to the data folder; undefined where it names none. */
function readNamed(
  { settings, folder }: Instance,
  key: 'token-file' | 'certificate' | 'key',
): string | undefined {
  const name = settings.feed[key];
  if (name === undefined) return undefined;
  try {
    return readFileSync(resolve(folder.root, name), 'utf8');
  } catch (cause) {
    const because = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new SettingsError(`Cannot read ${name}, which [feed] ${key} names: ${because}`, {
      hint: 'Put the file there, readable for the account that runs crossgap; a relative path begins in the data folder.',
      details: { setting: `feed.${key}`, file: name },
      cause,
    });
  }
}
