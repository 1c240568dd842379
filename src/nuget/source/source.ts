import { failure } from './failures.ts';
import { openConnections } from './connections.ts';
import type { Asking } from './documents.ts';
import { fetchFromFolder, lookIntoFolder } from './folder-source.ts';
import { fetchFromFeed } from './http-source.ts';
import { usualPatience, type Patience } from './patience.ts';
import type { Target } from './receive-file.ts';
import { isServiceIndex, type HttpRepository, type PackageName, type Repository } from './repository.ts';
import { readServiceIndex, type ServiceIndex } from './service-index.ts';

/** A repository that packages are read from. */
export type Source = Disposable & {
  readonly name: string;
  /** Copies the file under this id and version to `target`; false where there is none. @throws NugetError */
  fetch(name: PackageName, target: Target): Promise<boolean>;
  /** Looks whether it can be used, and tells what it is. @throws NugetError */
  look(): Promise<{ readonly what: string; readonly takesPushes: boolean }>;
};

export type SourceOptions = {
  readonly signal: AbortSignal;
  readonly patience?: Patience;
  readonly now?: () => number;
};

/** Opens a repository to read from; its service index is read once, when it is first needed. */
export function openSource(repository: Repository, options: SourceOptions): Source {
  const { signal } = options;
  if (repository.kind === 'folder')
    return {
      name: repository.name,
      fetch: (name, target) => fetchFromFolder(repository, name, target, signal),
      async look() {
        await lookIntoFolder(repository);
        return { what: `folder ${repository.folder}`, takesPushes: true };
      },
      [Symbol.dispose]() {},
    };
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
      const { version, flat, publish } = await index();
      const reading = flat.length > 0 ? '' : ', which names no place to read packages from';
      return {
        what: `NuGet feed ${version} at ${repository.url}${reading}`,
        takesPushes: publish !== undefined,
      };
    },
    [Symbol.dispose]: () => asking.connections[Symbol.dispose](),
  };
}

/** Everything that is needed to ask an HTTP repository something; its connections are to be disposed of. */
export function openAsking(
  repository: HttpRepository,
  { signal, patience = usualPatience, now = Date.now }: SourceOptions,
): Asking {
  return { repository, connections: openConnections(repository), patience, signal, now };
}

async function readIndex(asking: Asking): Promise<ServiceIndex> {
  const { repository } = asking;
  if (isServiceIndex(repository.url)) return readServiceIndex(asking);
  throw failure(repository, {
    code: 'SOURCE_NOT_A_FEED',
    because: `${repository.url} is no v3 service index, whose address ends in .json`,
    hint: 'Packages can be pushed to such an address, and not read from it: name the one that ends in /index.json.',
  });
}
