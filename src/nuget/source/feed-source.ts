import { openConnections } from './connections.ts';
import type { Asking } from './documents.ts';
import { failure } from './failures.ts';
import { fetchFromFeed } from './http-source.ts';
import { usualPatience } from './patience.ts';
import { isServiceIndex, shown, type HttpRepository } from './repository.ts';
import { readServiceIndex, type ServiceIndex } from './service-index.ts';
import type { Source, SourceOptions } from './source.ts';

/** Opens an HTTP repository to read from; its service index is read once, when it is first needed. */
export function openFeedSource(repository: HttpRepository, options: SourceOptions): Source {
  const asking = openAsking(repository, options);
  let known: Promise<ServiceIndex> | undefined;
  const index = (): Promise<ServiceIndex> => {
    known ??= readIndex(asking);
    return known;
  };
  return {
    name: repository.name,
    async fetch(name, target) {
      return fetchFromFeed(asking, await index(), name, target);
    },
    async look() {
      if (!isServiceIndex(repository.url))
        return { what: `address to push to ${shown(new URL(repository.url))}, not tried`, takesPushes: true };
      const { version, flat, publish } = await index();
      const reading = flat.length > 0 ? '' : ', which names no place to read packages from';
      const where = shown(new URL(repository.url));
      return { what: `NuGet feed ${version} at ${where}${reading}`, takesPushes: publish !== undefined };
    },
    [Symbol.dispose]: () => asking.connections[Symbol.dispose](),
  };
}

/** Everything that is needed to ask an HTTP repository something; its connections are to be disposed of. */
export function openAsking(
  repository: HttpRepository,
  { signal, patience = usualPatience, now = Date.now, limits, onAgain }: SourceOptions,
): Asking {
  return { repository, connections: openConnections(repository), patience, signal, now, limits, onAgain };
}

async function readIndex(asking: Asking): Promise<ServiceIndex> {
  const { repository } = asking;
  if (isServiceIndex(repository.url)) return readServiceIndex(asking);
  throw failure(repository, {
    code: 'SOURCE_NOT_A_FEED',
    because: `${shown(new URL(repository.url))} is no v3 service index, whose address ends in .json`,
    hint: 'Packages can be pushed to such an address, and not read from it: name the one that ends in /index.json, or write `fetch = false`.',
  });
}
