import { fullVersionText, isSemVer2, type Nuspec } from '../../packages/index.ts';
import type { Addresses, Hive } from './addresses.ts';
import { isSemVer2Package, type Describe, type DescribedPackage } from './described.ts';
import { keyOf, type FeedShelf, type ServedId, type ServedPackage } from './feed-shelf.ts';

/** What a client looks for, as its query says it. */
export type SearchQuery = {
  /** Words, all of which must be found; `id:`, `packageid:`, `tags:` and `author:` say where. */
  readonly q: string;
  readonly skip: number;
  readonly take: number;
  readonly hasPreRelease: boolean;
  readonly hasSemVer2: boolean;
  readonly packageType?: string;
};

type Found = {
  readonly id: ServedId;
  readonly versions: readonly ServedPackage[];
  readonly newest: DescribedPackage;
};

const takeUsual = 20;
const takeMax = 1000;

/** Reads a query; what it doesn't say, or says wrongly, is as usual: twenty stable packages that older clients know. */
export function readSearchQuery(query: URLSearchParams): SearchQuery {
  const said = (name: string): string => query.get(name)?.trim() ?? '';
  const amount = (name: string, usual: number): number =>
    /^\d{1,9}$/.test(said(name)) ? Number(said(name)) : usual;
  return {
    q: said('q'),
    skip: amount('skip', 0),
    take: Math.min(amount('take', takeUsual), takeMax),
    hasPreRelease: said('prerelease').toLowerCase() === 'true',
    hasSemVer2: said('semVerLevel').startsWith('2.'),
    ...(said('packageType') !== '' && { packageType: said('packageType') }),
  };
}

/** Listed packages that fit, grouped by id: the best match first, those alike by id. */
export async function searchAnswer(
  shelf: FeedShelf,
  { at, describe }: { readonly at: Addresses; readonly describe: Describe },
  query: SearchQuery,
): Promise<object> {
  const found = await findPackages(shelf, describe, query);
  const hive = query.hasSemVer2 ? 'reg-semver2' : 'reg-gz';
  return {
    totalHits: found.length,
    data: found.slice(query.skip, query.skip + query.take).map((each) => hit(at, hive, each)),
  };
}

/** Ids that fit `q`, or for `id` its listed versions. */
export async function autocompleteAnswer(
  shelf: FeedShelf,
  describe: Describe,
  query: SearchQuery,
  id: string | undefined,
): Promise<object> {
  if (id !== undefined) {
    const known = shelf.find(id);
    const versions = known === undefined ? [] : await fitting(known, describe, query);
    return { totalHits: versions.length, data: versions.map(({ version }) => fullVersionText(version)) };
  }
  const terms = query.q === '' ? [] : query.q.toLowerCase().split(/\s+/);
  const found: string[] = [];
  for (const each of shelf.ids) {
    if (!terms.every((term) => each.key.includes(term))) continue;
    if ((await fitting(each, describe, query)).length > 0) found.push(each.id);
  }
  const first = found.toSorted((a, b) => idRank(keyOf(a), terms) - idRank(keyOf(b), terms));
  return { totalHits: found.length, data: first.slice(query.skip, query.skip + query.take) };
}

async function findPackages(shelf: FeedShelf, describe: Describe, query: SearchQuery): Promise<Found[]> {
  const terms = query.q === '' ? [] : query.q.toLowerCase().split(/\s+/);
  const ranked: { readonly found: Found; readonly rank: number }[] = [];
  for (const id of shelf.ids) {
    const versions = await fitting(id, describe, query);
    const [newest] = versions.slice(-1);
    const nuspec = newest && (await describe(newest));
    if (newest === undefined || nuspec === undefined) continue;
    if (!hasPackageType(nuspec, query.packageType)) continue;
    if (!terms.every((term) => fits(term, id.key, nuspec))) continue;
    ranked.push({ found: { id, versions, newest: { ...newest, nuspec } }, rank: idRank(id.key, terms) });
  }
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ found }) => found);
}

/** The listed versions that this client may hear of. Only where the version itself doesn't tell is the package asked. */
async function fitting(
  { versions }: ServedId,
  describe: Describe,
  { hasPreRelease, hasSemVer2 }: SearchQuery,
): Promise<ServedPackage[]> {
  const listed = versions.filter(
    ({ isListed, version }) => isListed && (hasPreRelease || version.labels.length === 0),
  );
  if (hasSemVer2) return listed;
  const found: ServedPackage[] = [];
  for (const each of listed) {
    if (isSemVer2(each.version)) continue;
    const nuspec = await describe(each);
    if (nuspec !== undefined && !isSemVer2Package({ ...each, nuspec })) found.push(each);
  }
  return found;
}

function hasPackageType({ packageTypes }: Nuspec, wanted: string | undefined): boolean {
  return wanted === undefined || packageTypes.some(({ name }) => name.toLowerCase() === wanted.toLowerCase());
}

function fits(term: string, key: string, nuspec: Nuspec): boolean {
  const { field, word = term } =
    /^(?<field>id|packageid|tags?|authors?|title|description):(?<word>.*)$/.exec(term)?.groups ?? {};
  const inText = (text: string | undefined): boolean => text?.toLowerCase().includes(word) ?? false;
  const inTags = nuspec.tags.some((tag) => tag.toLowerCase() === word);
  switch (field) {
    case 'packageid':
      return key === word;
    case 'id':
      return key.includes(word);
    case 'tag':
    case 'tags':
      return inTags;
    case 'author':
    case 'authors':
      return inText(nuspec.authors);
    case 'title':
      return inText(nuspec.title);
    case 'description':
      return inText(nuspec.description);
    default:
      return key.includes(word) || inTags || [nuspec.title, nuspec.description, nuspec.summary].some(inText);
  }
}

/** An id that is what was typed comes first, then one that begins with it, then one that holds it. */
function idRank(key: string, terms: readonly string[]): number {
  const typed = terms.join(' ').replace(/^(?:package)?id:/, '');
  return typed === '' || key === typed ? 0 : key.startsWith(typed) ? 1 : key.includes(typed) ? 2 : 3;
}

function hit(at: Addresses, hive: Hive, { id, versions, newest }: Found): object {
  const { nuspec } = newest;
  const registration = at.registration(hive, id);
  return {
    '@id': registration,
    '@type': 'Package',
    registration,
    id: nuspec.id,
    version: fullVersionText(newest.version),
    title: nuspec.title ?? nuspec.id,
    description: nuspec.description ?? '',
    summary: nuspec.summary,
    authors: nuspec.authors === undefined ? [] : nuspec.authors.split(/\s*,\s*/),
    owners: [],
    tags: nuspec.tags,
    projectUrl: nuspec.projectUrl,
    iconUrl: nuspec.iconUrl,
    licenseUrl: nuspec.licenseUrl,
    totalDownloads: 0,
    verified: false,
    packageTypes: nuspec.packageTypes.map(({ name }) => ({ name })),
    versions: versions.map((each) => ({
      '@id': at.leaf(hive, each),
      version: fullVersionText(each.version),
      downloads: 0,
    })),
  };
}
