import { z } from 'zod';
import type { Asking } from './documents.ts';
import { readDocument } from './documents.ts';
import { failure } from './failures.ts';
import { shown } from './repository.ts';

/** Where things are in a v3 feed, in the order in which they are to be tried. */
export type ServiceIndex = {
  readonly version: string;
  /** Bases of the flat container, each ending in `/`. */
  readonly flat: readonly URL[];
  /** Where packages are put; undefined where the feed takes none. */
  readonly publish: URL | undefined;
};

const indexBytesMax = 4 << 20;
const flatMax = 3;
const flatTypes = ['PackageBaseAddress/Versioned', 'PackageBaseAddress/3.0.0'];
const publishTypes = ['PackagePublish/Versioned', 'PackagePublish/2.0.0'];

const OneOrMore = z.union([z.string(), z.array(z.string())]);
const Resource = z.object({ '@id': OneOrMore, '@type': OneOrMore });
const Index = z.object({ version: z.string().regex(/^3\.\d+\.\d+/), resources: z.array(z.unknown()) });

/**
 * Reads a v3 service index as the official client does: types are matched with their case, what has no absolute
 * address is passed over.
 *
 * @throws NugetError SOURCE_NOT_A_FEED, and those of asking
 */
export async function readServiceIndex(asking: Asking): Promise<ServiceIndex> {
  const { repository } = asking;
  const url = new URL(repository.url);
  const document = await readDocument(asking, url, indexBytesMax);
  const index = Index.safeParse(document).data;
  if (index === undefined) {
    const because = document === undefined ? 'there is nothing at' : 'what it has is no v3 service index:';
    throw failure(repository, {
      code: 'SOURCE_NOT_A_FEED',
      because: `${because} ${shown(url)}`,
      hint: 'Name the address that the NuGet client uses; it ends in /index.json.',
      details: { url: shown(url) },
    });
  }
  const found = index.resources.flatMap((each) => {
    const resource = Resource.safeParse(each).data;
    if (resource === undefined) return [];
    const [id = ''] = [resource['@id']].flat();
    return URL.canParse(id) && /^https?:/i.test(id)
      ? [{ url: new URL(id), types: [resource['@type']].flat() }]
      : [];
  });
  const ofTypes = (types: readonly string[]): URL[] =>
    types.flatMap((type) => found.flatMap((each) => (each.types.includes(type) ? [each.url] : [])));
  return {
    version: index.version,
    flat: ofTypes(flatTypes).slice(0, flatMax).map(asFolder),
    publish: ofTypes(publishTypes)[0],
  };
}

function asFolder(url: URL): URL {
  const folder = new URL(url);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  return folder;
}
