import type { FileHandle } from 'node:fs/promises';
import {
  autocompleteAnswer,
  feedAddresses,
  hives,
  readSearchQuery,
  registrationIndex,
  registrationLeaf,
  registrationPage,
  searchAnswer,
  serviceIndex,
  versionList,
  type FeedShelf,
  type Hive,
  type ServedPackage,
} from '../../nuget/index.ts';
import type { FeedSource } from './feed-source.ts';
import { documentCache, rendered, renderedJson, type Rendered } from './rendered.ts';

/** What lies at an address: a document, or a package with its file, which whoever gets it closes. */
export type FeedFound =
  | { readonly document: Rendered; readonly isGzipRule?: boolean }
  | { readonly package: ServedPackage; readonly file: FileHandle };

/**
 * Finds what lies at an address of the feed: `path` is what comes after the folder of the service index, percent signs
 * and all, `base` that folder as the client knows it. Undefined where nothing does.
 */
export function feedRoutes(source: FeedSource) {
  const cached = documentCache();
  const json = (document: object | undefined): FeedFound | undefined =>
    document && { document: renderedJson(document) };

  const kept = async (key: string, make: () => object): Promise<FeedFound | undefined> => {
    const document = await cached(source.shelf(), key, () => Promise.resolve(make()));
    return document && { document };
  };

  const flat = async ([id, version, file, ...more]: readonly string[]): Promise<FeedFound | undefined> => {
    const shelf = source.shelf();
    const known = shelf.find(id ?? '');
    if (known === undefined || more.length > 0) return undefined;
    if (file === undefined)
      return version === 'index.json' ? kept(`flat\n${known.key}`, () => versionList(known)) : undefined;
    const each = shelf.findPackage(known.id, version ?? '');
    if (each === undefined) return undefined;
    if (file === `${known.key}.nuspec`) {
      const bytes = await source.nuspecBytes(each);
      return bytes && { document: rendered('application/xml', Buffer.from(bytes)) };
    }
    const named =
      file.startsWith(`${known.key}.`) && /^(.+)\.nupkg$/.exec(file.slice(known.key.length + 1))?.[1];
    if (named === false || named === undefined || shelf.findPackage(known.id, named) !== each)
      return undefined;
    const opened = await source.open(each);
    return opened && { package: each, file: opened };
  };

  const registration = async (
    hive: Hive,
    [id, ...rest]: readonly string[],
    base: string,
  ): Promise<FeedFound | undefined> => {
    const shelf = source.shelf();
    const known = shelf.find(id ?? '');
    if (known === undefined) return undefined;
    const facts = { at: feedAddresses(base), hive, id: known, describe: source.describe };
    const key = [base, hive, known.key, ...rest].join('\n');
    const document = await cached(shelf, key, () => registrationDocument(shelf, facts, rest));
    return document && { document, isGzipRule: hives[hive].isCompressed };
  };

  return async (path: string, query: URLSearchParams, base: string): Promise<FeedFound | undefined> => {
    const [part = '', ...rest] = segmentsOf(path);
    if (isHive(part)) return registration(part, rest, base);
    const at = feedAddresses(base);
    switch (part) {
      case 'flat':
        return flat(rest);
      case 'index.json':
        return rest.length === 0 ? kept(`index\n${base}`, () => serviceIndex(at)) : undefined;
      case 'query': {
        if (rest.length > 0) return undefined;
        const facts = { at, describe: source.describe };
        return json(await searchAnswer(source.shelf(), facts, readSearchQuery(query)));
      }
      case 'autocomplete': {
        if (rest.length > 0) return undefined;
        const [asked, id] = [readSearchQuery(query), query.get('id')?.trim()];
        return json(await autocompleteAnswer(source.shelf(), source.describe, asked, id));
      }
      default:
        return undefined;
    }
  };
}

type RegistrationOf = Parameters<typeof registrationIndex>[0];

async function registrationDocument(
  shelf: FeedShelf,
  facts: RegistrationOf,
  [first = '', ...rest]: readonly string[],
): Promise<object | undefined> {
  if (first === 'page') {
    const [lower = '', upper = '', more] = rest;
    return more === undefined && upper.endsWith('.json')
      ? registrationPage(facts, lower, upper.slice(0, -'.json'.length))
      : undefined;
  }
  if (rest.length > 0) return undefined;
  if (first === 'index.json') return registrationIndex(facts);
  const each = first.endsWith('.json')
    ? shelf.findPackage(facts.id.id, first.slice(0, -'.json'.length))
    : undefined;
  return each && registrationLeaf(facts, each);
}

function isHive(part: string): part is Hive {
  return Object.hasOwn(hives, part);
}

/** The parts of a path, decoded and in lower case; none where one can't be decoded. */
function segmentsOf(path: string): string[] {
  try {
    return path.split('/').map((segment) => decodeURIComponent(segment).toLowerCase());
  } catch {
    return [];
  }
}
