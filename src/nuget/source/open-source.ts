import { fetchFromFolder, lookIntoFolder } from './folder-source.ts';
import type { Repository } from './repository.ts';
import type { Source, SourceOptions } from './source.ts';

/** Opens a repository to read from. What speaks HTTP is loaded when it is first asked something: most commands never do. */
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
  let opened: Promise<Source> | undefined;
  const open = async (): Promise<Source> => {
    const { openFeedSource } = await import('./feed-source.ts');
    return openFeedSource(repository, options);
  };
  const feed = (): Promise<Source> => (opened ??= open());
  return {
    name: repository.name,
    fetch: async (name, target) => (await feed()).fetch(name, target),
    look: async () => (await feed()).look(),
    [Symbol.dispose]: () => void opened?.then((source) => source[Symbol.dispose]()),
  };
}
