import type { SourceOptions } from '../source/source.ts';
import type { Repository } from '../source/repository.ts';
import { packageAtHand, type Pushed } from './package-at-hand.ts';
import { pushToFolder } from './push-to-folder.ts';

/**
 * Gives a package to a repository, once: the same content there is as good as having put it there. Nothing is ever
 * replaced. The file must have the content that was verified; its signature is not looked at again.
 *
 * @throws NugetError SOURCE_CONTENT_DIFFERS where it has other content of that name, and what keeps it from being given
 */
export async function pushPackage(
  repository: Repository,
  { path, contentDigest }: { readonly path: string; readonly contentDigest: string },
  options: SourceOptions,
): Promise<Pushed> {
  const given = await packageAtHand(repository, path, contentDigest, options);
  if (repository.kind === 'folder') return pushToFolder(repository, given, options);
  // Loaded when it is needed: most commands never speak HTTP.
  const [{ openAsking }, { pushToFeed }] = await Promise.all([
    import('../source/feed-source.ts'),
    import('./push-to-feed.ts'),
  ]);
  const asking = openAsking(repository, options);
  using _connections = asking.connections;
  return await pushToFeed(asking, given);
}
